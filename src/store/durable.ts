/**
 * Files that survive a power cut. The system calls, since they are the promise:
 *
 * replaceFile: open temp (0600) · write · fsync · close · rename over the old one · fsync the folder.
 *   After a crash there is the old content or the new, never a mix.
 * AppendFile.append: write · fdatasync. After a crash there is a prefix of what was appended; what was
 *   acknowledged is in it. An error is final: the page cache may have dropped what it could not
 *   write (fsyncgate), so a file that failed once refuses from then on.
 * AppendFile.reserve: fallocate beyond the end, which the size of the file does not show.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { utf8 } from '../base/bytes.ts';
import { type Allocate, allocate as allocateOnDisk } from './reserve.ts';

export async function replaceFile(path: string, data: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await using file = await open(temporary, 'wx', 0o600);
    await file.writeFile(data);
    await file.sync();
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => {}); // the error at hand says more than a failed clean-up
    throw error;
  }
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

/**
 * Makes a folder that only its owner may enter, with those above it. What is there already is left as
 * it is.
 */
export async function makePrivateFolder(path: string): Promise<void> {
  const highest = await mkdir(path, { recursive: true, mode: 0o700 });
  if (highest === undefined) return;
  const stop = dirname(resolve(highest));
  for (let folder = resolve(path); folder !== stop; folder = dirname(folder))
    await syncFolder(dirname(folder));
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}

export interface AppendFile extends AsyncDisposable {
  /** Resolves once the bytes are on the disk. Calls must not overlap. */
  append(data: string | Uint8Array): Promise<void>;
  /**
   * Reserves space, so that this many bytes can be appended even if the disk fills up. Rejects with Fault
   * `disk_full`. Resolves as well if the file system cannot reserve.
   */
  reserve(bytes: number): Promise<void>;
}

/** Opens an existing file for appending, cut down to `size` bytes. Rejects when it is shorter. */
export async function openAppendFile(
  path: string,
  size: number,
  allocate: Allocate = allocateOnDisk,
): Promise<AppendFile> {
  const file = await open(path, 'r+');
  try {
    const before = (await file.stat()).size;
    if (before < size) throw new Error(`${path} has ${before} bytes, not ${size}`);
    if (before > size) {
      await file.truncate(size);
      await file.sync();
    }
  } catch (error) {
    await file.close();
    throw error;
  }
  let end = size;
  let reservedTo = size;
  let failed = false;
  return {
    async append(data) {
      if (failed) throw new Error(`${path} failed before`);
      failed = true; // until proven otherwise
      const bytes = typeof data === 'string' ? utf8(data) : data;
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await file.write(bytes, done, bytes.length - done, end);
        done += bytesWritten;
        end += bytesWritten;
      }
      await file.datasync();
      failed = false;
    },
    async reserve(bytes) {
      if (reservedTo - end >= bytes) return;
      const to = end + 2 * bytes; // more than asked for, so that it is needed less often
      await allocate(path, end, to - end);
      reservedTo = to;
    },
    [Symbol.asyncDispose]: () => file.close(),
  };
}
