/**
 * Calls into the crypto library: one at a time, each with a limit, each on disk as a whole or not at all. A panic, or a call that never
 * settles, leaves the library broken: from then on every call is refused with that same Fatal, so
 * whoever comes next, the sync at the latest, ends the daemon.
 */
import { Fatal, Fault } from '../../base/errors.ts';
import { openMutex } from '../../base/mutex.ts';

export interface Calls {
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Runs `last` once nothing else is running; later calls are refused. */
  end(last: () => void): Promise<void>;
}

/** Runs `work`; what it has the store write becomes durable at once, unless it rejects with Fatal. */
export type Atomically = <T>(work: () => Promise<T>) => Promise<T>;

const CALL_LIMIT_MS = 30_000;

export function openCalls(atomically: Atomically, limitMs = CALL_LIMIT_MS): Calls {
  const alone = openMutex();
  let over: Fatal | Fault | undefined;
  return {
    run: (work) =>
      alone(async () => {
        if (over) throw over;
        try {
          return await limited(
            atomically(() => Promise.try(work).catch(rethrow)), // it may throw at once
            limitMs,
          );
        } catch (error) {
          if (error instanceof Fatal) over = error;
          throw error;
        }
      }),
    end: (last) =>
      alone(async () => {
        if (over) return; // already, or broken: then there is nothing that could be put in order
        over = new Fault('message_unsent', 'the encryption has been shut down');
        last();
      }),
  };
}

function rethrow(error: unknown): never {
  if (error instanceof Error && error.name === 'RuntimeError')
    throw new Fatal('crypto_stalled', 'the crypto library has panicked', error);
  throw error;
}

async function limited<T>(work: Promise<T>, limitMs: number): Promise<T> {
  const timer = Promise.withResolvers<never>();
  const stalled = new Fatal('crypto_stalled', 'the crypto library does not answer any more');
  const timeout = setTimeout(() => timer.reject(stalled), limitMs);
  try {
    return await Promise.race([work, timer.promise]);
  } finally {
    clearTimeout(timeout);
  }
}
