/**
 * A file as text: of a sane size, UTF-8 to the last byte, and open to nobody to whom it must not be.
 * What is checked is the file that is read, not one that has its name a moment later.
 */
import { open } from 'node:fs/promises';
import { Fault } from '../base/errors.ts';
import { MAX_FILE_LENGTH } from './document.ts';

/** Bits of a file's mode that make it unsafe, by whom it has to be closed to. */
const LOOSE = { readers: 0o077, writers: 0o002, nobody: 0 } as const;
export type ClosedTo = keyof typeof LOOSE;

/** Throws Fault `file_unsafe` when it is open to others, else the error of the file system. */
export async function readTextFile(path: string, closedTo: ClosedTo): Promise<string> {
  await using file = await open(path);
  const { mode, size } = await file.stat();
  if ((mode & LOOSE[closedTo]) !== 0)
    throw new Fault(
      'file_unsafe',
      closedTo === 'readers'
        ? `others may read ${path}; mend it: chmod 600 ${path}`
        : `everybody may write ${path}; mend it: chmod o-w ${path}`,
    );
  if (size > MAX_FILE_LENGTH) throw new RangeError(`it is longer than ${MAX_FILE_LENGTH} bytes`);
  // With its byte order mark: the digest of the text is the digest of the file.
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await file.readFile());
}
