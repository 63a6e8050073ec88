/**
 * Runs for a moment inside the network namespace of a sandbox, outside of everything else of it:
 * opens the sockets that are asked for (`[[address, port], …]`) and hands them to the daemon, in
 * order. Given to node as text, hence plain JavaScript.
 */
import { createServer } from 'node:net';

const fail = (error) => {
  console.error(error.message);
  process.exit(1);
};

for (const [index, [address, port]] of JSON.parse(process.argv[1]).entries()) {
  const server = createServer().once('error', fail);
  await new Promise((listening) => server.listen({ host: address, port }, listening));
  await new Promise((sent) => process.send(index, server, sent));
}
process.exit();
