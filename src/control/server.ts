/**
 * The control socket: users of the host talk to the running daemon. A connection is one question, a
 * proof of who asks it (proof.ts), and what the verb has to say. Limits first: what is not proven
 * within seconds is cut off, and a connection counts against its user until both sides have done with it.
 */
import { chmod, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../ports.ts';
import { holdFolder, within } from './folder.ts';
import { openPeer, type Peer } from './peer.ts';
import { openProofs, type Proofs } from './proof.ts';
import type { UserOf } from './users.ts';
import type { Verbs } from './verbs.ts';
import { type Lines, openLines, parseAsk, parseReply, sendLine } from './wire.ts';

export const SOCKET = 'socket';
const SOCKET_MODE = 0o666;

const PROVE_WITHIN_MS = 10_000;
const MAX_CONNECTIONS = 64;
const MAX_OF_ONE_USER = 8;

export interface ControlOptions {
  /** As makeControlFolder makes it. */
  readonly folder: string;
  readonly verbs: Verbs;
  readonly userOf: UserOf;
  readonly clock: Clock;
  /** A question could not be answered. */
  readonly onError: (error: unknown) => void;
  /** Somebody did not prove to be anybody. */
  readonly onUnproven: (why: string) => Promise<void>;
}

/** Throws Fault `file_unsafe` when the folder for proofs is not the daemon's own. */
export async function openControl(options: ControlOptions): Promise<AsyncDisposable> {
  const proofs = await openProofs(options.folder);
  const sockets = new Set<Socket>();
  const users = new Map<number, number>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    converse(socket, { ...options, proofs, users }).catch((error: unknown) => {
      socket.destroy();
      options.onError(error);
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  const place = await holdFolder(proofs.folder);
  await listen(server, within(place, SOCKET));
  const closing = new AbortController();
  // Not waited for: anybody on the host can make it long.
  const swept = proofs.sweep(closing.signal);
  return {
    async [Symbol.asyncDispose]() {
      closing.abort();
      await swept;
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
      await place.close();
    },
  };
}

/** Whoever is there before is dead: there is one daemon to a directory, held by the crypto store. */
async function listen(server: Server, path: string): Promise<void> {
  await rm(path, { force: true });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(path, resolve);
  await promise;
  await chmod(path, SOCKET_MODE);
}

interface Hall extends ControlOptions {
  readonly proofs: Proofs;
  /** How many connections each user has. */
  readonly users: Map<number, number>;
}

async function converse(socket: Socket, hall: Hall): Promise<void> {
  const { verbs, userOf, users } = hall;
  const end = (why: string, code: number): void => {
    sendLine(socket, { kind: 'note', text: why });
    sendLine(socket, { kind: 'end', code });
    socket.end();
  };
  const lines = openLines(socket);
  // It stays set for a client that we send away: such a client may not hang up.
  const cancelTimeout = hall.clock.after(PROVE_WITHIN_MS, () => socket.destroy());
  socket.once('close', cancelTimeout);
  const line = await lines.next();
  const ask = parseAsk(line ?? '');
  if (!ask.ok) return end(`That is no question: ${ask.error}.`, 2);
  const uid = await prove(socket, lines, line ?? '', hall);
  if (uid === undefined) return end('You did not prove who you are.', 1);
  const verb = Object.hasOwn(verbs, ask.value.verb) ? verbs[ask.value.verb] : undefined;
  if (!verb) return end(`There is no "${ask.value.verb}" here.`, 2);
  const open = users.get(uid) ?? 0;
  if (open >= MAX_OF_ONE_USER) return end('You are asking too much at once.', 1);
  if (socket.destroyed) return;
  users.set(uid, open + 1);
  const hungUp = new Promise((resolve) => socket.once('close', resolve));
  cancelTimeout();
  try {
    const peer: Peer = openPeer({ socket, lines, uid, user: await userOf(uid) });
    sendLine(socket, { kind: 'end', code: await verb(peer, ask.value.fields) });
    socket.end();
  } finally {
    void hungUp.then(() => users.set(uid, (users.get(uid) ?? 1) - 1));
  }
}

async function prove(
  socket: Socket,
  lines: Lines,
  ask: string,
  { proofs, onUnproven }: Hall,
): Promise<number | undefined> {
  await using challenge = proofs.issue();
  sendLine(socket, { kind: 'challenge', name: challenge.name });
  const said = await lines.next();
  if (said === undefined) return undefined;
  const reply = parseReply(said);
  if (reply?.kind !== 'proven') return undefined;
  const owner = await challenge.redeem(ask, reply.answer);
  if (owner.ok) return owner.value;
  await onUnproven(owner.error);
  return undefined;
}
