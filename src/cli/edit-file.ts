/** Changes a file that a person edits: it stays theirs, and is never half written. */
import { chmod, chown, rename, rm, stat } from 'node:fs/promises';
import { createFile } from '../store/durable.ts';
import { asOwnerOf } from './owner.ts';

/** Like replaceFile, with the owner and mode that the file has. */
export const replaceLike = (path: string, data: string): Promise<void> =>
  asOwnerOf(path, () => replace(path, data));

async function replace(path: string, data: string): Promise<void> {
  const { mode, uid, gid } = await stat(path);
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await createFile(temporary, data);
    // Only root can give a file away, and only root edits what is somebody else's.
    if (process.geteuid?.() === 0) await chown(temporary, uid, gid);
    await chmod(temporary, mode & 0o777);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
