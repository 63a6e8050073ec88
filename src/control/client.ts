/**
 * The other end of the control socket, for the command line: asks, proves who is asking, shows what
 * the daemon says, and passes its questions on. It holds no rules: those are the daemon's.
 */
import { constants } from 'node:fs';
import { open, realpath, unlink } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { Fault } from '../base/errors.ts';
import { holdFolder, within } from './folder.ts';
import { hostAnswer, PROOF_MODE, PROOFS, proofContent } from './proof.ts';
import { readSecret } from './secret.ts';
import { SOCKET } from './server.ts';
import { type Frame, openLines, parseFrame, sendLine } from './wire.ts';

export interface Screen {
  readonly note: (text: string) => void;
  /** `of`: an action printed it. */
  readonly output: (text: string, of?: 'run') => void;
  /** Undefined where nobody can answer. */
  readonly ask: ((question: string, hidden: boolean) => Promise<string>) | undefined;
}

export interface Question {
  /** Where the daemon's control socket is. */
  readonly folder: string;
  readonly verb: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** Resolves with the exit code that the daemon gives. Throws Fault `daemon_unreachable`. */
export async function askDaemon(question: Question, screen: Screen): Promise<number> {
  const { verb, fields } = question;
  // Resolved once: the proof is for the place that we connect to, and for no other (proof.ts).
  const folder = await realpath(question.folder).catch((cause: unknown) => {
    throw unreachable(question.folder, cause);
  });
  const ask = JSON.stringify({ v: 1, verb, fields });
  const socket = await connectTo(folder);
  const lines = openLines(socket, { bytes: Infinity, most: Infinity });
  const cleaning: (() => Promise<void>)[] = [];
  try {
    socket.write(`${ask}\n`);
    for (;;) {
      const line = await lines.next();
      if (line === undefined)
        throw new Fault('daemon_unreachable', 'the daemon has hung up; see its log');
      const frame = parseFrame(line);
      if (!frame)
        throw new Fault('daemon_unreachable', 'the daemon speaks another version of this');
      if (frame.kind === 'end') return frame.code;
      if (frame.kind === 'challenge') cleaning.push(await prove(socket, folder, frame.name, ask));
      else show(socket, frame, screen);
    }
  } finally {
    socket.destroy();
    for (const clean of cleaning) await clean();
  }
}

async function connectTo(folder: string): Promise<Socket> {
  await using place = await holdFolder(folder);
  const socket = connect(within(place, SOCKET));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once('connect', resolve);
  socket.once('error', (cause) => reject(unreachable(folder, cause)));
  await promise;
  return socket;
}

const unreachable = (folder: string, cause: unknown) =>
  new Fault(
    'daemon_unreachable',
    `there is no daemon listening in ${folder}; is it running?`,
    cause,
  );

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;

/** The daemon takes the file away; it is ours to do so only where it could not. */
async function prove(
  socket: Socket,
  folder: string,
  name: string,
  ask: string,
): Promise<() => Promise<void>> {
  const proofs = join(folder, PROOFS);
  await makeProof(proofs, name, proofContent(folder, name, ask)).catch((cause: unknown) => {
    throw new Fault('daemon_unreachable', `no proof of who you are fits into ${proofs}`, cause);
  });
  const secret = await readSecret(folder);
  const answer = secret === undefined ? undefined : hostAnswer(folder, name, ask, secret);
  sendLine(socket, { kind: 'proven', answer });
  return () => unlink(join(proofs, name)).catch(() => {});
}

/** In that very folder, should the daemon's user put a link there for root to follow. */
async function makeProof(proofs: string, name: string, content: string): Promise<void> {
  await using place = await holdFolder(proofs);
  const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
  await using file = await open(within(place, name), flags, PROOF_MODE);
  await file.writeFile(content);
  await file.chmod(PROOF_MODE); // whatever the umask
}

type Shown = Exclude<Frame, { readonly kind: 'challenge' | 'end' }>;

/** A question is answered beside what else is shown: what was asked about may end meanwhile. */
function show(socket: Socket, frame: Shown, screen: Screen): void {
  if (frame.kind === 'note') screen.note(frame.text);
  else if (frame.kind === 'output') screen.output(frame.text, frame.of);
  else void answer(socket, screen, frame);
}

async function answer(
  socket: Socket,
  { ask }: Screen,
  { text: question, hidden }: Shown & { readonly kind: 'question' },
): Promise<void> {
  const text = ask ? await ask(question, hidden).catch(() => null) : null; // no terminal any more
  sendLine(socket, { kind: 'answer', text });
}
