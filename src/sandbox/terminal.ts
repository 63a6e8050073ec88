/**
 * A pseudo-terminal, read to its last byte. The only importer of node-pty, of which it uses the one
 * thing that Node lacks: opening a pty. Its `spawn` is not for us: it adds to the environment,
 * passes no descriptors on, and 200 ms after the process has ended drops what was not read by then
 * (DESTROY_SOCKET_TIMEOUT_MS in lib/unixTerminal.js). Here the end of the output is what the kernel
 * says it is: once nobody has the other side open any more and all was read, reading fails with
 * EIO.
 */
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import tty from 'node:tty';
import * as pty from 'node-pty';
import { Fault } from '../base/errors.ts';

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export interface Terminal {
  /** The side for the process: a descriptor to start it with. */
  readonly device: number;
  /** Closes our own copy of `device`, for once the process has it. */
  release(): void;
  /** Resolves when no process has the terminal any more and the last byte was handed over. */
  readonly closed: Promise<void>;
  /**
   * For once the processes that it was meant for are gone: as `closed`, but somebody else who has opened
   * the terminal keeps it from ending for some seconds of reading at most.
   */
  finish(): Promise<void>;
  /** Types `text`. It waits in line while the process does not read. */
  write(text: string): void;
  pause(): void;
  resume(): void;
}

const RETRY_MS = 10;
/** Far longer than the kernel takes to hand over what has been printed. */
const QUIET_MS = 1000;
const MAX_ROUNDS = 5;

/** Hands every byte that comes out to `onOutput`, in order, never before this returns. */
export function openTerminal(size: TerminalSize, onOutput: (bytes: Uint8Array) => void): Terminal {
  const { master, device } = openPty(size);
  const stream = new tty.ReadStream(master);
  let taken = 0;
  stream.on('data', (bytes: Uint8Array) => {
    taken += bytes.length;
    onOutput(bytes);
  });
  stream.on('error', () => {}); // EIO, the end
  const closed = new Promise<void>((resolve) => stream.once('close', () => resolve()));
  let typing = Promise.resolve();

  const type = async (bytes: Uint8Array): Promise<void> => {
    for (let at = 0; at < bytes.length && !stream.destroyed; ) {
      const taken = writeNow(master, bytes.subarray(at));
      if (taken === 0) await sleep(RETRY_MS);
      at += taken;
    }
  };
  return {
    device,
    release: () => closeSync(device),
    closed,
    async finish() {
      for (let rounds = 0; rounds < MAX_ROUNDS && !stream.closed; ) {
        const before = stream.isPaused() ? undefined : taken;
        await Promise.race([closed, sleep(QUIET_MS, undefined, { ref: false })]);
        // After a stall of ours, the timer comes before what was to be read.
        for (let turns = 0; turns < 2; turns++) await nextTurn();
        if (before === undefined || stream.isPaused()) continue;
        if (taken === before) break;
        rounds++;
      }
      stream.destroy();
      await closed;
    },
    write(text) {
      typing = typing.then(() => type(Buffer.from(text)));
    },
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
  };
}

/** `native` is exported by node-pty but not in its types: what it gives is looked at. */
function openPty({ columns, rows }: TerminalSize): { master: number; device: number } {
  const native: unknown = Reflect.get(pty, 'native');
  const opened: unknown = isOpener(native) ? native.open(columns, rows) : undefined;
  if (!isPty(opened)) throw new Fault('sandbox_unavailable', 'node-pty opened no terminal');
  using stack = new DisposableStack();
  stack.defer(() => closeSync(opened.master));
  // Opened anew: node-pty's descriptor is non-blocking, a mode that the process would share and
  // that
  // makes its writes fail under load; and it would be inherited by every other process we start.
  using _slave = { [Symbol.dispose]: () => closeSync(opened.slave) };
  const device = openSync(opened.pty, constants.O_RDWR | constants.O_NOCTTY);
  stack.move();
  return { master: opened.master, device };
}

type Opener = { open(columns: number, rows: number): unknown };

const isOpener = (value: unknown): value is Opener => hasFields(value, { open: 'function' });

const isPty = (value: unknown): value is { master: number; slave: number; pty: string } =>
  hasFields(value, { master: 'number', slave: 'number', pty: 'string' });

const hasFields = (value: unknown, types: Readonly<Record<string, string>>): boolean =>
  typeof value === 'object' &&
  value !== null &&
  Object.entries(types).every(([name, type]) => typeof Reflect.get(value, name) === type);

/**
 * How much was taken at once. Node's own stream would block the whole daemon until all of it is.
 */
function writeNow(descriptor: number, bytes: Uint8Array): number {
  try {
    return writeSync(descriptor, bytes);
  } catch {
    return 0; // EAGAIN: the process does not read
  }
}
