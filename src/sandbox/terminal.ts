/**
 * A pseudo-terminal and its lossless reading. The only importer of node-pty, of which it uses the one
 * thing that Node lacks: opening a pty. Its `spawn` is not for us: it adds to the environment, passes
 * no descriptors on, and loses what was not read when the process ends, in two ways. It destroys the
 * socket 200 ms later (lib/unixTerminal.js), and libuv takes a hang-up for the end of the data
 * (src/unix/stream.c, UV_HANDLE_READ_PARTIAL). So we hold the other end open ourselves, no hang-up
 * comes, and once all writers are gone we read until nothing is left.
 */
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import tty from 'node:tty';
import { native } from 'node-pty';
import { Fault } from '../base/errors.ts';

declare module 'node-pty' {
  /** Exported but not in its types; `openPty` looks at what comes back. */
  const native: { open(columns: number, rows: number): unknown };
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export interface Terminal {
  /** The end for the process: a descriptor to start it with, open until `drain` is done. */
  readonly device: number;
  /** Types `text`. Waits in line while the process does not read. */
  write(text: string): void;
  pause(): void;
  resume(): void;
  /**
   * To be called once no process has the terminal any more: hands over what is left, for as long as
   * it takes while paused, then closes both ends.
   */
  drain(): Promise<void>;
}

const CHUNK_BYTES = 65_536;
const RETRY_MS = 10;

/** Hands every byte that comes out to `onOutput`, in order, never before this returns. */
export function openTerminal(size: TerminalSize, onOutput: (bytes: Uint8Array) => void): Terminal {
  const { master, device } = openPty(size);
  const stream = new tty.ReadStream(master);
  let resumed: PromiseWithResolvers<void> | undefined;
  let draining = false;
  let closed = false;
  let typing = Promise.resolve();

  // A hang-up comes only if the process makes one (TIOCSCTTY, then exit): what it hides is its own.
  stream.on('error', () => {});
  stream.on('data', onOutput);

  const next = (): Uint8Array | undefined => {
    if (stream.destroyed) return undefined;
    const waiting: unknown = stream.read();
    return waiting instanceof Uint8Array ? waiting : readNow(master);
  };
  const type = async (bytes: Uint8Array): Promise<void> => {
    for (let at = 0; at < bytes.length && !closed && !stream.destroyed; ) {
      const written = writeNow(master, bytes.subarray(at));
      at += written;
      if (written === 0) await sleep(RETRY_MS);
    }
  };

  return {
    device,
    write(text) {
      typing = typing.then(() => type(Buffer.from(text)));
    },
    pause() {
      resumed ??= Promise.withResolvers();
      stream.pause();
    },
    resume() {
      resumed?.resolve();
      resumed = undefined;
      if (!draining) stream.resume();
    },
    async drain() {
      draining = true;
      stream.off('data', onOutput).pause();
      await resumed?.promise;
      for (let bytes = next(); bytes !== undefined; bytes = next()) {
        onOutput(bytes);
        await resumed?.promise;
      }
      closed = true;
      stream.destroy();
      closeSync(device);
    },
  };
}

function openPty({ columns, rows }: TerminalSize): { master: number; device: number } {
  const opened = native.open(columns, rows);
  if (!isPty(opened)) throw new Fault('sandbox_unavailable', 'node-pty opened no terminal');
  // Opened anew: node-pty's descriptor is non-blocking, a mode that the process would share and that
  // makes its writes fail under load; and it would be inherited by every other process we start.
  const device = openSync(opened.pty, constants.O_RDWR | constants.O_NOCTTY);
  closeSync(opened.slave);
  return { master: opened.master, device };
}

const isPty = (value: unknown): value is { master: number; slave: number; pty: string } =>
  typeof value === 'object' &&
  value !== null &&
  ['master', 'slave'].every((end) => typeof Reflect.get(value, end) === 'number') &&
  typeof Reflect.get(value, 'pty') === 'string';

/** What can be read without waiting; undefined if there is nothing. */
function readNow(descriptor: number): Uint8Array | undefined {
  const bytes = Buffer.allocUnsafe(CHUNK_BYTES);
  try {
    const length = readSync(descriptor, bytes);
    return length === 0 ? undefined : bytes.subarray(0, length);
  } catch {
    return undefined; // EAGAIN: nothing left; EIO: hung up
  }
}

/** How much was taken without waiting. */
function writeNow(descriptor: number, bytes: Uint8Array): number {
  try {
    return writeSync(descriptor, bytes);
  } catch {
    return 0; // EAGAIN: full, or EIO: hung up
  }
}
