import { tellCommands } from '../story/commands.ts';
import { openSynapsePlace } from './place.ts';

tellCommands(openSynapsePlace);
