/** Where the control socket is: for everybody to find and enter, for nobody to list. */
import { constants } from 'node:fs';
import { chmod, type FileHandle, lstat, mkdir, open } from 'node:fs/promises';
import { Fault } from '../base/errors.ts';

const MODE = 0o711;

/** Throws Fault `file_unsafe` when what is there is not the daemon's own. */
export async function makeControlFolder(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: MODE });
  await claim(folder, MODE);
  return folder;
}

/** Makes a folder in that one, or takes up the one that is there. Throws Fault `file_unsafe` as well. */
export async function takeFolder(path: string, mode: number): Promise<void> {
  await mkdir(path, { mode: 0o700 }).catch(unlessThere);
  await claim(path, mode);
}

/** Nobody may replace it between the look and the change: what it lies in has to be the daemon's, or root's. */
async function claim(path: string, mode: number): Promise<void> {
  const stat = await lstat(path);
  if (!stat.isDirectory() || stat.uid !== process.getuid?.())
    throw new Fault('file_unsafe', `${path} is not a folder of the daemon's own; remove it`);
  await chmod(path, mode);
}

function unlessThere(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
}

/** open(2): a place, without the right to read it. Node has no name for it; Linux has it everywhere. */
const O_PATH = 0o10_000_000;
const { O_DIRECTORY, O_NOFOLLOW } = constants;

/** Holds on to a folder, so that what is in it is reached whatever becomes of its name. */
export const holdFolder = (path: string): Promise<FileHandle> =>
  open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW);

/** A path into a folder that is held, as short as the name of a socket has to be (unix(7): 107 bytes). */
export const within = ({ fd }: FileHandle, name: string): string => `/proc/self/fd/${fd}/${name}`;
