import { tellGate } from '../story/gate.ts';
import { openSynapsePlace } from './place.ts';

tellGate(openSynapsePlace);
