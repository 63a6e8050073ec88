/** The audit log without a disk: acknowledges in order, a turn of the event loop later, or fails. */
import type { EntryBody } from '../../src/audit/body.ts';
import { type Entry, formatEntry } from '../../src/audit/entry.ts';
import { Fatal } from '../../src/base/errors.ts';
import type { Ledger } from '../../src/ports.ts';
import { settle } from './manual-clock.ts';

export interface MemoryLedgerOptions {
  readonly now?: () => number;
  /** Told of every entry before its append is acknowledged, like the real one's. */
  readonly onEntry?: (entry: Entry) => void;
}

export class MemoryLedger implements Ledger {
  readonly written: Entry[] = [];
  readonly #options: MemoryLedgerOptions;
  #failure: Fatal | undefined;
  #failNext: 'before' | 'after' | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: MemoryLedgerOptions = {}) {
    this.#options = options;
  }

  append(...bodies: readonly EntryBody[]): Promise<number> {
    const mine = this.#last.then(() => this.#commit(bodies));
    this.#last = mine.catch(() => {}); // its caller is told
    return mine;
  }

  /** The next append rejects, and all after it: before anything is written, or only after it was. */
  fail(when: 'before' | 'after'): void {
    this.#failNext = when;
  }

  head(): ReturnType<Ledger['head']> {
    return { size: this.written.length, note: `test\n${this.written.length}\n` };
  }

  async *entries(): AsyncIterable<Entry> {
    yield* this.written.slice();
  }

  /** The types of what was written, in order. */
  get types(): readonly string[] {
    return this.written.map(({ type }) => type);
  }

  async #commit(bodies: readonly EntryBody[]): Promise<number> {
    await settle();
    if (this.#failNext) this.#failure = new Fatal('audit_append_failed', 'the disk is gone');
    if (this.#failure && this.#failNext !== 'after') throw this.#failure;
    this.#failNext = undefined;
    const first = this.written.length;
    const ts = new Date(this.#options.now?.() ?? 0).toISOString();
    for (const [i, body] of bodies.entries()) {
      const entry = { v: 1, seq: first + i, ts, boot: 'test', ...body } as const;
      formatEntry(entry); // refuses what the real one would
      this.written.push(entry);
    }
    if (this.#failure) throw this.#failure;
    for (const entry of this.written.slice(first)) this.#options.onEntry?.(entry);
    return first;
  }
}
