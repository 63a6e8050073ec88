/**
 * One-time codes, RFC 6238: six digits, 30 seconds, SHA-1, which is what every authenticator app can do.
 * The only importer of otplib. A code is never checked without `afterStep`: left to itself, the library
 * accepts the same code again for as long as it is fresh (RFC 6238, 5.2).
 */
import { generateSecret, generateSync, generateURI, verifySync } from 'otplib';
import type { Instant } from '../base/ids.ts';

/** One step before and after ours, for clocks that are not quite right. */
const TOLERANCE_SECONDS = 30;
const STEP_MS = 30_000;

/** A new shared secret, 160 bits in base 32. */
export const makeTotpSecret = (): string => generateSecret();

/** What an authenticator app shows in a 30-second step; the demo has such an app. */
export const totpCode = (secret: string, step: number): string =>
  generateSync({ secret, epoch: (step * STEP_MS) / 1000 });

/** The six digits of a code that was typed with spaces, dashes or a full stop; undefined for anything else. */
export function readTotp(typed: string): string | undefined {
  const digits = typed.replace(/[\s.\-\u2010-\u2015]/gu, '');
  return /^[0-9]{6}$/.test(digits) ? digits : undefined;
}

/** The steps whose codes would count now, each with its code. */
export const liveTotp = (
  secret: string,
  { now, afterStep }: { readonly now: Instant; readonly afterStep: number },
): readonly { readonly step: number; readonly code: string }[] =>
  stepsAround(now)
    .filter((step) => step > afterStep)
    .map((step) => ({ step, code: totpCode(secret, step) }));

/** A code that is sent twice may arrive after a later one has counted. */
const SPENT_STEPS = 20;

/** Is it a code that has counted, or of one of the steps that are spent with it? It tells nobody anything. */
export const isSpentTotp = (
  secret: string,
  code: string,
  { now, afterStep }: { readonly now: Instant; readonly afterStep: number },
): boolean =>
  [...Array.from({ length: SPENT_STEPS }, (_, back) => afterStep - back), ...stepsAround(now)].some(
    (step) => step >= 0 && step <= afterStep && totpCode(secret, step) === code,
  );

/** When codes count again, if the clock stands so far before the last code that none can. */
export const totpCountsAgainAt = (now: Instant, afterStep: number): Instant | undefined =>
  stepsAround(now).every((step) => step < afterStep)
    ? ((afterStep * STEP_MS) as Instant)
    : undefined;

/** Our step, and one before and after it. */
const stepsAround = (now: Instant): readonly number[] =>
  [-1, 0, 1].map((apart) => Math.floor(now / STEP_MS) + apart);

/** What an authenticator app reads from the QR code. */
export const formatTotpUri = (secret: string, issuer: string, label: string): string =>
  generateURI({ secret, issuer, label });

/**
 * The 30-second step whose code this is; undefined when it is of no step that counts: wrong, too old,
 * of the future, or of a step not after `afterStep`.
 */
export function verifyTotp(
  secret: string,
  code: string,
  { now, afterStep }: { readonly now: Instant; readonly afterStep: number },
): number | undefined {
  if (!/^[0-9]{6}$/.test(code)) return undefined;
  // The clock was set back behind a code that counted: until it has caught up, none does.
  if (afterStep >= Math.floor(now / STEP_MS) + 1) return undefined;
  const result = verifySync({
    secret,
    token: code,
    epoch: Math.floor(now / 1000),
    epochTolerance: TOLERANCE_SECONDS,
    ...(afterStep < 0 ? {} : { afterTimeStep: afterStep }),
  });
  return result.valid && 'timeStep' in result ? result.timeStep : undefined;
}
