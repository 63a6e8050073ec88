/**
 * Files that survive a power cut. The system calls, since they are the promise:
 *
 * replaceFile: open temp (0600) · write · fsync · close · rename over the old one · fsync the folder.
 *   After a crash there is the old content or the new, never a mix.
 * AppendFile.append: write · fdatasync. After a crash there is a prefix of what was appended; what was
 *   acknowledged is in it. An error is final: the page cache may have dropped what it could not
 *   write (fsyncgate), so a file that failed once refuses from then on.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

export async function replaceFile(path: string, data: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await using file = await open(temporary, 'wx', 0o600);
    await file.writeFile(data);
    await file.sync();
  } catch (error) {
    await unlink(temporary).catch(() => {}); // the error at hand says more than a failed clean-up
    throw error;
  }
  await rename(temporary, path);
  await syncFolder(dirname(path));
}

/** Creates `path` with `data`; fails when it is there already. Durable like replaceFile. */
export async function createFile(path: string, data: string | Uint8Array): Promise<void> {
  {
    await using file = await open(path, 'wx', 0o600);
    await file.writeFile(data);
    await file.sync();
  }
  await syncFolder(dirname(path));
}

/** Makes a folder that only its owner may enter, with those above it. */
export async function makePrivateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await syncFolder(dirname(path));
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}

export interface AppendFile extends AsyncDisposable {
  /** Resolves once the bytes are on the disk. Calls must not overlap. */
  append(data: string | Uint8Array): Promise<void>;
}

/** Opens an existing file for appending, cut down to `size` bytes. */
export async function openAppendFile(path: string, size: number): Promise<AppendFile> {
  const file = await open(path, 'r+');
  try {
    const before = (await file.stat()).size;
    if (before !== size) {
      await file.truncate(size);
      await file.sync();
    }
  } catch (error) {
    await file.close();
    throw error;
  }
  let end = size;
  let failed = false;
  return {
    async append(data) {
      if (failed) throw new Error(`${path} failed before`);
      failed = true; // until proven otherwise
      const bytes = Buffer.from(data as Uint8Array);
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await file.write(bytes, done, bytes.length - done, end);
        done += bytesWritten;
        end += bytesWritten;
      }
      await file.datasync();
      failed = false;
    },
    [Symbol.asyncDispose]: () => file.close(),
  };
}
