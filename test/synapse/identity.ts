import { tellIdentities } from '../support/identity-story.ts';
import { openSynapsePlace } from './place.ts';

tellIdentities(openSynapsePlace);
