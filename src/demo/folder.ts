/**
 * The folder of one demo, gone when the demo ends. A demo that was killed leaves its folder, with the
 * bot's password in it; the next one removes it.
 */
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface DemoFolder extends AsyncDisposable {
  readonly path: string;
}

/** Names the process, so that the next demo knows whose folder it is. */
const NAME = /^vaktrom-demo-(\d+)-/;

export async function openDemoFolder(parent = tmpdir()): Promise<DemoFolder> {
  await removeAbandoned(parent);
  const path = await mkdtemp(join(parent, `vaktrom-demo-${process.pid}-`)); // mode 0700
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
