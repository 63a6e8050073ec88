/** Waiting for something that nothing announces. */
import { setTimeout as sleep } from 'node:timers/promises';

/** What `probe` returns as soon as that is not undefined; rejects after `timeoutMs`. */
export async function eventually<T>(
  probe: () => T | undefined | Promise<T | undefined>,
  timeoutMs = 10_000,
): Promise<T> {
  for (const until = Date.now() + timeoutMs; ; await sleep(20)) {
    const found = await probe();
    if (found !== undefined) return found;
    if (Date.now() > until) throw new Error(`still not so after ${timeoutMs} ms`);
  }
}
