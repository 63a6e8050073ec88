/**
 * Files whose content is part of what is approved: hashed when a request is frozen, held open while it
 * waits, looked at again before it starts, and handed to the sandbox as they are held. A file that was swapped, through a link too, is another
 * inode than the one that is held; one that was written to has another hash.
 */
import { createHash } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { FrozenFile } from '../audit/body.ts';
import type { HeldFiles, OpenFile } from '../ports.ts';

/** The hash of what cannot be read: nothing else ever has it, and the sandbox will say why. */
const UNREADABLE = 'unreadable';

export async function holdFiles(paths: readonly string[]): Promise<HeldFiles> {
  const held = await Promise.all([...new Set(paths)].map(hold));
  return {
    files: held.map(({ path, sha256 }) => ({ path, sha256 })),
    open: held.flatMap(({ handle }) => (handle ? openFile(handle) : [])),
    async changes() {
      const changes = await Promise.all(held.map(changeOf));
      return changes.filter((change) => change !== undefined);
    },
    async [Symbol.asyncDispose]() {
      for (const { handle } of held) await handle?.close();
    },
  };
}

interface Held extends FrozenFile {
  readonly handle: FileHandle | undefined;
}

async function hold(path: string): Promise<Held> {
  const handle = await open(path, 'r').catch(() => undefined); // then it is unreadable, and stays so
  const sha256 = handle ? await hashOf(handle).catch(() => UNREADABLE) : UNREADABLE;
  return { path, sha256, handle };
}

async function changeOf({ path, sha256, handle }: Held): Promise<string | undefined> {
  if (!handle) return (await canBeRead(path)) ? `${path} appeared` : undefined;
  const [ours, theirs] = await Promise.all([handle.stat(), stat(path).catch(() => undefined)]);
  if (!theirs) return `${path} is gone`;
  if (ours.dev !== theirs.dev || ours.ino !== theirs.ino) return `${path} was replaced`;
  return (await hashOf(handle).catch(() => UNREADABLE)) === sha256
    ? undefined
    : `${path} was changed`;
}

async function canBeRead(path: string): Promise<boolean> {
  await using handle = await open(path, 'r').catch(() => undefined); // then it cannot
  return handle !== undefined;
}

const openFile = ({ fd }: FileHandle): OpenFile => ({
  path: readlinkSync(`/proc/self/fd/${fd}`),
  descriptor: fd,
});

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
