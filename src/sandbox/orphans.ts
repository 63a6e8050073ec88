/**
 * Sandboxes without a bubblewrap outside to watch over them. `--die-with-parent` ends a sandbox
 * with its daemon, except in the moment (below a millisecond) in which bubblewrap has made the
 * first process and that has not yet asked for it. A daemon killed in just that moment leaves one
 * behind; the next daemon removes it. Under systemd KillMode=control-group leaves none.
 */
import { readdirSync } from 'node:fs';
import { SEPARATION } from '../execution/bwrap.ts';
import { readProcess, signalProcess } from './proc.ts';

/** Kills the first process of each such sandbox, and with it all of the sandbox. */
export function killOrphans(bwrap: string): void {
  const ours = [bwrap, ...SEPARATION, ''].join('\0');
  const isOurs = (pid: string) => readProcess(pid, 'cmdline').startsWith(ours);
  for (const pid of readdirSync('/proc').filter(isOurs)) {
    const status = readProcess(pid, 'status');
    // A second id, 1, in a namespace of its own; bubblewrap outside has the first only.
    const isFirst = /^NSpid:\t[0-9]+\t1$/m.test(status);
    const parent = status.match(/^PPid:\t([0-9]+)$/m)?.[1] ?? '';
    if (isFirst && !isOurs(parent)) signalProcess(Number(pid), 'SIGKILL');
  }
}
