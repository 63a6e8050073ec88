import { openLoopback } from '../story/loopback-server.ts';
import { tellIdentities } from '../support/identity-story.ts';

tellIdentities(openLoopback);
