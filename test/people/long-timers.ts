/**
 * matrix-js-sdk never clears the timers that would abort its requests after 60 to 110 s, and each of
 * them keeps the process alive that long. Nothing in a test waits on a timer of that length, so such
 * timers are made not to count.
 */
const LONG_MS = 50_000;

const plain = globalThis.setTimeout;

function setTimeoutLoosely<Args extends unknown[]>(
  act: (...args: Args) => void,
  delayMs?: number,
  ...args: Args
): NodeJS.Timeout {
  const timer = plain(act, delayMs, ...args);
  return delayMs !== undefined && delayMs >= LONG_MS ? timer.unref() : timer;
}

export function ignoreLongTimers(): void {
  globalThis.setTimeout = Object.assign(setTimeoutLoosely, {
    __promisify__: plain.__promisify__,
  });
}
