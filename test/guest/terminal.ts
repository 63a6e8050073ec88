/** Somebody in front of a terminal: reads what appears, types answers. */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { eventually } from '../people/eventually.ts';

/** For a question to appear, on a machine that has much else to do. */

export class Terminal implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #kill: () => Promise<void>;
  readonly #closed: Promise<unknown[]>;
  #shown = '';
  /** How much of it has been read: what is waited for comes after that. */
  #read = 0;
  #isClosed = false;

  constructor(child: ChildProcessWithoutNullStreams, kill: () => Promise<void>) {
    this.#child = child;
    this.#kill = kill;
    this.#closed = once(child, 'close');
    void this.#closed.then(() => {
      this.#isClosed = true;
    });
    const show = (part: string): void => {
      this.#shown += part;
    };
    child.stdout.setEncoding('utf8').on('data', show);
    child.stderr.setEncoding('utf8').on('data', show);
  }

  /** All that was shown, as the terminal got it, control sequences included. */
  get shown(): string {
    return this.#shown;
  }

  /** What the pattern matches first in what was not read yet. */
  async read(pattern: RegExp): Promise<RegExpExecArray> {
    const seek = (): RegExpExecArray | undefined => {
      const found = pattern.exec(this.#shown.slice(this.#read));
      if (found) this.#read += found.index + found[0].length;
      else if (this.#isClosed) throw new Error(`it ended without ${pattern}:\n${this.#shown}`);
      return found ?? undefined;
    };
    return eventually(seek).catch((cause) => {
      throw new Error(`no ${pattern} in:\n${this.#shown}`, { cause });
    });
  }

  /** Types a line and the return key. */
  type(line: string): void {
    this.#child.stdin.write(`${line}\r`);
  }

  /** The exit code, once it has ended. */
  async end(): Promise<number> {
    await eventually(() => this.#isClosed || undefined).catch((cause) => {
      throw new Error(`it does not end:\n${this.#shown}`, { cause });
    });
    const [code] = await this.#closed;
    return Number(code ?? 255);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isClosed) await this.#kill();
    await this.#closed;
  }
}
