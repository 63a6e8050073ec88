/** Who holds which role. */
import type { PersonName } from '../base/ids.ts';
import type { Person, Policy } from './model.ts';

/** Nobody holds a role whom the policy does not know. */
export const holdsOneOf = (person: Person | undefined, roles: readonly string[]): boolean =>
  person?.roles.some((role) => roles.includes(role)) ?? false;

export const personHoldsOneOf = (
  policy: Policy,
  person: PersonName,
  roles: readonly string[],
): boolean => holdsOneOf(policy.people.get(person), roles);

/**
 * The others who hold one of these roles, for what concerns this person; everybody else where none of
 * the others does, so that somebody is always there to ask.
 */
export function helpersOf(
  policy: Policy,
  person: PersonName,
  roles: readonly string[],
): readonly PersonName[] {
  const others = [...policy.people.values()].filter(({ name }) => name !== person);
  const named = others.filter((other) => holdsOneOf(other, roles));
  return (named.length > 0 ? named : others).map(({ name }) => name);
}
