/**
 * The server's one clock. Whatever a client may have to hear of takes the next position, and a sync
 * token is a position: "everything up to here has been said".
 */
import { invalid } from './matrix-error.ts';

export type Wake = 'changed' | 'over';

export class Stream {
  #position = 0;
  readonly #sleepers = new Set<(why: Wake) => void>();

  get position(): number {
    return this.#position;
  }

  /** Takes the next position and wakes every long poll once the running code has returned. */
  advance(): number {
    this.#position += 1;
    this.#wake('changed');
    return this.#position;
  }

  /** Makes every waiting long poll answer now with what there is, be it nothing. */
  endPolls(): void {
    this.#wake('over');
  }

  /** Resolves at the next change, or with `over` after `waitMs`, at `endPolls` or on abort. */
  pause(waitMs: number, signal: AbortSignal): Promise<Wake> {
    const { promise, resolve } = Promise.withResolvers<Wake>();
    const end = () => resolve('over');
    const timer = setTimeout(end, waitMs);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    this.#sleepers.add(resolve);
    return promise.finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      this.#sleepers.delete(resolve);
    });
  }

  #wake(why: Wake): void {
    for (const wake of this.#sleepers) wake(why);
  }
}

export const formatToken = (position: number): string => `s${position}`;

/** Throws M_INVALID_PARAM on anything that `formatToken` does not write. */
export function parseToken(text: string): number {
  const position = /^s(\d{1,15})$/.exec(text)?.[1];
  if (position === undefined) throw invalid('Invalid stream token');
  return Number(position);
}
