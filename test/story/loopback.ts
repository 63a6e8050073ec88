import { tellCommands } from './commands.ts';
import { openLoopback } from './loopback-server.ts';

tellCommands(openLoopback);
