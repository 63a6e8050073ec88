/**
 * A request: one command of one person, frozen. Everything that it will do is in it, and its digest
 * names it: what is approved, recorded and run is what has this digest.
 */
import { canonicalJson, crockford, type Json, sha256, utf8 } from '../base/bytes.ts';
import type { Instant, RequestId } from '../base/ids.ts';
import type { Plan } from '../execution/plan.ts';
import type { Effect } from '../policy/model.ts';
import type { Trusted } from '../trust/judge.ts';

export interface Request {
  readonly id: RequestId;
  /** SHA-256 over the canonical JSON of what is frozen, hex. */
  readonly digest: string;
  readonly by: Trusted;
  readonly action: string;
  readonly effect: Effect;
  readonly values: Readonly<Record<string, string>>;
  readonly plan: Plan;
  readonly policy: string;
  readonly createdAt: Instant;
}

export interface Freeze extends Omit<Request, 'id' | 'digest'> {
  /** Random: two requests for the same thing are two requests. */
  readonly nonce: string;
}

export function freezeRequest({ nonce, ...what }: Freeze): Request {
  const { by, plan, ...rest } = what;
  const frozen = {
    v: 1,
    ...rest,
    nonce,
    person: by.person,
    account: by.account,
    device: by.device,
    identity: by.identity,
    room: by.roomId,
    event: by.event,
    plan: plan as unknown as Json,
  };
  const digest = sha256(utf8(canonicalJson(frozen)));
  return { ...what, id: shortId(digest), digest: Buffer.from(digest).toString('hex') };
}

const shortId = (digest: Uint8Array): RequestId => {
  const text = crockford(digest, 6);
  return `${text.slice(0, 4)}-${text.slice(4)}` as RequestId;
};
