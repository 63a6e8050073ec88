/**
 * A file as text: of a sane size, UTF-8 to the last byte, and closed to everybody to whom it must be.
 * What is checked is the file that is read, not one that has its name a moment later.
 */
import type { Stats } from 'node:fs';
import { type FileHandle, open, readlink, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Fault } from '../base/errors.ts';
import { MAX_FILE_LENGTH } from './document.ts';

/**
 * `readers`: nobody but its owner may read it, for secrets. `writers`: nobody but root and we ourselves
 * could have written it, or put it in its place. `nobody`: its content is all that matters.
 */
export type ClosedTo = 'readers' | 'writers' | 'nobody';

/** Throws Fault `file_unsafe` when it is open to others, else the error of the file system. */
export async function readTextFile(path: string, closedTo: ClosedTo): Promise<string> {
  await using file = await open(path);
  const of = await file.stat();
  const flaw = await findOpening({ path, file, of }, closedTo);
  if (flaw !== undefined) throw new Fault('file_unsafe', flaw);
  if (of.size > MAX_FILE_LENGTH) throw new RangeError(`it is longer than ${MAX_FILE_LENGTH} bytes`);
  // With its byte order mark: the digest of the text is the digest of the file.
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await file.readFile());
}

interface Opened {
  readonly path: string;
  readonly file: FileHandle;
  readonly of: Stats;
}

async function findOpening(
  { path, file, of }: Opened,
  closedTo: ClosedTo,
): Promise<string | undefined> {
  if (closedTo === 'readers')
    return (of.mode & 0o077) === 0
      ? undefined
      : `others may read ${path}; mend it: chmod 600 ${path}`;
  if (closedTo === 'nobody') return undefined;
  const flaw = findWriters(path, of);
  if (flaw !== undefined) return flaw;
  // A user who can write to a folder can replace this file there, or a link to it.
  const real = await readlink(`/proc/self/fd/${file.fd}`);
  for (const folder of new Set([dirname(resolve(path)), dirname(real)])) {
    const found = await stat(folder);
    const isSticky = (found.mode & 0o1000) !== 0; // there, only owners replace files
    const replacers = findWriters(folder, isSticky ? { ...found, mode: 0 } : found);
    if (replacers !== undefined) return `${path} could be replaced: ${replacers}`;
  }
  return undefined;
}

/**
 * Who but root and we ourselves may write to a file or folder, and how to mend it: a sentence. A group is
 * not trusted, not even one that has only its user in it today: others can be added to it.
 */
export function findWriters(
  path: string,
  { mode, uid }: { readonly mode: number; readonly uid: number },
): string | undefined {
  if (uid !== 0 && uid !== process.geteuid?.())
    return `${path} belongs to user ${uid}, neither to root nor to the user of this process; mend it as root: chown root ${path}`;
  const by = [...((mode & 0o020) === 0 ? [] : ['g-w']), ...((mode & 0o002) === 0 ? [] : ['o-w'])];
  return by.length === 0
    ? undefined
    : `others may write ${path}; mend it: chmod ${by.join(',')} ${path}`;
}
