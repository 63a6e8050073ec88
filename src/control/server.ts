/**
 * The control socket: users of the host talk to the running daemon. A connection is one question, a
 * proof of who asks it (proof.ts), and what the verb has to say. Limits first: what is not proven
 * within seconds is cut off, as is a client that does not hang up once it has its answer; and a connection
 * counts against its user until both sides have done with it.
 */
import { chmod, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../ports.ts';
import { holdFolder, within } from './folder.ts';
import { openPeer } from './peer.ts';
import { type Crowd, openCrowd, openPlaces, type Places } from './places.ts';
import { isHost, openProofs, type Proofs } from './proof.ts';
import type { UserOf } from './users.ts';
import type { Verbs } from './verbs.ts';
import { type Lines, openLines, parseAsk, parseReply, sendLine } from './wire.ts';

export const SOCKET = 'socket';
const SOCKET_MODE = 0o666;

/** To prove who is asking; and to hang up once that is answered. */
const PATIENCE_MS = 10_000;
/** What others leave among the proofs fills a file system that the daemon may share with the host. */
const SWEEP_EVERY_MS = 60_000;
/** Stands for all users whom the host does not know: one owner of a range of ids can be any of them. */
const NOBODY = -1;
const TOO_MUCH = 'You are asking too much at once.';

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
  const [places, crowd] = [openPlaces(), openCrowd()];
  const server = createServer((socket) => {
    if (!places.take(socket)) return;
    converse(socket, { ...options, proofs, places, crowd }).catch((error: unknown) => {
      socket.destroy();
      options.onError(error);
    });
  });
  const place = await holdFolder(proofs.folder);
  await listen(server, within(place, SOCKET));
  const sweeping = keepSwept(proofs, options.clock);
  return {
    async [Symbol.asyncDispose]() {
      await sweeping[Symbol.asyncDispose]();
      const closed = new Promise((resolve) => server.close(resolve));
      places.clear();
      await closed;
      await place.close();
    },
  };
}

/** At once and again and again. Not waited for: anybody on the host can make it long. */
function keepSwept(proofs: Proofs, clock: Clock): AsyncDisposable {
  const closing = new AbortController();
  let cancel = () => {};
  let swept = Promise.resolve();
  const sweep = (): void => {
    swept = proofs.sweep(closing.signal).then(() => {
      if (!closing.signal.aborted) cancel = clock.after(SWEEP_EVERY_MS, sweep);
    });
  };
  sweep();
  return {
    async [Symbol.asyncDispose]() {
      closing.abort();
      cancel();
      await swept;
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
  readonly places: Places;
  readonly crowd: Crowd;
}

async function converse(socket: Socket, hall: Hall): Promise<void> {
  const { verbs, places, clock } = hall;
  const close = (code: number): void => {
    sendLine(socket, { kind: 'end', code });
    socket.end(() => places.yield(socket)); // not before the answer is out
  };
  const end: Visit['end'] = (why, code) => {
    sendLine(socket, { kind: 'note', text: why });
    close(code);
  };
  const lines = openLines(socket);
  // It stays set for a client that we send away: such a client may not hang up.
  const patience = openPatience(socket, clock);
  const line = await lines.next();
  const ask = parseAsk(line ?? '');
  if (!ask.ok) return end(`That is no question: ${ask.error}.`, 2);
  const uid = await prove(socket, lines, line ?? '', hall);
  if (uid === undefined) return end('You did not prove who you are.', 1);
  const verb = Object.hasOwn(verbs, ask.value.verb) ? verbs[ask.value.verb] : undefined;
  if (!verb) return end(`There is no "${ask.value.verb}" here.`, 2);
  await admit({ socket, uid, patience, end }, hall, async (user) =>
    close(await verb(openPeer({ socket, lines, uid, user }), ask.value.fields)),
  );
}

/** A user who has proven who they are, and wants to speak. */
interface Visit {
  readonly socket: Socket;
  readonly uid: number;
  readonly patience: Patience;
  readonly end: (why: string, code: number) => void;
}

/** Lets a user speak, unless that user is speaking too often already. */
async function admit(
  { socket, uid, patience, end }: Visit,
  { userOf, places, crowd }: Hall,
  speak: (user: string | undefined) => Promise<void>,
): Promise<void> {
  if (socket.destroyed) return;
  const hungUp = new Promise((resolve) => socket.once('close', resolve));
  const entered = [crowd.enter(uid)];
  const isFull = () => entered.includes(undefined);
  try {
    if (isFull()) return end(TOO_MUCH, 1);
    places.keep(socket);
    patience.end();
    // Asked behind the first count: it can take a while, and one user shall not have it asked at will.
    const user = await userOf(uid);
    // Root and the daemon's user may have no name either (a container): nobody else takes their places.
    if (user === undefined && !isHost(uid)) entered.push(crowd.enter(NOBODY));
    if (socket.destroyed) return;
    if (isFull()) return end(TOO_MUCH, 1);
    await speak(user);
  } finally {
    patience.begin();
    void hungUp.then(() => {
      for (const leave of entered) leave?.();
    });
  }
}

interface Patience {
  /** From now on the client has ten seconds. */
  begin(): void;
  end(): void;
}

/** Begun already. */
function openPatience(socket: Socket, clock: Clock): Patience {
  let cancel = () => {};
  const patience: Patience = {
    begin() {
      cancel();
      if (!socket.destroyed) cancel = clock.after(PATIENCE_MS, () => socket.destroy());
    },
    end: () => cancel(),
  };
  socket.once('close', patience.end);
  patience.begin();
  return patience;
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
