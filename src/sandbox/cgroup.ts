/**
 * A ceiling on processes for a daemon that runs as root: a control group with the pids controller,
 * in version 1 or 2. The kernel never refuses a process to the host's root, whatever RLIMIT_NPROC
 * says (kernel/fork.c, INIT_USER); any other user is held by it and needs none of this.
 */
import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeError } from '../base/errors.ts';

const ROOTS = ['/sys/fs/cgroup/pids', '/sys/fs/cgroup']; // version 1, version 2
const PREFIX = 'vaktrom-';
const POLL_MS = 5;
const MAX_POLLS = 400;

let made = 0;

/** Root of the host, that is. The root of a rootless container is an ordinary user outside. */
export const isHostRoot = (): boolean =>
  process.getuid?.() === 0 && /^\s*0\s+0\s/m.test(readFileSync('/proc/self/uid_map', 'utf8'));

/** Moves the process, and so all its children to come, into a group of its own. */
export async function openPidsGroup(pid: number, processes: number): Promise<AsyncDisposable> {
  const problems: string[] = [];
  for (const root of ROOTS) {
    const group = `${root}/${PREFIX}${process.pid}-${++made}`;
    try {
      await mkdir(group);
      // 'r+': where this is no control group, the files must not come into being.
      await writeFile(`${group}/pids.max`, `${processes}`, { flag: 'r+' });
      await writeFile(`${group}/cgroup.procs`, `${pid}`, { flag: 'r+' });
      return { [Symbol.asyncDispose]: () => removeGroup(group) };
    } catch (error) {
      problems.push(describeError(error));
      tryRemove(group);
    }
  }
  throw new Error(
    `only a control group limits the processes of root, and none can be made (${problems.join('; ')}): run the daemon as a user of its own`,
  );
}

/** Removes what daemons left that are no more. */
export function removeOldGroups(): void {
  for (const root of ROOTS.filter((folder) => existsSync(folder))) {
    for (const name of readdirSync(root).filter((entry) => entry.startsWith(PREFIX))) {
      const [owner] = name.slice(PREFIX.length).split('-');
      if (!existsSync(`/proc/${owner}`)) tryRemove(`${root}/${name}`);
    }
  }
}

/** The last process may need a moment to leave, also when nothing else shows it any more. */
async function removeGroup(group: string): Promise<void> {
  for (let polls = 0; !tryRemove(group) && polls < MAX_POLLS; polls++) await sleep(POLL_MS);
}

function tryRemove(group: string): boolean {
  try {
    rmdirSync(group);
  } catch {
    // not empty yet, or never made
  }
  return !existsSync(group);
}
