/** Where the control socket is: for everybody to find and enter, for nobody to list. */
import { constants } from 'node:fs';
import { chmod, type FileHandle, lstat, mkdir, open } from 'node:fs/promises';
import { Fault } from '../base/errors.ts';

const MODE = 0o711;

/** Throws Fault `file_unsafe` when what is there is not the daemon's own. */
export async function makeControlFolder(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: MODE });
  const stat = await lstat(folder);
  if (!stat.isDirectory() || stat.uid !== process.getuid?.())
    throw new Fault('file_unsafe', `${folder} is not a folder of the daemon's own`);
  await chmod(folder, MODE);
  return folder;
}

/** open(2): a place, without the right to read it. Node has no name for it; Linux has it everywhere. */
const O_PATH = 0o10_000_000;
const { O_DIRECTORY, O_NOFOLLOW } = constants;

/** Holds on to a folder, so that what is in it is reached whatever becomes of its name. */
export const holdFolder = (path: string): Promise<FileHandle> =>
  open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW);

/** A path into a folder that is held, as short as the name of a socket has to be (unix(7): 107 bytes). */
export const within = ({ fd }: FileHandle, name: string): string => `/proc/self/fd/${fd}/${name}`;
