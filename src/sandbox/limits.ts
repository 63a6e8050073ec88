/**
 * Ceilings on what a sandbox uses, put on its first process before the action starts and inherited
 * by all others. From outside and that late, because RLIMIT_NPROC counts per user and user
 * namespace (Linux 5.14): set any earlier it would count the daemon's own processes too.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Plan } from '../execution/plan.ts';
import { isHostRoot, openPidsGroup } from './cgroup.ts';

const OPEN_FILES = 1024;
const PATIENCE_MS = 10_000;

/**
 * Resolves once the limits hold; dispose of the result when the sandbox is gone. Rejects if one
 * cannot be put: an action must not run with less of a fence than planned.
 */
export async function limitSandbox(pid: number, limits: Plan['limits']): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const processes = limits.processes + 1; // number 1 inside is not the action's
  if (isHostRoot()) stack.use(await openPidsGroup(pid, processes));
  const ceilings = { core: 0, data: limits.memoryBytes, nofile: OPEN_FILES, nproc: processes };
  const options = Object.entries(ceilings).map(([name, value]) => `--${name}=${value}:${value}`);
  const spawning = { env: {}, cwd: '/', timeout: PATIENCE_MS };
  await promisify(execFile)('/usr/bin/prlimit', [`--pid=${pid}`, ...options], spawning);
  return stack.move();
}
