/**
 * One-time codes. A code counts once, for one request, and is spent whatever becomes of it; five wrong
 * ones within a quarter of an hour, or twenty within a day, lock their person out until peers have looked
 * into it. That a code is spent is on record before it counts for anything.
 */
import type { Standing } from '../audit/standing.ts';
import type { Instant, PersonName } from '../base/ids.ts';
import { openMutexes } from '../base/mutex.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Clock, Ledger, Log, State } from '../ports.ts';
import { codesIn } from '../stepup/find-code.ts';
import { isSpentTotp, liveTotp, readTotp, totpCountsAgainAt, verifyTotp } from '../stepup/totp.ts';

/** So many wrong ones within that time, right ones in between or not: somebody is guessing. */
const TOO_MANY = [
  { count: 5, withinMs: 15 * 60_000 },
  { count: 20, withinMs: 24 * 3_600_000 },
] as const;

const NONE_YET = 'You have no one-time codes yet. Set them up: !enrol in our direct room.';
const UNREADABLE =
  'The secret of your one-time codes cannot be read. Have an administrator of my host set them up anew: vaktrom enrol totp.';

interface Basis {
  readonly secret: string;
  readonly at: { readonly now: Instant; readonly afterStep: number };
}

export interface CodeParts {
  readonly ledger: Ledger;
  readonly standing: Standing;
  readonly state: State;
  readonly clock: Clock;
  readonly log: Log;
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
  /**
   * Looks for codes of this person that still count in what others could read, however they are written
   * there. Resolves with true once what was found counts no more, on record.
   */
  burnIn(person: PersonName, texts: readonly string[]): Promise<boolean>;
}

export function openCodes(parts: CodeParts): Codes {
  const { ledger, standing, state, clock, log } = parts;
  // One at a time for each person: two requests must not both find the same code fresh.
  const aloneFor = openMutexes<PersonName>();

  /** What a code of this person is checked with, or why none can be. */
  const basisOf = (person: PersonName): Result<Basis, string> => {
    const sealed = state.sealedSecret(person);
    if (sealed === undefined || !standing.has(person, 'totp')) return err(NONE_YET);
    try {
      const secret = parts.unseal(sealed, person);
      return ok({ secret, at: { now: clock.now(), afterStep: standing.lastStep(person) } });
    } catch (error) {
      // This concerns one person. Everybody else's codes still count.
      log.error({ error, person }, 'the secret of one-time codes cannot be read');
      return err(UNREADABLE);
    }
  };

  const spend: Codes['spend'] = async (person, typed, purpose) => {
    if (standing.isLocked(person))
      return err('You are locked out after too many wrong codes. Your peers can help: !recover.');
    const basis = basisOf(person);
    if (!basis.ok) return basis;
    const code = readTotp(typed);
    if (code === undefined) return err('A one-time code is six digits, as your app shows them.');
    const { secret, at } = basis.value;
    const againAt = totpCountsAgainAt(at.now, at.afterStep);
    if (againAt !== undefined) return err(await sayClockIsBehind(person, againAt));
    const step = verifyTotp(secret, code, at);
    // A message that was sent twice, or a code that everybody has seen: nobody has guessed anything.
    if (step === undefined && isSpentTotp(secret, code, at))
      return err('That code was used already. Give the next one that your app shows.');
    if (step === undefined) return err(await countWrong(person, purpose));
    await ledger.append({ type: 'code.burnt', person, step, why: purpose });
    return ok(step);
  };

  /** None where the secret cannot be read: then no code of it counts. */
  const liveCodesOf = (person: PersonName) => {
    const basis = basisOf(person);
    return basis.ok ? liveTotp(basis.value.secret, basis.value.at) : [];
  };

  const burnIn: Codes['burnIn'] = async (person, texts) => {
    const holds = codesIn(texts);
    const found = liveCodesOf(person).findLast(({ code }) => holds(code));
    if (!found) return false;
    const why = 'typed in a shared room';
    await ledger.append({ type: 'code.burnt', person, step: found.step, why });
    return true;
  };

  /** The person who gives a code has not set the clock back: it costs them nothing. */
  const sayClockIsBehind = async (person: PersonName, againAt: Instant): Promise<string> => {
    const until = new Date(againAt).toISOString();
    log.warn({ until }, 'the clock of this host was set back: one-time codes count for nothing');
    await ledger.append({ type: 'clock.behind', person, until });
    return `The clock of my host was set back, behind a code of yours that has counted. Codes count again from ${until} by that clock; somebody has to set it right.`;
  };

  const countWrong = async (person: PersonName, request: string): Promise<string> => {
    await ledger.append({ type: 'code.wrong', person, request });
    const isGuessing = TOO_MANY.some(
      ({ count, withinMs }) => standing.wrongCodesSince(person, clock.now() - withinMs) >= count,
    );
    if (!isGuessing) return 'That code does not count: it is wrong or too old.';
    await ledger.append({ type: 'locked', person });
    parts.onLocked(person);
    return 'That was one wrong code too many: you are locked out. Your peers can help: !recover.';
  };

  return {
    spend: (person, ...rest) => aloneFor(person)(() => spend(person, ...rest)),
    burnIn: (person, texts) => aloneFor(person)(() => burnIn(person, texts)),
  };
}
