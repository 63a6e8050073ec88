/** A request that is alive, by what was typed. */
import type { Frozen } from '../../audit/body.ts';
import { type ActionName, parseRequestId } from '../../base/ids.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { Action } from '../../policy/model.ts';
import { mayKnow } from '../../policy/offers.ts';
import type { Trusted } from '../../trust/judge.ts';
import type { Desk } from '../desk.ts';
import type { Alive } from '../requests.ts';

/** Only one that this person may know of: their own, or one of an action that they may ask for or approve. */
export function findRequest(desk: Desk, by: Trusted, typed: string): Result<Alive, string> {
  const id = parseRequestId(typed);
  if (!id.ok) return err(`${id.error}.`);
  const found = desk.requests.find(id.value);
  return found && isConcerned(desk, by, found.request.frozen)
    ? ok(found)
    : err(`There is no request ${id.value} open for you.`);
}

export function isConcerned(desk: Desk, by: Pick<Trusted, 'person'>, frozen: Frozen): boolean {
  if (frozen.actor.person === by.person) return true;
  const action = desk.policy().actions.get(frozen.action as ActionName);
  return (
    action !== undefined &&
    (mayKnow(desk.policy(), by.person, action) || isApprover(desk, by, action))
  );
}

/** Has a role that some quorum of the action asks for. */
export function isApprover(desk: Desk, by: Pick<Trusted, 'person'>, action: Action): boolean {
  const roles = desk.policy().people.get(by.person)?.roles ?? [];
  return action.require.approvals.some((q) => q.roles.some((role) => roles.includes(role)));
}
