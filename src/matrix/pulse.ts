/**
 * How the conversation with the homeserver goes, for those who watch over the daemon. A homeserver that
 * is down is asked again and again, which is a good sign of us; not to ask any more is a bad one.
 */
import { Fault } from '../base/errors.ts';
import type { Instant } from '../base/ids.ts';
import type { Clock } from '../ports.ts';

export interface Pulse {
  /** The homeserver is being asked what is new, or is asked again for something. */
  asked(): void;
  /** It did not answer, or not now. */
  failed(): void;
  /** It has told what is new. */
  answered(): void;
  /** Rejects when it has not been asked for too long: the sync hangs. */
  check(): Promise<void>;
  /** Since when it has not answered; undefined: it does. */
  silentSince(): Instant | undefined;
}

/** A question is out for a minute at most, and asked again half a minute later; the rest is for the answer. */
const LIMIT_MS = 10 * 60_000;

export function openPulse(clock: Pick<Clock, 'now'>, monotonicMs = () => performance.now()): Pulse {
  let askedAt = monotonicMs();
  let silentSince: Instant | undefined;
  const asked = (): void => {
    askedAt = monotonicMs();
  };
  return {
    asked,
    failed() {
      asked();
      silentSince ??= clock.now();
    },
    answered() {
      silentSince = undefined;
    },
    async check() {
      const ms = monotonicMs() - askedAt;
      if (ms > LIMIT_MS)
        throw new Fault('homeserver_unreachable', `not asked for ${Math.round(ms / 1000)} s`);
    },
    silentSince: () => silentSince,
  };
}
