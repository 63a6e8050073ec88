/** What the daemon's own log says of verifications: there a person on the host finds what to compare. */

import type { UserId } from '../base/ids.ts';
import { visibleLine } from '../output/text.ts';
import type { Log } from '../ports.ts';
import type { Register } from '../trust/judge.ts';
import type { Verification, VerificationOptions } from './crypto/verification.ts';

export interface VerificationLogParts {
  readonly register: () => Register;
  readonly log: Log;
  readonly onVerified?: (verified: { readonly account: UserId; readonly identity: string }) => void;
}

export function describeVerifications({
  register,
  log,
  onVerified,
}: VerificationLogParts): Omit<VerificationOptions, 'roomOf' | 'sendInRoom'> {
  return {
    isKnown: (user) => register().accounts.has(user),
    onChange: (verification) => say(log, verification),
    onVerified(account, identity) {
      log.info({ account, identity }, 'verified: both sides have seen the same emoji');
      onVerified?.({ account, identity });
    },
    onStranger: (user) => log.warn({ user }, 'somebody unknown to the policy asks to be verified'),
    onFailure: (error) => log.warn({ error }, 'a step of a verification failed'),
  };
}

function say(log: Log, verification: Verification): void {
  const { id, user, where, begunBy, state, emoji, decimals, why } = verification;
  switch (state) {
    case 'waiting':
      log.info({ id, user, where, begunBy }, 'a verification has begun');
      break;
    case 'compare': {
      const facts = { id, user, emoji: formatEmoji(emoji), decimals: decimals.join(' ') };
      log.info(facts, `does ${user} see the same? say so with: vaktrom identity verify ${user}`);
      break;
    }
    case 'confirmed':
      log.info({ id, user }, 'confirmed here; waiting for the other side');
      break;
    case 'cancelled':
      log.warn({ id, user, why: visibleLine(why.slice(0, 200)) }, 'a verification was cancelled');
      break;
    case 'done':
      break; // onVerified says it, with the identity
  }
}

/** 🐶 Dog, 🔑 Key, …: some terminals show no emoji, and some people read aloud. */
export const formatEmoji = (emoji: Verification['emoji']): string =>
  emoji.map(({ symbol, name }) => `${symbol} ${name}`).join(', ');
