/**
 * The destinations of a plan, and nothing else. The sandbox has a network namespace with a loopback
 * interface only. In it we open one listening socket for each destination, on an address that
 * /etc/hosts inside gives to its name, and take the sockets out to the daemon. A connection that
 * the action makes is thus accepted by the daemon, which dials that one destination and carries
 * bytes. Bytes are not looked at, so TLS runs from the action to the destination, by its true name.
 *
 * The sockets are made by a helper that joins the namespace while bubblewrap is still setting it
 * up: its owner, the outer user namespace, is then within reach and gives the right to low ports.
 * The action is in a user namespace beneath and has no capability over either.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Server, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Forward } from '../execution/bwrap.ts';
import type { Dial } from './dial.ts';
import { pipeOf } from './pipe.ts';

const LISTEN = new URL('./listen.mjs', import.meta.url);
const MAX_CONNECTIONS = 64;
const POLL_MS = 1;
const PATIENCE_MS = 10_000;

/**
 * Resolves once all of `forwards` are open in the sandbox whose first process is `pid`, which has
 * to be held between the making of its outer and of its inner user namespace. Dispose of the result
 * when the sandbox is gone. Rejects if one of them cannot be opened.
 */
export async function openForwards(
  pid: number,
  forwards: readonly Forward[],
  reach: Dial,
): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  await loopbackUp(pid);
  const servers = await takeServers(pid, forwards, stack);
  const open = new Set<Socket>();
  stack.defer(() => open.forEach((socket) => void socket.destroy()));
  for (const [index, { destination }] of forwards.entries()) {
    const server = servers[index];
    if (!server) throw new Error(`nothing listens for ${destination.host}:${destination.port}`);
    server.maxConnections = MAX_CONNECTIONS;
    server.on('connection', (inside) => {
      inside.allowHalfOpen = true;
      join(inside, reach(destination), open);
    });
  }
  return stack.move();
}

/**
 * bubblewrap writes the map of its outer user namespace right after it has brought the loopback up.
 */
async function loopbackUp(pid: number): Promise<void> {
  while (readFileSync(`/proc/${pid}/uid_map`, 'utf8').trim() === '') await sleep(POLL_MS);
}

/** The listening sockets, in order; each is closed by the stack. */
async function takeServers(
  pid: number,
  forwards: readonly Forward[],
  stack: AsyncDisposableStack,
): Promise<readonly Server[]> {
  const helper = spawn(
    '/usr/bin/nsenter',
    [
      `--user=/proc/${pid}/ns/user`,
      `--net=/proc/${pid}/ns/net`,
      '--preserve-credentials',
      process.execPath,
      '--input-type=module',
      '--eval',
      readFileSync(LISTEN, 'utf8'),
      JSON.stringify(forwards.map(({ address, port }) => [address, port])),
    ],
    { env: {}, cwd: '/', stdio: ['ignore', 'ignore', 'pipe', 'ipc'], timeout: PATIENCE_MS },
  );
  const servers: Server[] = [];
  helper.on('message', (_index, server) => {
    if (server instanceof Server) servers.push(stack.use(server));
  });
  const [complaint] = await Promise.all([text(pipeOf(helper, 2)), once(helper, 'close')]);
  if (helper.exitCode !== 0) throw new Error(`no way in for the network: ${complaint.trim()}`);
  return servers;
}

/** Carries bytes both ways, and each side's end to the other. */
function join(inside: Socket, outside: Socket, open: Set<Socket>): void {
  const directions = [
    [inside, outside],
    [outside, inside],
  ] as const;
  for (const [from, to] of directions) {
    open.add(from);
    from.pipe(to);
    from.on('close', () => {
      open.delete(from);
      if (!from.readableEnded) to.destroy();
    });
  }
  inside.on('error', () => outside.destroy());
  outside.on('error', () => inside.resetAndDestroy()); // seen as a connection that failed
}
