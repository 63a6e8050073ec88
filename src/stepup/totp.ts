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
