/**
 * A request: one command of one person, frozen. Everything that it will do is in it, and its digest
 * names it: what is proven, approved, recorded and run is what has this digest. What is frozen stands
 * in the log whole, so an auditor can compute the digest again.
 */
import type { Frozen } from '../audit/body.ts';
import { canonicalJson, crockford, type Json, sha256, sha256Hex, utf8 } from '../base/bytes.ts';
import type { EventId, RequestId } from '../base/ids.ts';
import type { Plan } from '../execution/plan.ts';

export interface Request {
  readonly id: RequestId;
  /** SHA-256 over the canonical JSON of `frozen`, hex. */
  readonly digest: string;
  readonly frozen: Frozen;
  /** Where its card is shown. */
  readonly thread: EventId;
}

export function freezeRequest(frozen: Frozen, thread: EventId): Request {
  const digest = sha256(utf8(canonicalJson(frozen as unknown as Json)));
  const hex = Buffer.from(digest).toString('hex');
  return { id: shortId(digest), digest: hex, frozen, thread };
}

/** The form in which people name it: the first 30 bits of the digest. */
const shortId = (digest: Uint8Array): RequestId => {
  const text = crockford(digest, 6);
  return `${text.slice(0, 4)}-${text.slice(4)}` as RequestId;
};

export const frozenEnv = (env: Plan['env']): Record<string, string> =>
  Object.fromEntries(Object.entries(env).map(([name, value]) => [name, sha256Hex(value)]));
