/** A request that is alive, by what was typed. */
import { parseRequestId } from '../../base/ids.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { isConcerned } from '../../policy/offers.ts';
import type { Trusted } from '../../trust/judge.ts';
import type { Desk } from '../desk.ts';
import type { Alive } from '../requests.ts';

/** Only one that this person may know of: their own, or one of an action that they may ask for or approve. */
export function findRequest(desk: Desk, by: Trusted, typed: string): Result<Alive, string> {
  const id = parseRequestId(typed);
  if (!id.ok) return err(`${id.error}.`);
  const found = desk.requests.find(id.value);
  return found && isConcerned(desk.policy(), by.person, found.request.frozen)
    ? ok(found)
    : err(`There is no request ${id.value} open for you.`);
}
