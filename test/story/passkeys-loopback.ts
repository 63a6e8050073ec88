import { openLoopback } from './loopback-server.ts';
import { tellPasskeys } from './passkeys.ts';

tellPasskeys(openLoopback);
