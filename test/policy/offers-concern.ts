/** Whose business a request is, and who may know of an action: each by one right alone. */
import t from 'tap';
import type { Action } from '../../src/policy/model.ts';
import { isApprover, isConcerned, mayKnow } from '../../src/policy/offers.ts';
import { actionOf, policyWith, type Scenario, seats } from '../model/fixtures/scenarios.ts';
import { person } from '../support/ids.ts';

/** Alice and whoever is `dev` may ask, whoever is `ops` signs off. */
const SCENARIO: Scenario = { name: 'x', roles: ['dev'], approvals: [seats(1, ['ops'])] };

const policyOf = (roles: readonly string[], change: Partial<Action> = {}) => {
  const policy = policyWith([{ ...actionOf(SCENARIO), ...change }]);
  const carol = policy.people.get(person('carol'));
  if (!carol) throw new Error('no carol');
  return { ...policy, people: new Map([...policy.people, [carol.name, { ...carol, roles }]]) };
};

const CAROL = person('carol');
const request = (of: string, action = 'deploy') => ({ actor: { person: of }, action });

const ROWS: readonly (readonly [roles: readonly string[], knows: boolean, approves: boolean])[] = [
  [['dev'], true, false],
  [['ops'], false, true],
  [['dev', 'ops'], true, true],
  [['guest'], false, false],
  [[], false, false],
];

for (const [roles, knows, approves] of ROWS)
  t.test(`somebody who is ${roles.join(' and ') || 'nothing'}`, async (t) => {
    const policy = policyOf(roles);
    const [action] = [...policy.actions.values()];
    if (!action) throw new Error('no action');
    t.equal(mayKnow(policy, CAROL, action), knows);
    t.equal(isApprover(policy, CAROL, action), approves);
    t.equal(isConcerned(policy, CAROL, request('alice')), knows || approves);
    t.equal(isConcerned(policy, CAROL, request('carol')), true, 'their own is theirs');
    t.equal(isConcerned(policy, CAROL, request('carol', 'gone')), true, 'whatever became of it');
    t.equal(isConcerned(policy, CAROL, request('alice', 'gone')), false);
  });

t.test('what is only observed or warned of, everybody may know of', async (t) => {
  for (const mode of ['observe', 'warn'] as const) {
    const policy = policyOf([], { mode });
    const [action] = [...policy.actions.values()];
    t.equal(action && mayKnow(policy, CAROL, action), true);
    t.equal(isConcerned(policy, CAROL, request('alice')), true);
  }
});

t.test(
  'somebody whom the policy does not know may know of nothing, and approves nothing',
  async (t) => {
    const policy = policyOf([]);
    const [action] = [...policy.actions.values()];
    if (!action) throw new Error('no action');
    const mallory = person('mallory');
    t.strictSame(
      [mayKnow(policy, mallory, action), isApprover(policy, mallory, action)],
      [false, false],
    );
    t.equal(isConcerned(policy, mallory, request('alice')), false);
  },
);
