/**
 * What is refused before it becomes a command: recorded, and said in the thread. A homeserver can send
 * any number of such events, so they are counted rather than listed once they come too fast.
 */
import type { EntryBody } from './audit/entry.ts';
import type { History } from './audit/history.ts';
import type { Clock, Ledger } from './ports.ts';
import { describeTrustRefusal } from './trust/explain.ts';
import type { TrustRefusal, Verdict } from './trust/judge.ts';
import type { Sighting } from './trust/sighting.ts';

const BURST = 30;
const REFILL_MS = 2000;

/** Codes that somebody without a trusted device can cause; only these are ever left unlisted. */
const FLOODABLE: readonly TrustRefusal[] = [
  'clear_text',
  'unknown_account',
  'missing_key',
  'damaged',
];

export interface RefusalParts {
  readonly ledger: Ledger;
  readonly history: History;
  readonly clock: Clock;
  /** Says something in the thread of the sighting. */
  readonly say: (sighting: Sighting, text: string) => void;
}

export type Refuse = (
  sighting: Sighting,
  verdict: Verdict & { readonly kind: 'refused' },
) => Promise<void>;

export function openRefusals({ ledger, history, clock, say }: RefusalParts): Refuse {
  let allowance = BURST;
  let refilledAt = clock.now();
  let unlisted = 0;

  const admit = (code: TrustRefusal): boolean => {
    const now = clock.now();
    allowance = Math.min(BURST, allowance + (now - refilledAt) / REFILL_MS);
    refilledAt = now;
    if (!FLOODABLE.includes(code)) return true;
    if (allowance < 1) return false;
    allowance--;
    return true;
  };

  return async (sighting, verdict) => {
    const { seen, sender, when } = sighting;
    if (when === 'history' && seen.kind === 'undecryptable') return; // never meant for us to read
    // Said once per session: what cannot be read keeps coming until somebody mends it.
    if (seen.kind === 'undecryptable' && history.knownUndecryptable(sender, seen.session)) return;
    if (history.fateOf(sighting.event) === undefined) {
      if (!admit(verdict.code)) {
        unlisted++;
        return;
      }
      const more: EntryBody[] = unlisted > 0 ? [{ type: 'refused.more', count: unlisted }] : [];
      unlisted = 0;
      await ledger.append(...more, refusedEntry(sighting, verdict));
    }
    if (when !== 'history') say(sighting, describeTrustRefusal(verdict.code));
  };
}

function refusedEntry(
  { room, event, sender, seen }: Sighting,
  { code, person }: Verdict & { readonly kind: 'refused' },
): EntryBody {
  const source =
    seen.kind === 'decrypted'
      ? { room, event, session: seen.from.session, index: seen.from.index }
      : seen.kind === 'undecryptable'
        ? { room, event, session: seen.session }
        : { room, event };
  return { type: 'refused', code, sender, ...(person === undefined ? {} : { person }), source };
}
