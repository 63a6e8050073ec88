/**
 * A port that nobody listens on just now: for an origin, which has to be known before it is served,
 * and for a server that takes no open socket. It is taken from below the kernel's own range (32768 and
 * up on Linux), so that no connection going out from another test gets it in between.
 */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_768);
    const server = createServer().listen(port);
    try {
      await once(server, 'listening');
    } catch {
      continue; // taken
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}
