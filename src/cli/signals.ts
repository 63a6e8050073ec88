/**
 * Ctrl-C, a closed terminal or a polite kill, as an error: what was opened is closed on the way out. A
 * signal often comes twice (npm passes it on, the kernel hangs up the leader and its group): the second
 * one must not cut the clean-up short.
 */
import { constants } from 'node:os';
import { Fault } from '../base/errors.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export class Interrupted extends Fault {
  /** As a shell reports a program that ended by this signal. */
  readonly exit: number;
  constructor(signal: (typeof SIGNALS)[number]) {
    super('interrupted', `stopped by ${signal}`);
    this.exit = 128 + constants.signals[signal];
  }
}

export interface Signals extends Disposable {
  /** Does not wait for `work` once a signal comes: rejects with Interrupted. */
  during<T>(work: Promise<T>): Promise<T>;
}

export function catchSignals(): Signals {
  const caught = Promise.withResolvers<never>();
  caught.promise.catch(() => {}); // whoever waits for work is told
  const listeners = SIGNALS.map((signal) => {
    const listener = () => caught.reject(new Interrupted(signal));
    process.on(signal, listener);
    return () => void process.off(signal, listener);
  });
  // Waiting for a signal does not keep a process alive, and a question that was taken back no longer does.
  const awake = setInterval(() => {}, 2 ** 30);
  return {
    during(work) {
      work.catch(() => {}); // after a signal nobody waits for it
      return Promise.race([work, caught.promise]);
    },
    [Symbol.dispose]() {
      clearInterval(awake);
      for (const remove of listeners) remove();
    },
  };
}
