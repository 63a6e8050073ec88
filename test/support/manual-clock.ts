/** A clock that stands still until it is moved. */
import type { Instant } from '../../src/base/ids.ts';
import type { Clock } from '../../src/ports.ts';

interface Alarm {
  readonly at: Instant;
  readonly ring: () => void;
}

export class ManualClock implements Clock {
  #now: Instant;
  readonly #alarms = new Set<Alarm>();

  constructor(now: Instant = Date.parse('2026-01-05T10:00:00Z')) {
    this.#now = now;
  }

  now(): Instant {
    return this.#now;
  }

  after(ms: number, ring: () => void): () => void {
    const alarm = { at: this.#now + ms, ring };
    this.#alarms.add(alarm);
    return () => this.#alarms.delete(alarm);
  }

  /** Somebody sets the clock of the host; nothing falls due by that. */
  setBack(ms: number): void {
    this.#now -= ms;
  }

  /** How many calls are still to come. */
  get pending(): number {
    return this.#alarms.size;
  }

  /**
   * Moves on, and makes the calls that fall due, in their order. What they set off has had a turn of
   * the event loop after each of them.
   */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (;;) {
      const due = [...this.#alarms].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.#alarms.delete(due);
      this.#now = Math.max(this.#now, due.at);
      due.ring();
      await settle();
    }
    this.#now = until;
    await settle();
  }
}

/** Lets everything that is ready to go on, go on. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
