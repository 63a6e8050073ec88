/**
 * One-time codes. A code counts once, for one request, and is spent whatever becomes of it; five wrong
 * ones within a quarter of an hour, or twenty within a day, lock their person out until peers have looked
 * into it. That a code is spent is on record before it counts for anything.
 */
import type { Standing } from '../audit/standing.ts';
import type { PersonName } from '../base/ids.ts';
import { openMutexes } from '../base/mutex.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Clock, Ledger, State } from '../ports.ts';
import { verifyTotp } from '../stepup/totp.ts';

/** So many wrong ones within that time, right ones in between or not: somebody is guessing. */
const TOO_MANY = [
  { count: 5, withinMs: 15 * 60_000 },
  { count: 20, withinMs: 24 * 3_600_000 },
] as const;

export interface CodeParts {
  readonly ledger: Ledger;
  readonly standing: Standing;
  readonly state: State;
  readonly clock: Clock;
  readonly unseal: (sealed: string, person: PersonName) => string;
  /** Somebody was locked out: tells those who can help. */
  readonly onLocked: (person: PersonName) => void;
}

export interface Codes {
  /**
   * Spends a code of this person, for `purpose` (a request's id, say). Resolves with the 30-second step
   * that is now spent, on record, or with the reason why it counts for nothing.
   */
  spend(person: PersonName, code: string, purpose: string): Promise<Result<number, string>>;
}

export function openCodes(parts: CodeParts): Codes {
  const { ledger, standing, state, clock } = parts;
  // One at a time for each person: two requests must not both find the same code fresh.
  const aloneFor = openMutexes<PersonName>();

  const spend: Codes['spend'] = async (person, code, purpose) => {
    if (standing.isLocked(person))
      return err('You are locked out after too many wrong codes. Your peers can help: !recover.');
    const sealed = state.sealedSecret(person);
    if (sealed === undefined || !standing.has(person, 'totp'))
      return err('You have no one-time codes yet. Set them up: !enrol in our direct room.');
    const checked = { now: clock.now(), afterStep: standing.lastStep(person) };
    const step = verifyTotp(parts.unseal(sealed, person), code, checked);
    if (step === undefined) return err(await countWrong(person, purpose));
    await ledger.append({ type: 'code.burnt', person, step, why: purpose });
    return ok(step);
  };

  const countWrong = async (person: PersonName, request: string): Promise<string> => {
    await ledger.append({ type: 'code.wrong', person, request });
    const isGuessing = TOO_MANY.some(
      ({ count, withinMs }) => standing.wrongCodesSince(person, clock.now() - withinMs) >= count,
    );
    if (!isGuessing) return 'That code does not count: it is wrong, too old, or was used before.';
    await ledger.append({ type: 'locked', person });
    parts.onLocked(person);
    return 'That was one wrong code too many: you are locked out. Your peers can help: !recover.';
  };

  return { spend: (person, ...rest) => aloneFor(person)(() => spend(person, ...rest)) };
}
