/** What other people can do about a request: approve, withdraw that, deny; and what its requester can. */
import type { PersonName } from '../../base/ids.ts';
import { type Block, line, say } from '../../output/block.ts';
import { renderDigestWords } from '../../output/digest-words.ts';
import type { Missing } from '../../policy/decision.ts';
import { mayApprove } from '../../policy/requirements.ts';
import { actorOf } from '../../request/entries.ts';
import type { Gathered, State } from '../../request/life.ts';
import type { Request } from '../../request/request.ts';
import type { Trusted } from '../../trust/judge.ts';
import type { Desk, Order } from '../desk.ts';
import type { Alive } from '../requests.ts';
import { findRequest } from './find.ts';

/** Why this person cannot sign this request off now, as a sentence; undefined if they can. */
export const obstacle = (
  desk: Desk,
  by: Pick<Trusted, 'person' | 'pinned'>,
  { request, state }: Alive,
): string | undefined => noSeat(desk, by, request) ?? (state.kind === 'waiting' ? undefined : PAST);

const PAST = 'It does not wait for sign-offs any more.';
const UNPINNED = 'Your identity is not pinned in the policy, so this would not count.';

/** It can still be stopped by a no: it waits, is granted, or is looked at for the last time. */
const isBeforeStart = (state: State): state is State & { readonly gathered: Gathered } =>
  state.kind === 'waiting' || state.kind === 'granted' || state.kind === 'checking';

/** Why the policy has no seat in this request for this person. */
function noSeat(
  desk: Desk,
  by: Pick<Trusted, 'person' | 'pinned'>,
  request: Request,
): string | undefined {
  const requester = request.frozen.actor.person as PersonName;
  if (by.person === requester) return 'Your own request needs somebody else.';
  if (!by.pinned)
    return 'Your identity is not pinned in the policy, so your sign-off would not count.';
  const quorums = desk.grounds.actionOf(request)?.require.approvals ?? [];
  if (!quorums.some((q) => mayApprove(desk.policy(), requester, q, by.person)))
    return 'The policy does not ask for your sign-off on it.';
  return undefined;
}

export const approve: Order = async (desk, by, values) => {
  const found = findRequest(desk, by, values['id'] ?? '');
  if (!found.ok) return say(found.error);
  const { request } = found.value;
  const why = obstacle(desk, by, found.value);
  if (why !== undefined) return say(why);
  const signOff = { actor: actorOf(by), factor: undefined, evidence: undefined };
  await desk.requests.happen(request.id, { kind: 'signed_off', signOff });
  return afterSignOff(desk, by, request.id);
};

/** What the sign-off was worth, and what would make it count where it does not yet. */
function afterSignOff(desk: Desk, by: Trusted, id: Alive['request']['id']): readonly Block[] {
  const alive = desk.requests.find(id);
  if (alive?.state.kind !== 'waiting') return say(`✓ ${by.person} signed off ${id}.`);
  const strongest = alive.state.missing
    .flatMap((m) => (m.kind === 'approvals' ? [m.quorum] : []))
    .find(
      (q) =>
        q.stepUp &&
        mayApprove(desk.policy(), alive.request.frozen.actor.person as PersonName, q, by.person),
    );
  if (!strongest?.stepUp) return say(`✓ ${by.person} signed off ${id}. It is not enough yet.`);
  if (strongest.stepUp === 'totp')
    return say(
      `${id} asks for a one-time code with your sign-off: !otp ${id} <code> in our direct room.`,
    );
  const link = desk.linkFor(by.person, 'approval', id);
  if (link === undefined)
    return say(`${id} asks for a passkey, and no page for passkeys is set up here.`);
  const words = renderDigestWords(alive.request.digest);
  desk.direct.tell(by.person, `${by.event}/approve`, [
    line(`Sign off ${id} with your passkey, if the page says ${words}: ${link}`),
  ]);
  return say(`${id} asks for your passkey: I have sent you the link in our direct room.`);
}

