/**
 * Who is at the other end of a connection? Node cannot ask the kernel (SO_PEERCRED), but whoever
 * creates a file owns it, and the kernel sees to that. So the daemon names a file that nobody could
 * know of, and the peer creates it in `proofs/`, a folder that everybody may write to and nobody but
 * the daemon may list (01733); its owner is the peer. What could make another user's file stand there:
 *
 * - A link. The file is opened with O_NOFOLLOW, so a symbolic link is none. A hard link to a file of
 *   somebody else has two names and is refused, with or without fs.protected_hardlinks.
 * - A file moved in from a folder of the attacker's, where somebody else had made it: it has one name
 *   and the right owner. Therefore the content: a hash of the fresh name, this daemon's folder and the
 *   very question asked on this connection, which no file of before can hold. And nobody but its owner
 *   could write it: the mode is exactly 0644, and an access list that lets others write would show in
 *   that. And it was made after the challenge, where the file system knows when (a file of which the
 *   attacker was handed an open descriptor was made before).
 * - A race. All is asked of one open descriptor, not of a name. With one name (nlink 1), and that one
 *   here, nobody but its owner or the daemon can take it away (sticky) or swap it.
 * - Somebody else's file for another connection. The name is 128 random bits, told to one connection,
 *   good once and for a few seconds, spent by the first look, right or wrong.
 * - A relay: a socket of the attacker's, which passes our challenge on to a user who believes to talk
 *   to us. That user's client hashes the real path of the folder that it connected in, and creates the
 *   file there and nowhere else; a relay is in another folder, and cannot change the question either.
 * - A user namespace. Files carry the user of the host whatever the namespace calls them; root of a
 *   namespace is its ordinary owner here, and its subordinate ids are users that nobody has. Should
 *   the daemon itself be in one, every unmapped user looks like the overflow id: it proves nothing.
 * - A set-group-id folder or a mount that changes owners: groups are not looked at, and on Linux no
 *   mode of a folder changes the owner of what is made in it.
 *
 * - An action. It runs as the daemon's user and may write to some folder of an accomplice's, who moves
 *   what it wrote in here: a fresh file with the right owner and content. So a file is not enough for
 *   the daemon's user and for root, who could be it: they also answer with what only they can read, a
 *   secret of this start (secret.ts), which lies in a folder that no sandbox shows and that nobody else may
 *   enter. The answer is a hash over the challenge, so a relay or an earlier connection has no use for it.
 *
 * What is left: an attacker who makes a program of another user's create a file with any content in a
 * folder of the attacker's, within the seconds of a challenge. Actions of this daemon cannot: they have
 * no user but the daemon's. Those of a second Vaktrom could, so do not list the user of one daemon under
 * `local_users` of another one.
 */
import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { open, opendir, readFile, realpath, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Hex } from '../base/bytes.ts';
import { err, ok, type Result } from '../base/result.ts';
import { takeFolder } from './folder.ts';
import { makeSecret } from './secret.ts';

export const PROOFS = 'proofs';
/** At a time; should others have left more, the rest is for the next one. */
const MAX_SWEPT = 200_000;
/** What cannot be removed costs us time at each sweep, so there is an end to trying. */
const MAX_LEFT = 1000;
/** Everybody may enter and create, nobody but the owner may list, each only removes their own. */
const OPEN_TO_CREATE = 0o1733;
export const PROOF_MODE = 0o644;
/** The clock of files runs up to a tick behind ours. */
const TICK_MS = 50;
const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;

/** What the file has to hold. `folder` is the real path of the control folder; `ask` the line as sent. */
export const proofContent = (folder: string, name: string, ask: string): string =>
  sha256Hex(['vaktrom/control/v1', folder, name, ask].join('\n'));

/** What root and the daemon's own user say with their file. `secret`: see secret.ts. */
export const hostAnswer = (folder: string, name: string, ask: string, secret: string): string =>
  sha256Hex(['vaktrom/control/v1/host', folder, name, ask, secret].join('\n'));

export interface Challenge {
  readonly name: string;
  /**
   * The owner of the file that answers it, or why it proves nothing. Good for one look. `answer` is a
   * `hostAnswer`, from those who can give one.
   */
  redeem(ask: string, answer: string | undefined): Promise<Result<number, string>>;
  /** Leaves nothing behind. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface Proofs {
  /** The real path of the control folder. */
  readonly folder: string;
  issue(): Challenge;
  /** Removes the files that others left there. Keeps those that answer an open challenge. Never rejects. */
  sweep(signal: AbortSignal): Promise<void>;
}

