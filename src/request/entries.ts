/** What the audit log says of a request, at each step of its life. */
import type { Actor, EntryBody, Source } from '../audit/body.ts';
import type { Decision } from '../policy/decision.ts';
import { nameMissing } from '../policy/explain.ts';
import type { Trusted } from '../trust/judge.ts';
import type { Closing, Ending, Gathered, SignOff } from './life.ts';
import type { Request } from './request.ts';

export const actorOf = (by: Trusted): Actor => ({
  person: by.person,
  account: by.account,
  device: by.device,
  identity: by.identity,
  pinned: by.pinned,
});

export const sourceOf = (by: Trusted): Source => ({
  room: by.roomId,
  event: by.event,
  ...(by.session === undefined ? {} : { session: by.session }),
  ...(by.index === undefined ? {} : { index: by.index }),
});

export const requestEntry = (
  { id, digest, frozen, thread }: Request,
  decision: Decision,
): EntryBody => ({
  type: 'request',
  request: id,
  digest,
  frozen,
  thread,
  decision: decision.kind,
  ...(decision.kind === 'deny' ? { because: decision.because } : {}),
  ...(decision.kind === 'pending' ? { missing: decision.missing.map(nameMissing) } : {}),
  ...(decision.kind === 'allow' && decision.despite ? { despite: decision.despite } : {}),
});

export const signOffEntry = (
  { id, digest }: Request,
  { actor, factor, evidence }: SignOff,
): EntryBody => ({
  type: 'approval',
  request: id,
  digest,
  actor,
  ...(factor ? { factor } : {}),
  ...(evidence ? { evidence } : {}),
});

export const withdrawalEntry = ({ id }: Request, actor: Actor): EntryBody => ({
  type: 'approval.withdrawn',
  request: id,
  actor,
});

export const grantEntry = ({ id }: Request, { factor, signOffs }: Gathered): EntryBody => ({
  type: 'granted',
  request: id,
  ...(factor ? { factor } : {}),
  approvals: signOffs.map(({ actor }) => actor.person),
});

export const startEntry = ({ id, digest, frozen }: Request, allowance?: string): EntryBody => ({
  type: 'start',
  request: id,
  digest,
  argv: frozen.argv,
  ...(allowance === undefined ? {} : { allowance }),
});

export const cancelEntry = ({ id }: Request, actor: Actor): EntryBody => ({
  type: 'cancel',
  request: id,
  actor,
});

export function closingEntry({ id }: Request, closing: Closing): EntryBody {
  const closed = { type: 'closed', request: id, how: closing.kind } as const;
  switch (closing.kind) {
    case 'refused':
      return closing.decision.kind === 'deny'
        ? { ...closed, because: closing.decision.because }
        : closed;
    case 'denied':
      return { ...closed, by: closing.by, because: closing.reason };
    case 'voided':
      return { ...closed, changes: closing.changes };
    case 'withdrawn':
    case 'expired':
      return closed;
  }
}

export function endEntry({ id }: Request, { outcome, ms, progress, sha256 }: Ending): EntryBody {
  return {
    type: 'end',
    request: id,
    outcome: outcome.kind,
    ...(outcome.kind === 'exited' ? { exit: outcome.exit } : {}),
    ...(outcome.kind === 'not_started' ? { reason: outcome.reason } : {}),
    ms,
    bytes: progress.bytes,
    lines: progress.lines,
    sha256,
  };
}

/** A run without sign-offs is looked at afterwards; that stands on record before it starts. */
export const reviewEntries = ({ id, frozen }: Request): readonly EntryBody[] =>
  frozen.urgent === undefined
    ? []
    : [{ type: 'review.opened', request: id, person: frozen.actor.person }];
