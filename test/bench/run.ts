/** `npm run bench`: figures as ratios against floors of the same run. Nothing here is asserted. */
import { cpus } from 'node:os';
import { openLoopback } from '../story/loopback-server.ts';
import { openSynapsePlace } from '../synapse/place.ts';
import { type Figure, formatFigure } from './figures.ts';
import { measureLocal } from './local.ts';
import { measureRoom } from './rooms.ts';

const print = (figures: readonly Figure[]): void => {
  for (const figure of figures) console.log(formatFigure(figure));
};

console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim()}`);
print(await measureLocal());
print(await measureRoom('loopback', openLoopback));
// Synapse is downloaded once, from Debian's packages.
if (!process.argv.includes('--no-synapse')) print(await measureRoom('Synapse', openSynapsePlace));
process.exit(0);
