/**
 * The first process of a sandbox (number 1 inside), as the host sees it. When it dies the kernel
 * kills all others inside. A process id alone may have a new owner; with the id of its pid
 * namespace it cannot, so every signal is preceded by that comparison.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { namespaceOf, readProcess, signalProcess } from './proc.ts';

export interface Init {
  readonly pid: number;
  /** SIGTERM to the action: number 2 inside, a child of number 1. False if it is not there. */
  terminate(): boolean;
  /** SIGKILL to everything inside. */
  kill(): void;
  /** Resolves once nothing inside is left, however long the kernel takes for that. */
  gone(): Promise<void>;
}

const POLL_MS = 1;

export function watchInit(pid: number, namespace: number): Init {
  const isInside = (id: number) =>
    namespaceOf(id) === `pid:[${namespace}]` && !/^State:\s[ZX]/m.test(readProcess(id, 'status'));
  return {
    pid,
    terminate() {
      const children = readProcess(pid, `task/${pid}/children`).split(' ').map(Number);
      const action = children.find((id) => /^NSpid:.*\t2$/m.test(readProcess(id, 'status')));
      if (action !== undefined && isInside(action)) signalProcess(action, 'SIGTERM');
      return action !== undefined;
    },
    kill() {
      if (isInside(pid)) signalProcess(pid, 'SIGKILL');
    },
    async gone() {
      while (isInside(pid)) await sleep(POLL_MS);
    },
  };
}
