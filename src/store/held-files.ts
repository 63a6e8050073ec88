/**
 * Files whose content is part of what is approved: hashed when a request is frozen, held open while it
 * waits, looked at again before it starts, and handed to the sandbox as they are held. A file that was
 * swapped, through a link too, is another inode than the one that is held; one that was written to has
 * another hash.
 */
import { createHash } from 'node:crypto';
import { constants, readlinkSync } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { FrozenFile } from '../audit/body.ts';
import type { HeldFiles, OpenFile } from '../ports.ts';

/** The hash of what cannot be read: nothing else ever has it, and as a program it is not started. */
const UNREADABLE = 'unreadable';

export async function holdFiles(paths: readonly string[]): Promise<HeldFiles> {
  const held = await Promise.all([...new Set(paths)].map(hold));
  return {
    files: held.map(({ path, sha256 }) => ({ path, sha256 })),
    open: held.flatMap(({ open }) => open ?? []),
    async changes() {
      const changes = await Promise.all(held.map(changeOf));
      return changes.filter((change) => change !== undefined);
    },
    async [Symbol.asyncDispose]() {
      for (const { open } of held) await open?.handle.close();
    },
  };
}

interface Held extends FrozenFile {
  readonly open: (OpenFile & { readonly handle: FileHandle }) | undefined;
}

async function hold(path: string): Promise<Held> {
  const handle = await openFile(path);
  if (!handle) return { path, sha256: UNREADABLE, open: undefined };
  const open = { asked: path, path: realPath(handle), descriptor: handle.fd, handle };
  try {
    return { path, sha256: await hashOf(handle), open };
  } catch {
    await handle.close();
    return { path, sha256: UNREADABLE, open: undefined };
  }
}

/** Undefined for what cannot be read, or is no file; it is not waited for whoever writes into a pipe. */
async function openFile(path: string): Promise<FileHandle | undefined> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => undefined);
  if (!handle || (await handle.stat()).isFile()) return handle;
  await handle.close();
  return undefined;
}

async function changeOf({ path, sha256, open }: Held): Promise<string | undefined> {
  if (!open) return (await canBeRead(path)) ? `${path} appeared` : undefined;
  const { handle } = open;
  const [ours, theirs] = await Promise.all([handle.stat(), stat(path).catch(() => undefined)]);
  if (!theirs) return `${path} is gone`;
  if (ours.dev !== theirs.dev || ours.ino !== theirs.ino) return `${path} was replaced`;
  if (realPath(handle) !== open.path) return `${path} was moved`;
  return (await hashOf(handle).catch(() => UNREADABLE)) === sha256
    ? undefined
    : `${path} was changed`;
}

async function canBeRead(path: string): Promise<boolean> {
  await using handle = await openFile(path);
  return handle !== undefined;
}

const realPath = ({ fd }: FileHandle): string => readlinkSync(`/proc/self/fd/${fd}`);

const CHUNK_BYTES = 1 << 20;

async function hashOf(handle: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  const chunk = Buffer.alloc(CHUNK_BYTES);
  for (let position = 0; ; ) {
    const { bytesRead } = await handle.read(chunk, 0, CHUNK_BYTES, position);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(chunk.subarray(0, bytesRead));
    position += bytesRead;
  }
}
