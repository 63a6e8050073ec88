import { tellVerification } from '../support/verification-story.ts';
import { openSynapsePlace } from './place.ts';

tellVerification(openSynapsePlace);
