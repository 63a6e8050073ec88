/** Waiting for something that nothing announces. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PATIENCE_MS } from '../support/patience.ts';

/** What `probe` returns as soon as that is not undefined; rejects when it never comes. */
export async function eventually<T>(
  probe: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  for (const until = performance.now() + PATIENCE_MS; ; await sleep(20)) {
    const found = await probe();
    if (found !== undefined) return found;
    if (performance.now() > until) throw new Error(`still not so after ${PATIENCE_MS} ms`);
  }
}
