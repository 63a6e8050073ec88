import fc from 'fast-check';
import t from 'tap';
import { BUILT_INS } from '../../src/command/catalogue.ts';
import { decide } from '../../src/policy/decide.ts';
import { actionsHere, allOffers, mayKnow, visibleNames } from '../../src/policy/offers.ts';
import { policyFile, TEAM } from '../config/fixtures/policies.ts';
import { ask, facts, person, room, policy as somePolicy } from './fixtures/world.ts';

const { policy } = policyFile(TEAM);
const NOON = Date.parse('2026-01-07T12:00Z');
const NIGHT = Date.parse('2026-03-03T22:30+01:00');

t.test('what can be typed: the built-ins and the actions', async (t) => {
  const offers = allOffers(policy);
  t.equal(offers.size, BUILT_INS.length + 3);
  t.hasStrict(offers.get('deploy'), {
    name: 'deploy',
    summary: 'Deploy a release',
    parameters: [{ name: 'service' }, { name: 'version' }],
    takesRest: false,
  });
});

t.test('an action is known to those who may ask for it, somewhere, at some time', async (t) => {
  const actionsFor = (name: string, of = policy) =>
    [...visibleNames(of, person(name))].filter((n) => of.actions.has(n as never));
  t.strictSame(actionsFor('dave'), ['status', 'deploy', 'db-failover']);
  t.strictSame(actionsFor('carol'), []);
  t.strictSame(actionsFor('mallory'), []);
  t.ok(visibleNames(policy, person('mallory')).has('help'));
  const lax = policyFile(
    TEAM.replace('effect: read\n', 'effect: read\n    mode: observe\n').split('tests:')[0] ?? '',
  );
  t.strictSame(actionsFor('carol', lax.policy), ['status'], 'what is only observed is for all');
});

t.test('help offers what would not be denied here and now', async (t) => {
  const here = (who: string, where: string, now: number, pinned = true, of = policy) =>
    actionsHere(of, { person: person(who), pinned, room: room(where) }, now).map(
      ({ name }) => name,
    );
  t.strictSame(here('dave', 'ops', NOON), ['status']);
  t.strictSame(here('dave', 'danger', NOON), ['status', 'deploy']);
  t.strictSame(here('dave', 'danger', NIGHT), ['status', 'deploy', 'db-failover']);
  t.strictSame(here('dave', 'danger', NIGHT, false), ['status']);
  t.strictSame(here('carol', 'danger', NIGHT), []);
  t.strictSame(here('dave', 'danger', Number.NaN), [], 'what cannot be evaluated is not offered');
  const bare = policyFile(`version: 1
people: { dave: { roles: [ops], accounts: [{ id: "@dave:example.org" }] } }
rooms: { ops: { id: "!ops:example.org" } }
actions:
  uptime: { summary: Up, run: [/usr/bin/uptime], effect: read, allow: { roles: [ops], rooms: [ops] } }
`);
  t.strictSame(here('dave', 'ops', NOON, true, bare.policy), ['uptime'], 'without parameters');
  const lax = policyFile(
    TEAM.replace('effect: read\n', 'effect: read\n    mode: warn\n').split('tests:')[0] ?? '',
  );
  t.strictSame(here('carol', 'danger', NOON, true, lax.policy), ['status']);
});

t.test('whoever may not know of an action is denied it', async () => {
  fc.assert(
    fc.property(somePolicy, ask, facts, (policy, ask, facts) => {
      const act = policy.actions.get(ask.action as never);
      if (!act || mayKnow(policy, ask.person, act)) return true;
      return decide(policy, ask, facts).kind === 'deny';
    }),
    { numRuns: 2000 },
  );
});
