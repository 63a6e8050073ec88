/**
 * bubblewrap as a process: with the descriptors and the environment it is meant to have, and no
 * others.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { type BwrapCommand, DESCRIPTORS } from '../execution/bwrap.ts';
import { pipeOf } from './pipe.ts';
import { readStatus, type Status } from './status.ts';

export interface BwrapProcess extends Disposable {
  readonly status: AsyncIterable<Status>;
  /**
   * Hands over the generated files. Until then bubblewrap waits, its inner user namespace not made.
   */
  giveFiles(): void;
  /** Hands over the seccomp program, and with it the start. */
  giveFilter(filter: Uint8Array): void;
  /** Gives nothing more, at which bubblewrap gives up if the action was not started. */
  abandon(): void;
  /** The signal that ended bubblewrap itself, or null. */
  readonly exited: Promise<NodeJS.Signals | null>;
}

export interface Outfit {
  readonly bwrap: string;
  readonly command: BwrapCommand;
  /** The descriptor that is standard input, output and error. */
  readonly device: number;
  /** A descriptor for each path of the command, in order. */
  readonly paths: readonly number[];
}

/** Throws if it cannot be started at all. */
export function spawnBwrap(outfit: Outfit): BwrapProcess {
  const child = spawnClosed(outfit);
  const status = pipeOf(child, DESCRIPTORS.status);
  const filter = pipeOf(child, DESCRIPTORS.filter);
  const files = outfit.command.files.map((text, index) => {
    return { text, pipe: pipeOf(child, DESCRIPTORS.files + index) };
  });
  const options = pipeOf(child, DESCRIPTORS.options);
  options.end(outfit.command.options.map((option) => `${option}\0`).join(''));
  const given = [filter, options, ...files.map(({ pipe }) => pipe)];
  return {
    status: readStatus(status),
    giveFiles: () => files.forEach(({ pipe, text }) => void pipe.end(text)),
    giveFilter: (program) => void filter.end(program),
    exited: new Promise((exited) => child.once('exit', (_code, signal) => exited(signal))),
    abandon: () => given.forEach((pipe) => void pipe.destroy()),
    [Symbol.dispose]: () => [status, ...given].forEach((pipe) => void pipe.destroy()),
  };
}

/**
 * Constant; all data are arguments: $1 the last descriptor to keep, then the program and its
 * arguments.
 *
 * Closes what else was inherited: node-pty leaves the terminals of all other runs open across exec,
 * Node what it was started with itself, and bubblewrap passes everything on. Of the tools that are
 * surely there only bash closes descriptors above 9. `exec -c` empties the environment, which
 * bubblewrap shows inside at /proc/1/environ. And if the host's memory runs out, an action is the
 * first to go.
 */
const KEEP_ONLY = `
for entry in /proc/self/fd/*; do
  number=\${entry##*/}
  if (( number > $1 )); then exec {number}>&-; fi
done
echo 1000 2>/dev/null >/proc/self/oom_score_adj
exec -c -- "\${@:2}"`;

function spawnClosed({ bwrap, command, device, paths }: Outfit): ChildProcess {
  const pipes = ['pipe', 'pipe', 'pipe', ...command.files.map(() => 'pipe' as const)] as const;
  const last = DESCRIPTORS.files + command.files.length + paths.length - 1;
  const keepOnly = ['--norc', '--noprofile', '-p', '-c', KEEP_ONLY, 'sandbox', `${last}`];
  const child = spawn('/bin/bash', [...keepOnly, bwrap, ...command.args], {
    env: {},
    cwd: '/',
    detached: true, // a session of its own: Ctrl-C at the daemon's terminal does not reach it
    stdio: [device, device, device, ...pipes, ...paths],
  });
  child.on('error', () => {}); // Node's late word on a missing pid
  if (child.pid === undefined) throw new Error('the host can start no more processes');
  return child;
}
