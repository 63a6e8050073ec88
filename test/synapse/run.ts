/** By hand: `node test/synapse/run.ts alice:secret bob:secret` runs a Synapse with these people until stopped. */
import { once } from 'node:events';
import { openSynapse } from './server.ts';

await using synapse = await openSynapse();
for (const person of process.argv.slice(2)) {
  const [name = '', password = ''] = person.split(':', 2);
  const { userId } = await synapse.register(name, password);
  process.stdout.write(`${userId}\n`);
}
process.stdout.write(`${synapse.url}\n`);
await Promise.race(['SIGINT', 'SIGTERM'].map((signal) => once(process, signal)));
