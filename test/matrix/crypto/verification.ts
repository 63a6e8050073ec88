import { openLoopback } from '../../story/loopback-server.ts';
import { tellVerification } from '../../support/verification-story.ts';

tellVerification(openLoopback);
