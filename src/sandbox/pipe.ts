/** The pipes that a process was started with. */
import type { ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';

/**
 * Our end of the pipe that is `descriptor` to the process. What fails on it shows in how that ends.
 */
export function pipeOf(child: ChildProcess, descriptor: number): Socket {
  const pipe: unknown = child.stdio[descriptor];
  if (!(pipe instanceof Socket)) throw new Error(`descriptor ${descriptor} is not a pipe`);
  return pipe.on('error', () => {});
}
