/**
 * The first process of a sandbox (number 1 inside), as the host sees it. When it dies the kernel kills
 * all others inside. A process id alone may have a new owner; with the id of its pid namespace it cannot,
 * so every signal is preceded by that comparison.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Init {
  readonly pid: number;
  /** SIGTERM to the action: number 2 inside, a child of number 1. False if it is not there. */
  terminate(): boolean;
  /** SIGKILL to everything inside. */
  kill(): void;
  /** Resolves once nothing inside is left. */
  gone(): Promise<void>;
}

const POLL_MS = 1;

export function watchInit(pid: number, namespace: number): Init {
  const isInside = (id: number) =>
    readLink(`/proc/${id}/ns/pid`) === `pid:[${namespace}]` && !/^State:\s[ZX]/m.test(status(id));
  const signal = (id: number, name: 'SIGTERM' | 'SIGKILL') => {
    try {
      if (isInside(id)) process.kill(id, name);
    } catch {
      // gone in between
    }
  };
  return {
    pid,
    terminate() {
      const children = read(`/proc/${pid}/task/${pid}/children`).split(' ').map(Number);
      const action = children.find((id) => /^NSpid:.*\t2$/m.test(status(id)));
      if (action !== undefined) signal(action, 'SIGTERM');
      return action !== undefined;
    },
    kill: () => signal(pid, 'SIGKILL'),
    async gone() {
      while (isInside(pid)) await sleep(POLL_MS);
    },
  };
}

const status = (pid: number) => read(`/proc/${pid}/status`);

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // no such process
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
