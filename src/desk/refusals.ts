/**
 * What is refused before it becomes a command: recorded, and said in the thread. A homeserver can send
 * any number of such events, so of each kind those that come too fast are counted rather than listed.
 *
 * A refusal is final: what was refused, listed or counted, leaves its fingerprints on record, and
 * nothing that has one of them is ever a command (see trust/fingerprints.ts).
 */
import type { EntryBody } from '../audit/body.ts';
import type { History } from '../audit/history.ts';
import type { Instant } from '../base/ids.ts';
import type { Clock, Ledger } from '../ports.ts';
import { describeTrustRefusal } from '../trust/explain.ts';
import { fingerprintsOf } from '../trust/fingerprints.ts';
import type { TrustRefusal, Verdict } from '../trust/judge.ts';
import type { Sighting } from '../trust/sighting.ts';

/** How much may come at once, and how long it takes until one more may. */
interface Bucket {
  readonly burst: number;
  readonly refillMs: number;
}
/** Refusals with an entry of their own. */
const LISTED: Bucket = { burst: 30, refillMs: 2000 };
/**
 * What strangers are told in one room, of each kind. A homeserver limits how fast the bot talks (Synapse: one
 * message in five seconds), and the answers to people of the policy stand in the same line.
 */
const SAID_TO_STRANGERS: Bucket = { burst: 3, refillMs: 60_000 };
/**
 * Refusals in one room that are only counted, and kept all the same: of one person's account, or of all
 * accounts together that the policy does not name. Who talks all day in sessions that cannot be read stays
 * below it; without it, a homeserver could fill memory and disk.
 */
const KEPT: Bucket = { burst: 2000, refillMs: 60_000 };
/** So many fingerprints, of 25 bytes each, leave an entry well below its greatest length. */
const MAX_UNRECORDED = 2000;

/**
 * Each of these takes a fresh message of a proven sender, so they are always listed. All others can be
 * made without one and without end: a replay out of one old ciphertext, a strange identity out of none.
 */
const PROVEN: ReadonlySet<TrustRefusal> = new Set([
  'edit',
  'reply',
  'before_live',
  'direct_left',
  'unclear',
]);

/** What these codes refuse is refused for good already. */
const SPENT: ReadonlySet<TrustRefusal> = new Set(['replayed', 'flooded']);

export interface RefusalParts {
  readonly ledger: Ledger;
  readonly history: History;
  readonly clock: Clock;
  /** Says something in the thread of the sighting. */
  readonly say: (sighting: Sighting, text: string) => void;
}

/** How many more may be listed, as of then. */
interface Allowance {
  readonly left: number;
  readonly at: Instant;
}

type Refused = Verdict & { readonly kind: 'refused' };

export type Refuse = (sighting: Sighting, verdict: Refused) => Promise<void>;

export interface Refusals {
  readonly refuse: Refuse;
  /** Was something with this fingerprint refused, be it on record yet or not? */
  readonly wasRefused: (fingerprint: string) => boolean;
  /** Puts on record what was counted and has to be known after a restart. */
  readonly settle: () => Promise<void>;
}

export function openRefusals({ ledger, history, clock, say }: RefusalParts): Refusals {
  const allowances = new Map<string, Allowance>();
  /** Counted since the last entry, and the fingerprints of what was. */
  let unlisted = 0;
  const unrecorded = new Set<string>();

  const wasRefused = (fingerprint: string): boolean =>
    unrecorded.has(fingerprint) || history.wasRefused(fingerprint);

  const take = (whose: string, { burst, refillMs }: Bucket): boolean => {
    const now = clock.now();
    const { left, at } = allowances.get(whose) ?? { left: burst, at: now };
    const refilled = Math.min(burst, left + Math.max(0, now - at) / refillMs);
    const isThere = refilled >= 1;
    allowances.set(whose, { left: refilled - (isThere ? 1 : 0), at: now });
    return isThere;
  };

  /**
   * Each kind has an allowance of its own, so that a flood of one does not hide another; and each
   * person, so that a flood in the name of one does not hide what another one is told.
   */
  const admit = ({ sender }: Sighting, { code, person }: Refused): boolean =>
    PROVEN.has(code) || take(person === undefined ? code : `${code} ${sender}`, LISTED);

  const maySay = ({ room }: Sighting, { code, person }: Refused): boolean =>
    person !== undefined || take(`said ${room} ${code}`, SAID_TO_STRANGERS);

  /** Nobody is told of it, so its name may come again: what was in it may not. */
  const count = async (sighting: Sighting, { code, person }: Refused): Promise<void> => {
    unlisted++;
    if (SPENT.has(code)) return;
    const { sealed, account } = fingerprintsOf(sighting);
    const fresh = sealed.filter((one) => !wasRefused(one));
    if (fresh.length === 0) return;
    // The policy may name a stranger tomorrow, and the sender of what comes may not be who sealed it.
    const whose = person === undefined ? '' : sighting.sender;
    const isKept = take(`${sighting.room} ${whose}`, KEPT);
    const spent = isKept ? fresh : person === undefined ? [] : [account];
    for (const one of spent) if (!wasRefused(one)) unrecorded.add(one);
    if (unrecorded.size >= MAX_UNRECORDED) await settle();
  };

  /** Appends what was counted, and then this. */
  const record = async (...entries: readonly EntryBody[]): Promise<void> => {
    const spent = [...unrecorded];
    const more: EntryBody[] =
      unlisted > 0
        ? [{ type: 'refused.more', count: unlisted, ...(spent.length > 0 ? { spent } : {}) }]
        : [];
    unlisted = 0;
    await ledger.append(...more, ...entries);
    for (const one of spent) unrecorded.delete(one);
  };

  const settle = async (): Promise<void> => {
    if (unrecorded.size > 0) await record();
  };

  const refuse: Refuse = async (sighting, verdict) => {
    const entry = refusedEntry(sighting, verdict);
    const { seen, when } = sighting;
    if (seen.kind === 'undecryptable') {
      // Never meant for us to read; or said once: it keeps coming until somebody mends the reason.
      if (when === 'history' || history.knownUndecryptable(entry)) return count(sighting, verdict);
    }
    if (!admit(sighting, verdict)) return count(sighting, verdict);
    await record(entry);
    if (when !== 'history' && maySay(sighting, verdict))
      say(sighting, describeTrustRefusal(verdict.code));
  };

  return { refuse, wasRefused, settle };
}

function refusedEntry(
  sighting: Sighting,
  { code, person }: Refused,
): EntryBody & { readonly type: 'refused' } {
  const { room, event, sender, seen } = sighting;
  const prints = fingerprintsOf(sighting);
  // Once it is decrypted, its proven position is what spends it; what could not be, is claimed only.
  const [source, sealed] =
    seen.kind === 'decrypted'
      ? [{ room, event, session: seen.from.session, index: seen.from.index }, []]
      : seen.kind === 'undecryptable'
        ? [{ room, event, session: seen.session }, prints.sealed]
        : [{ room, event }, []];
  const identity =
    code.startsWith('identity_') && seen.kind === 'decrypted' && seen.from.identity
      ? { identity: seen.from.identity.masterKey }
      : {};
  const known = person === undefined ? {} : { person };
  const spent = [prints.event, ...sealed];
  return { type: 'refused', code, sender, ...known, ...identity, source, spent };
}
