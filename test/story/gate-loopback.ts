import { tellGate } from './gate.ts';
import { openLoopback } from './loopback-server.ts';

tellGate(openLoopback);
