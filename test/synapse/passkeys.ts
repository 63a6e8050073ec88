import { tellPasskeys } from '../story/passkeys.ts';
import { openSynapsePlace } from './place.ts';

tellPasskeys(openSynapsePlace);
