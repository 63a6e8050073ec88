/** The process that owns a guest: see ./supervise for its orders. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

export class Supervisor {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<unknown[]>;
  readonly #errors: Promise<string>;
  readonly #answers: AsyncIterator<string>;

  constructor(script: string, args: readonly string[]) {
    // In a session of its own: a signal to our process group must not end what cleans up behind us.
    const child = spawn(script, args, { detached: true });
    this.#child = child;
    this.#ended = once(child, 'exit');
    this.#errors = text(child.stderr);
    this.#answers = createInterface(child.stdout)[Symbol.asyncIterator]();
    child.stdin.on('error', () => {}); // it has ended: the next answer says so
  }

  /** The second word of its answer. */
  async order(word: 'up' | 'down' | 'cut'): Promise<string> {
    this.#child.stdin.write(`${word}\n`);
    const answer = await this.#answers.next();
    if (answer.done === true) throw new Error(`the guest is gone: ${await this.#errors}`);
    return answer.value.split(' ')[1] ?? '';
  }

  /** Takes the guest away, with all that belongs to it. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null) return; // it failed, as the last order told
    this.#child.stdin.end();
    const [code] = await this.#ended;
    if (code !== 0) throw new Error(`the guest was not taken away: ${await this.#errors}`);
  }
}
