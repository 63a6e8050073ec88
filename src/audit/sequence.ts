/**
 * The numbers of the entries in the order in which they stand in the file: which are missing, which
 * stand elsewhere, which are there twice. Costs memory only for what is out of order, and no more time
 * for a log that was shuffled on purpose.
 */
import type { Finding } from './finding.ts';

interface Gap {
  readonly from: number;
  readonly to: number;
}

export class Sequence {
  // Every number below #next was seen, but for those in a gap; of these, #late holds the ones that
  // came after all. Gaps are in rising order, since each begins where counting had got to.
  readonly #gaps: Gap[] = [];
  readonly #late = new Set<number>();
  #next = 0;

  /** The number that the next line should have. */
  get next(): number {
    return this.#next;
  }

  /** Takes a line whose number cannot be read for the one that should stand there. */
  skip(): void {
    this.#next++;
  }

  /** What is wrong with the place of this number, if anything. `line` counts from 1. */
  take(seq: number, line: number): Finding | undefined {
    if (seq >= this.#next) {
      if (seq > this.#next) this.#gaps.push({ from: this.#next, to: seq - 1 });
      this.#next = seq + 1;
      return undefined;
    }
    if (this.#late.has(seq) || !this.#inGap(seq)) return { kind: 'inserted', seq, line };
    this.#late.add(seq);
    return { kind: 'moved', seq, before: this.#next };
  }

  /** The numbers that never came. */
  missing(): Finding[] {
    const late = [...this.#late].sort((a, b) => a - b).values();
    let came = late.next();
    return this.#gaps.flatMap(({ from, to }) => {
      const missing: Finding[] = [];
      let start = from;
      for (; !came.done && came.value <= to; came = late.next()) {
        if (came.value > start) missing.push({ kind: 'missing', from: start, to: came.value - 1 });
        start = came.value + 1;
      }
      if (start <= to) missing.push({ kind: 'missing', from: start, to });
      return missing;
    });
  }

  #inGap(seq: number): boolean {
    let low = 0;
    let high = this.#gaps.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const gap = this.#gaps[middle];
      if (!gap || seq < gap.from) high = middle - 1;
      else if (seq > gap.to) low = middle + 1;
      else return true;
    }
    return false;
  }
}