export const withdraw: Order = async (desk, by, values) => {
  const found = findRequest(desk, by, values['id'] ?? '');
  if (!found.ok) return say(found.error);
  const { request, state } = found.value;
  if (!by.pinned) return say(UNPINNED);
  const given = isBeforeStart(state) ? state.gathered.signOffs : [];
  if (!given.some((s) => s.actor.person === by.person))
    return say(`There is no sign-off of yours on ${request.id} that could be taken back.`);
  const withdrawal = { kind: 'sign_off_withdrawn', actor: actorOf(by) } as const;
  return (await desk.requests.happen(request.id, withdrawal))
    ? say(`${by.person} took the sign-off of ${request.id} back.`)
    : say(`Too late: ${request.id} went on meanwhile.`);
};

export const deny: Order = async (desk, by, values) => {
  const found = findRequest(desk, by, values['id'] ?? '');
  if (!found.ok) return say(found.error);
  const { request, state } = found.value;
  // A no needs no more than a yes would, and can come later.
  const why = isBeforeStart(state) ? noSeat(desk, by, request) : PAST;
  if (why !== undefined) return say(why);
  const reason = values['reason'] ?? '';
  const denial = { kind: 'denied', actor: actorOf(by), reason } as const;
  return (await desk.requests.happen(request.id, denial))
    ? say(`${by.person} denied ${request.id}.`)
    : say(`Too late: ${request.id} went on meanwhile. A run can be stopped: !cancel ${request.id}`);
};

export const start: Order = async (desk, by, values) => {
  const found = findRequest(desk, by, values['id'] ?? '');
  if (!found.ok) return say(found.error);
  const { request, state } = found.value;
  if (by.person !== request.frozen.actor.person) return say('Only who asked for it can start it.');
  if (state.kind === 'waiting' && needsPasskey(state.missing))
    return sendProofLink(desk, by, request);
  if (!by.pinned && request.frozen.effect !== 'read')
    return say('Your identity is not pinned in the policy, so you cannot start it from here.');
  if (state.kind !== 'granted') return say(`${request.id} is not granted.`);
  await desk.requests.happen(request.id, { kind: 'begun', actor: actorOf(by) });
  return say(`${request.id}: see its card.`);
};

const needsPasskey = (missing: readonly Missing[]): boolean =>
  missing.some((m) => m.kind === 'step_up' && m.factor === 'webauthn');

/** Links are short-lived; whoever comes late asks for another one so. */
function sendProofLink(desk: Desk, by: Trusted, { id, digest }: Request): readonly Block[] {
  const link = desk.linkFor(by.person, 'stepup', id);
  if (link === undefined)
    return say(`${id} needs your passkey, and no page for passkeys is set up.`);
  const words = renderDigestWords(digest);
  desk.direct.tell(by.person, `${by.event}/prove`, [
    line(`Prove yourself for ${id} with your passkey, if the page says ${words}: ${link}`),
  ]);
  return say(`${id} needs your passkey first: I have sent you the link in our direct room.`);
}

export const cancel: Order = async (desk, by, values) => {
  const found = findRequest(desk, by, values['id'] ?? '');
  if (!found.ok) return say(found.error);
  const { request, state } = found.value;
  const isRequester = by.person === request.frozen.actor.person;
  // Whoever may ask for the action may stop a run of it; stopping needs no more than that.
  if (state.kind !== 'running' && !isRequester)
    return say(`${request.id} is not running; an approver can !deny it.`);
  // Without a pin anybody could be it: good for what was asked for without one, and for no more.
  if (!by.pinned && !(isRequester && !request.frozen.actor.pinned)) return say(UNPINNED);
  if (!(await desk.requests.happen(request.id, { kind: 'cancelled', actor: actorOf(by) })))
    return say(`${request.id} is stopping or over already.`);
  return say(state.kind === 'running' ? `Stopping ${request.id}.` : `${request.id} is withdrawn.`);
};
