/**
 * A folder that is gone when the process is. A process that was killed leaves its folder, and in a demo
 * the bot's password with it; the next one removes what the dead have left.
 */
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface OwnFolder extends AsyncDisposable {
  readonly path: string;
}

/** Names the process, so that the next one knows whose folder it is. */
const NAME = /^vaktrom-[a-z]+-(\d+)-\w{6}$/;

/** `purpose`: one word. Nobody else can enter the folder. */
export async function openOwnFolder(purpose: string, parent = tmpdir()): Promise<OwnFolder> {
  await removeAbandoned(parent);
  const path = await mkdtemp(join(parent, `vaktrom-${purpose}-${process.pid}-`)); // mode 0700
  return { path, [Symbol.asyncDispose]: () => remove(path) };
}

/** What is still writing in there is about to end. */
const remove = (path: string): Promise<void> =>
  rm(path, { recursive: true, force: true, maxRetries: 10 });

async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const [, pid] = NAME.exec(name) ?? [];
    if (pid === undefined || isAlive(Number(pid))) continue;
    const path = join(parent, name);
    const stat = await lstat(path).catch(() => undefined);
    // Anybody may write to the parent: only our own folders are ours to remove.
    if (stat?.isDirectory() && stat.uid === process.getuid?.()) await remove(path);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
