/** Other processes, by way of /proc: each may be gone at any moment, which is no error. */
import { readFileSync, readlinkSync } from 'node:fs';

/**
 * The text of `/proc/<pid>/<name>`; empty if there is no such process, or it is not ours to read.
 */
export function readProcess(pid: number | string, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}

/** Like `pid:[4026531836]`; empty as above. */
export function namespaceOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return '';
  }
}

export function signalProcess(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // gone, or another user's
  }
}
