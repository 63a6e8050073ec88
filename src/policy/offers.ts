/** What can be typed, and which of it a person may know of or use: from the built-ins and the policy. */
import type { Instant } from '../base/ids.ts';
import { BUILT_INS, type Offer } from '../command/catalogue.ts';
import { decide } from './decide.ts';
import { type Ask, NO_FACTS } from './decision.ts';
import type { Action, Policy } from './model.ts';
import { personHoldsOneOf } from './roles.ts';

type Asker = Omit<Ask, 'action' | 'values'>;

const actionOffer = (action: Action): Offer => ({
  name: action.name,
  summary: action.summary,
  parameters: action.parameters,
  takesRest: false,
});

/** Everything that there is. */
export const allOffers = (policy: Policy): ReadonlyMap<string, Offer> =>
  new Map([...BUILT_INS, ...[...policy.actions.values()].map(actionOffer)].map((o) => [o.name, o]));

/** May this person learn that the action exists? Whoever may ask for it somewhere, at some time. */
export function mayKnow(policy: Policy, person: Asker['person'], action: Action): boolean {
  return action.mode !== 'enforce' || personHoldsOneOf(policy, person, action.roles);
}

/** Has a role that some quorum of the action asks for. */
export function isApprover(policy: Policy, person: Asker['person'], action: Action): boolean {
  return action.require.approvals.some((q) => personHoldsOneOf(policy, person, q.roles));
}

/** Whose business a request is: its requester's, and of whoever may ask for its action or approve it. */
export function isConcerned(
  policy: Policy,
  person: Asker['person'],
  { actor, action: name }: { readonly actor: { readonly person: string }; readonly action: string },
): boolean {
  if (actor.person === person) return true;
  const action = policy.actions.get(name as Action['name']);
  return (
    action !== undefined && (mayKnow(policy, person, action) || isApprover(policy, person, action))
  );
}

/** The names that a person may know of. */
export const visibleNames = (policy: Policy, person: Asker['person']): ReadonlySet<string> => {
  const known = [...policy.actions.values()].filter((action) => mayKnow(policy, person, action));
  return new Set([...BUILT_INS, ...known].map(({ name }) => name));
};

/** The actions that would not be denied here and now, given good values, whatever they still require. */
export const actionsHere = (policy: Policy, asker: Asker, now: Instant): readonly Action[] => {
  const facts = { ...NO_FACTS, now };
  return [...policy.actions.values()].filter((action) => {
    const decision = decide(policy, { ...asker, action: action.name, values: {} }, facts);
    // Values are looked at after everything else that can deny.
    return decision.kind !== 'deny' || decision.because === 'params';
  });
};
