/** What the audit log says of a request, at each step of its life. */
import type { Actor, EntryBody, Source } from '../audit/entry.ts';
import { canonicalJson, type Json, sha256Hex } from '../base/bytes.ts';
import type { Decision } from '../policy/decide.ts';
import { nameMissing } from '../policy/explain.ts';
import type { Trusted } from '../trust/judge.ts';
import type { Ending } from './life.ts';
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
  session: by.session,
  index: by.index,
});

export function requestEntry(request: Request, decision: Decision): EntryBody {
  return {
    type: 'request',
    request: request.id,
    digest: request.digest,
    actor: actorOf(request.by),
    source: sourceOf(request.by),
    thread: request.by.thread,
    command: request.action,
    values: request.values,
    policy: request.policy,
    decision: decision.kind,
    ...(decision.kind === 'deny' ? { because: decision.because } : {}),
    ...(decision.kind === 'pending' ? { missing: decision.missing.map(nameMissing) } : {}),
    ...(decision.kind === 'allow' && decision.despite ? { despite: decision.despite } : {}),
  };
}

export const startEntry = (request: Request): EntryBody => ({
  type: 'start',
  request: request.id,
  argv: request.plan.argv,
  plan: sha256Hex(canonicalJson(request.plan as unknown as Json)),
});

export const cancelEntry = (request: Request, by: Trusted): EntryBody => ({
  type: 'cancel',
  request: request.id,
  actor: actorOf(by),
});

export function endEntry(request: Request, { outcome, ms, progress, sha256 }: Ending): EntryBody {
  return {
    type: 'end',
    request: request.id,
    outcome: outcome.kind,
    ...(outcome.kind === 'exited' ? { exit: outcome.exit } : {}),
    ...(outcome.kind === 'not_started' ? { reason: outcome.reason } : {}),
    ms,
    bytes: progress.bytes,
    lines: progress.lines,
    sha256,
  };
}
