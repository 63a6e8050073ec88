import t from 'tap';
import type { Person } from '../../src/policy/model.ts';
import { helpersOf, holdsOneOf, personHoldsOneOf } from '../../src/policy/roles.ts';
import { policyFile, TEAM } from '../config/fixtures/policies.ts';
import { person } from './fixtures/world.ts';

const { policy } = policyFile(TEAM);
const of = (name: string): Person | undefined => policy.people.get(person(name));

t.test('a person holds their own roles, a stranger none', async (t) => {
  const [role = ''] = of('dave')?.roles ?? [];
  t.ok(holdsOneOf(of('dave'), ['none', role]));
  t.notOk(holdsOneOf(of('dave'), ['none']));
  t.notOk(holdsOneOf(of('dave'), []));
  t.notOk(holdsOneOf(undefined, [role]));
  t.ok(personHoldsOneOf(policy, person('dave'), [role]));
  t.notOk(personHoldsOneOf(policy, person('mallory'), [role]));
});

t.test('the helpers of somebody are never they themselves, and never nobody', async (t) => {
  const all = [...policy.people.keys()];
  for (const name of all) {
    const others = all.filter((other) => other !== name);
    t.strictSame(helpersOf(policy, name, []), others);
    for (const role of new Set([...policy.people.values()].flatMap(({ roles }) => roles))) {
      const named = others.filter((other) => of(other)?.roles.includes(role));
      t.strictSame(helpersOf(policy, name, [role]), named.length > 0 ? named : others);
    }
  }
});