/** Throws Fault `file_unsafe` when a folder that it needs there is not the daemon's own. */
export async function openProofs(controlFolder: string): Promise<Proofs> {
  const folder = await realpath(controlFolder);
  const proofs = join(folder, PROOFS);
  await takeFolder(proofs, OPEN_TO_CREATE);
  const secret = await makeSecret(folder);
  const hall = { folder, secret, strangers: await overflowUid(), awaited: new Set<string>() };
  return {
    folder,
    issue: () => issue(hall),
    sweep: (signal) => sweep(proofs, hall.awaited, signal).catch(() => {}), // the next one tries again
  };
}

/**
 * Reads on as it removes: anybody can leave any number of files. Not into folders: those are theirs, and
 * could become links meanwhile.
 */
async function sweep(
  proofs: string,
  awaited: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<void> {
  let swept = 0;
  let left = 0;
  for await (const { name } of await opendir(proofs)) {
    if (signal.aborted || swept++ >= MAX_SWEPT || left >= MAX_LEFT) return;
    if (!awaited.has(name) && !(await remove(join(proofs, name)))) left++;
  }
}

/** Whether it is gone: a folder with something in it stays, and is in nobody's way. */
const remove = (path: string): Promise<boolean> =>
  unlink(path)
    .catch(() => rmdir(path))
    .then(
      () => true,
      () => false,
    );

interface Hall {
  readonly folder: string;
  readonly secret: string;
  /** The user who stands for all that are not known here. */
  readonly strangers: number;
  /** The names of the challenges that are open. */
  readonly awaited: Set<string>;
}

function issue({ folder, secret, strangers, awaited }: Hall): Challenge {
  const name = randomBytes(16).toString('hex');
  const path = join(folder, PROOFS, name);
  const issuedAt = Date.now();
  let spent = false;
  awaited.add(name);
  return {
    name,
    async redeem(ask, answer) {
      if (spent) return err('it was looked at before');
      spent = true;
      const seen = await look(path).catch(() => undefined);
      await remove(path);
      if (!seen) return err('there is no such file');
      const { stat, text } = seen;
      const fault = faultIn(stat, issuedAt);
      if (fault !== undefined) return err(fault);
      if (text !== proofContent(folder, name, ask)) return err('it does not hold what it should');
      if (stat.uid === strangers) return err('it is of no user that is known here');
      if (isHost(stat.uid) && answer !== hostAnswer(folder, name, ask, secret))
        return err('it is of root or of my own user, and the answer that they can give is missing');
      return ok(stat.uid);
    },
    async [Symbol.asyncDispose]() {
      awaited.delete(name);
      return void (await remove(path));
    },
  };
}

/** Root and the daemon's own user, whose files an action can make. */
export const isHost = (uid: number): boolean => uid === 0 || uid === process.getuid?.();

async function look(path: string): Promise<{ readonly stat: Stats; readonly text: string }> {
  // Not blocked by a pipe that stands there in place of a file.
  await using file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  const stat = await file.stat();
  const bytes = Buffer.alloc(65);
  const { bytesRead } = stat.isFile() ? await file.read(bytes, 0, 65, 0) : { bytesRead: 0 };
  return { stat, text: bytes.toString('latin1', 0, bytesRead) };
}

function faultIn(stat: Stats, issuedAt: number): string | undefined {
  if (!stat.isFile()) return 'it is not a regular file';
  if (stat.nlink !== 1) return `it has ${stat.nlink} names`;
  if ((stat.mode & 0o7777) !== PROOF_MODE) return 'others could have written it';
  const madeAt = stat.birthtimeMs;
  // Some file systems do not know (0): there, the other walls have to do.
  return madeAt > 0 && madeAt < issuedAt - TICK_MS ? 'it is older than the challenge' : undefined;
}

/** The id that the kernel shows for users who have none in this namespace. */
async function overflowUid(): Promise<number> {
  const text = await readFile('/proc/sys/kernel/overflowuid', 'utf8').catch(() => '');
  return Number.parseInt(text, 10) || 65_534;
}
