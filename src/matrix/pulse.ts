/**
 * Tells whether the sync is alive, for the watchdog. The sync asks a homeserver that is down again and
 * again: that counts as alive. A sync that has stopped asking hangs.
 */
import { Fault } from '../base/errors.ts';
import type { Instant } from '../base/ids.ts';
import type { Clock } from '../ports.ts';

export interface Pulse {
  /** A request to the homeserver begins. */
  asked(): void;
  /** A request failed and will be made again. */
  failed(): void;
  /** A sync response arrived. */
  answered(): void;
  /** Rejects when no request has begun for too long: the sync hangs. */
  check(): Promise<void>;
  /** The time of the first failure since the last sync response; undefined if there was none. */
  silentSince(): Instant | undefined;
}

/** A request takes a minute at most and is made again within half a minute; the rest is for handling a response. */
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
