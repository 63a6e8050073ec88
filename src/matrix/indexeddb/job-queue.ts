/**
 * The one queue of a store: connections are opened and transactions are run strictly one after
 * another, in the order in which they were asked for, so no two transactions ever overlap.
 *
 * Invariant: after an error that is not a request's own, nothing is settled any more. The wasm has
 * already changed its memory; letting it hear of a failure would let it go on with memory and disk
 * apart.
 */
import { refusal } from './refusal.ts';

/**
 * Work on the store, as a generator: it yields whenever a listener has run, and goes on when all
 * that the listener caused (microtasks included) has happened. What it throws is fatal.
 */
export type Job = Generator<undefined, void, undefined>;

export class JobQueue {
  readonly #jobs: Job[] = [];
  readonly #onFatal: (error: unknown) => void;
  readonly #whenIdle: (() => void)[] = [];
  #scheduled = false;
  #closed = false;
  #failed = false;

  /** `onFatal` is called at most once. */
  constructor(onFatal: (error: unknown) => void) {
    this.#onFatal = onFatal;
  }

  /** @throws DOMException `InvalidStateError` once the queue is closed. */
  add(job: Job): void {
    if (this.#closed) throw refusal('InvalidStateError', 'the store is closed');
    this.#jobs.push(job);
    this.#schedule();
  }

  /** Does something between two jobs. Never settles when that, or a job before it, was fatal. */
  do(act: () => void): Promise<void> {
    return new Promise((resolve) => {
      this.add(
        (function* (): Job {
          act();
          resolve();
          yield;
        })(),
      );
    });
  }

  /** Takes no more jobs; resolves when those that it has are finished or can never be. */
  close(): Promise<void> {
    this.#closed = true;
    return new Promise((resolve) => {
      this.#whenIdle.push(resolve);
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // A turn of the event loop: every microtask runs before it, and I/O is not starved. To wait
    // for the microtasks alone (microtask, then nextTick) was measured and gained nothing.
    setImmediate(() => this.#step());
  }

  #step(): void {
    this.#scheduled = false;
    const job = this.#jobs[0];
    if (job === undefined || this.#failed) {
      for (const resolve of this.#whenIdle.splice(0)) resolve();
      return;
    }
    try {
      if (job.next().done) this.#jobs.shift();
    } catch (error) {
      this.#failed = true;
      this.#onFatal(error);
    }
    this.#schedule();
  }
}
