/**
 * What is refused before it becomes a command: recorded, and said in the thread. A homeserver can send
 * any number of such events, so of each kind those that come too fast are counted rather than listed.
 */
import type { EntryBody } from '../audit/body.ts';
import type { History } from '../audit/history.ts';
import type { Instant } from '../base/ids.ts';
import type { Clock, Ledger } from '../ports.ts';
import { describeTrustRefusal } from '../trust/explain.ts';
import type { TrustRefusal, Verdict } from '../trust/judge.ts';
import type { Sighting } from '../trust/sighting.ts';

const BURST = 30;
const REFILL_MS = 2000;

/**
 * Each of these takes a fresh message of a proven sender, so they are always listed. All others can be
 * made without one and without end: a replay out of one old ciphertext, a strange identity out of none.
 */
const PROVEN: ReadonlySet<TrustRefusal> = new Set(['edit', 'reply', 'before_live']);

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

export type Refuse = (
  sighting: Sighting,
  verdict: Verdict & { readonly kind: 'refused' },
) => Promise<void>;

export function openRefusals({ ledger, history, clock, say }: RefusalParts): Refuse {
  const allowances = new Map<TrustRefusal, Allowance>();
  let unlisted = 0;

  /** Each kind has an allowance of its own, so that a flood of one does not hide another. */
  const admit = (code: TrustRefusal): boolean => {
    if (PROVEN.has(code)) return true;
    const now = clock.now();
    const { left, at } = allowances.get(code) ?? { left: BURST, at: now };
    const refilled = Math.min(BURST, left + Math.max(0, now - at) / REFILL_MS);
    const isListed = refilled >= 1;
    allowances.set(code, { left: refilled - (isListed ? 1 : 0), at: now });
    return isListed;
  };

  return async (sighting, verdict) => {
    const entry = refusedEntry(sighting, verdict);
    const { seen, when } = sighting;
    if (when === 'history' && seen.kind === 'undecryptable') return; // never meant for us to read
    // Said once: what cannot be read for one reason keeps coming until somebody mends that.
    if (seen.kind === 'undecryptable' && history.knownUndecryptable(entry)) return;
    if (history.fateOf(sighting.event) === undefined) {
      if (!admit(verdict.code)) {
        unlisted++;
        return;
      }
      const more: EntryBody[] = unlisted > 0 ? [{ type: 'refused.more', count: unlisted }] : [];
      unlisted = 0;
      await ledger.append(...more, entry);
    }
    if (when !== 'history') say(sighting, describeTrustRefusal(verdict.code));
  };
}

function refusedEntry(
  { room, event, sender, seen }: Sighting,
  { code, person }: Verdict & { readonly kind: 'refused' },
): EntryBody & { readonly type: 'refused' } {
  const source =
    seen.kind === 'decrypted'
      ? { room, event, session: seen.from.session, index: seen.from.index }
      : seen.kind === 'undecryptable'
        ? { room, event, session: seen.session }
        : { room, event };
  const identity =
    code.startsWith('identity_') && seen.kind === 'decrypted' && seen.from.identity
      ? { identity: seen.from.identity.masterKey }
      : {};
  const known = person === undefined ? {} : { person };
  return { type: 'refused', code, sender, ...known, ...identity, source };
}
