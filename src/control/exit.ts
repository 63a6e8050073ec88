/**
 * With which code `vaktrom request` ends: that of the action where the action ran to its end, else one
 * of these, out of the way of what programs use (timeout(1) has 124 as well). See docs/operations.md.
 */
import { assertNever } from '../base/errors.ts';
import type { Closing, Ending } from '../request/life.ts';

export const EXIT = {
  refused: 120,
  denied: 121,
  expired: 122,
  /** Withdrawn by its requester, or void because something changed. */
  gone: 123,
  timedOut: 124,
  /** Cancelled, stopped, not started, or not known. */
  cutOff: 125,
} as const;

/** Of `vaktrom reload`. */
export const EXIT_OF_RELOAD = { loaded: 0, unchanged: 0, rejected: 1 } as const;

export function exitOfEnding({ outcome }: Ending): number {
  switch (outcome.kind) {
    case 'exited':
      return outcome.exit & 0xff;
    case 'given':
      return 0;
    case 'timed_out':
      return EXIT.timedOut;
    case 'cancelled':
    case 'stopped':
    case 'not_started':
    case 'unknown':
      return EXIT.cutOff;
    default:
      return assertNever(outcome);
  }
}

export function exitOfClosing({ kind }: Closing): number {
  switch (kind) {
    case 'refused':
      return EXIT.refused;
    case 'denied':
      return EXIT.denied;
    case 'expired':
      return EXIT.expired;
    case 'withdrawn':
    case 'voided':
      return EXIT.gone;
    default:
      return assertNever(kind);
  }
}
