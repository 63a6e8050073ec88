/** Orders that hold beyond one request: freezes, reviews, and peers letting somebody back in. */
import type { ActionName, PersonName, RoomName } from '../../base/ids.ts';
import { line, say } from '../../output/block.ts';
import { safeLine } from '../../output/text.ts';
import type { Policy } from '../../policy/model.ts';
import { helpersOf, personHoldsOneOf } from '../../policy/roles.ts';
import { actorOf } from '../../request/entries.ts';
import type { State as Life } from '../../request/life.ts';
import type { Request } from '../../request/request.ts';
import type { Desk, Order } from '../desk.ts';

const isScope = (desk: Desk, scope: string): boolean =>
  scope === 'all' ||
  desk.policy().actions.has(scope as ActionName) ||
  desk.policy().rooms.has(scope as RoomName);

export const freeze: Order = async (desk, by, values) => {
  const scope = values['scope'] ?? '';
  const why = values['why'] ?? '';
  if (!by.pinned || !personHoldsOneOf(desk.policy(), by.person, desk.policy().freeze.freeze))
    return say('The policy does not let you freeze anything.');
  if (!isScope(desk, scope))
    return say(safeLine(`"${scope}" is not a scope: all, an action or a room.`));
  await desk.ledger.append({ type: 'frozen', scope, why, actor: actorOf(by) });
  const waiting = desk.requests
    .list()
    .filter(({ state }) => state.kind === 'waiting' || state.kind === 'granted');
  for (const { request } of waiting) {
    const { action, room, effect } = request.frozen;
    if (effect !== 'read' && (scope === 'all' || scope === action || scope === room))
      await desk.requests.happen(request.id, { kind: 'changed', what: `${scope} was frozen` });
  }
  return say(
    safeLine(
      `❄ ${scope} is frozen by ${by.person}: ${why}. Nothing is changed there until !unfreeze ${scope}.`,
    ),
  );
};

export const unfreeze: Order = async (desk, by, values) => {
  const scope = values['scope'] ?? '';
  if (!by.pinned || !personHoldsOneOf(desk.policy(), by.person, desk.policy().freeze.unfreeze))
    return say('The policy does not let you unfreeze anything.');
  if (!desk.standing.freezes().some((f) => f.scope === scope))
    return say(safeLine(`"${scope}" is not frozen.`));
  await desk.ledger.append({ type: 'unfrozen', scope, actor: actorOf(by) });
  return say(safeLine(`The freeze of ${scope} is lifted.`));
};

export const review: Order = async (desk, by, values) => {
  const id = (values['id'] ?? '').toUpperCase();
  const words = values['words'] ?? '';
  const open = desk.standing.reviews().find((r) => r.request === id);
  if (!open) return say(safeLine(`There is no review open for "${id}".`));
  if (open.person === by.person) return say('Somebody else has to review what you did.');
  if (!by.pinned) return say('Your identity is not pinned in the policy.');
  const reviewers = reviewersOf(desk.policy(), open.person as PersonName);
  if (!reviewers.includes(by.person))
    return say(safeLine(`The policy does not ask you about that, but ${reviewers.join(', ')}.`));
  await desk.ledger.append({ type: 'review.closed', request: id, actor: actorOf(by), words });
  return say(safeLine(`${by.person} closed the review of ${id}: ${words}`));
};

/**
 * Those whom the policy trusts to sign off or to break the glass, whatever the action; where it trusts
 * nobody else with that, everybody else, since no review could ever be closed.
 */
function reviewersOf(policy: Policy, person: PersonName): readonly PersonName[] {
  const trusted = [...policy.actions.values()].flatMap(({ breakGlass, require }) => [
    ...breakGlass,
    ...require.approvals.flatMap(({ roles }) => roles),
  ]);
  return helpersOf(policy, person, trusted);
}

/** Enough peers agree: what was enrolled is gone, and a ticket for a new enrolment is sent. */
export const recover: Order = async (desk, by, values) => {
  const person = (values['person'] ?? '') as PersonName;
  const quorum = desk.policy().recovery;
  if (!quorum) return say('The policy names nobody who could agree to that (recovery).');
  if (!desk.policy().people.has(person)) return say(safeLine(`There is no person "${person}".`));
  if (person === by.person) return say('Your peers have to ask for you.');
  if (!by.pinned || !personHoldsOneOf(desk.policy(), by.person, quorum.roles))
    return say('The policy does not ask you about that.');
  await desk.ledger.append({ type: 'recovery.vote', person, actor: actorOf(by) });
  const votes = desk.standing.recoveryVotes(person, desk.clock.now());
  const counted = votes.filter((name) =>
    personHoldsOneOf(desk.policy(), name as PersonName, quorum.roles),
  );
  if (counted.length < quorum.count)
    return say(`${counted.length} of ${quorum.count} agree that ${person} may enrol anew.`);
  await desk.ledger.append(
    { type: 'factor.removed', person, by: counted.join(', ') },
    { type: 'unlocked', person, by: counted },
  );
  // What was proven with them may have been proven by somebody else.
  for (const { request, state } of desk.requests.list())
    if (restsOn(person, request, state))
      await desk.requests.happen(request.id, {
        kind: 'changed',
        what: `the factors of ${person} were taken back`,
      });
  const ticket = await desk.enrolment.issueTicket(person, counted);
  desk.direct.tell(person, `recover/${ticket.slice(0, 6)}`, [
    line(`${counted.join(' and ')} agreed that you may enrol anew. Within a day: !enrol ${ticket}`),
  ]);
  return say(`${person} may enrol anew; the ticket is in their direct room.`);
};

const restsOn = (person: PersonName, { frozen }: Request, state: Life): boolean =>
  frozen.actor.person === person ||
  ('gathered' in state && state.gathered.signOffs.some(({ actor }) => actor.person === person));
