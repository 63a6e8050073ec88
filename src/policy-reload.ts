/**
 * Reads the policy file anew, one reading at a time: of two at once, the one that read the older file
 * could end last, and a right that was taken away would be back.
 */
import { describeError } from './base/errors.ts';
import { openMutex } from './base/mutex.ts';
import type { Reloaded } from './control/reload.ts';
import type { Policy } from './policy/model.ts';
import type { Ledger, Log } from './ports.ts';

export interface ReloadParts {
  readonly read: () => Promise<Policy>;
  readonly current: () => Policy;
  /** Makes it the one that counts: on record, and for every request that waits. */
  readonly replaceBy: (policy: Policy) => Promise<void>;
  readonly ledger: Pick<Ledger, 'append'>;
  readonly log: Log;
}

/** A policy that is not valid is recorded, and the old one stays. Rejects only with what is fatal. */
export function openPolicyReload(parts: ReloadParts): () => Promise<Reloaded> {
  const { read, current, replaceBy, ledger, log } = parts;
  const inTurn = openMutex();
  return () =>
    inTurn(async () => {
      const next = await read().catch(problemOf);
      const { sha256 } = current();
      if (typeof next === 'string') {
        log.error({ problem: next }, 'the new policy is not valid; the old one stays');
        await ledger.append({ type: 'policy.rejected', policy: sha256, problem: next });
        return { kind: 'rejected', policy: sha256, problem: next };
      }
      if (next.sha256 === sha256) return { kind: 'unchanged', policy: sha256 };
      await replaceBy(next);
      log.info({ policy: next.sha256 }, 'policy loaded');
      return { kind: 'loaded', policy: next.sha256 };
    });
}

/** As long as an entry can hold. */
const problemOf = (error: unknown): string => describeError(error).slice(0, 4000).toWellFormed();
