import fc from 'fast-check';
import t from 'tap';
import type { UserId } from '../../src/base/ids.ts';
import { NO_FACTS } from '../../src/policy/decision.ts';
import { findUnfillable } from '../../src/policy/fillable.ts';
import type { Person, Policy } from '../../src/policy/model.ts';
import { stillMissing } from '../../src/policy/requirements.ts';
import { keyOf, policyFile } from '../config/fixtures/policies.ts';
import { action, PEOPLE, quorums, room } from './fixtures/world.ts';

interface Setting {
  /** `name: roles`, with a mark: `*` pinned, `@` a user of the host, none: an account only. */
  readonly people: readonly string[];
  readonly approvals: string;
  readonly effect?: string;
  readonly rooms?: string;
  readonly recovery?: string;
}

const personLine = (text: string): string => {
  const [, name = '', mark, roles] = /^([a-z]+)([*@]?): (.*)$/.exec(text) ?? [];
  const pin = mark === '*' ? `, identity: ${keyOf(name)}` : '';
  const local = mark === '@' ? `, local_users: [${name}]` : '';
  return `  ${name}: { roles: [${roles}], accounts: [{ id: "@${name}:h"${pin} }]${local} }`;
};

/** Each unfillable quorum as a line: where, what can be had of it, for whom, and who lacks a pin. */
function unfillable({ people, approvals, effect, rooms, recovery }: Setting): readonly string[] {
  const { policy } = policyFile(`version: 1
people:
${people.map(personLine).join('\n')}
rooms: { ops: { id: "!ops:h" } }
actions:
  act:
    summary: acts
    run: [/opt/act]
    effect: ${effect ?? 'change'}
    allow: { roles: [ops], rooms: [${rooms ?? 'ops'}] }
    require: { approvals: ${approvals} }
${recovery === undefined ? '' : `recovery: ${recovery}\n`}`);
  return findUnfillable(policy).map((one) => {
    const { action: name = 'recovery', index, most, quorum, requesters, isForAll, unpinned } = one;
    const whose = `${isForAll ? 'all: ' : ''}${requesters.join(' ')}`;
    return `${name}.${index}: ${most} of ${quorum.count} for ${whose}; unpinned: ${unpinned.join(' ')}`;
  });
}

const TWO_TEAMS = '[{ count: 1, roles: [sec] }, { count: 1, roles: [dba] }]';

const CASES: Readonly<Record<string, readonly [Setting, ...expected: readonly string[]]>> = {
  'one person who needs her own role': [
    { people: ['alice*: ops'], approvals: '{ count: 1, roles: [ops] }' },
    'act.0: 0 of 1 for all: alice; unpinned: ',
  ],
  'two people can ask each other': [
    { people: ['alice*: ops', 'bob*: ops'], approvals: '{ count: 1, roles: [ops] }' },
  ],
  'the only one who signs off may ask as well': [
    { people: ['alice*: ops', 'bob*: ops, sec'], approvals: '{ count: 1, roles: [sec] }' },
    'act.0: 0 of 1 for bob; unpinned: ',
  ],
  'too few for the number': [
    { people: ['alice*: ops', 'bob*: ops'], approvals: '{ count: 2, roles: [ops] }' },
    'act.0: 1 of 2 for all: alice bob; unpinned: ',
  ],
  'somebody whose identity is not pinned counts for nothing': [
    { people: ['alice*: ops', 'bob: ops'], approvals: '{ count: 1, roles: [ops] }' },
    'act.0: 0 of 1 for all: alice; unpinned: bob',
  ],
  'with nobody pinned, everybody is asked about': [
    { people: ['alice: ops', 'bob: ops'], approvals: '{ count: 1, roles: [ops] }' },
    'act.0: 0 of 1 for all: alice bob; unpinned: alice bob',
  ],
  'somebody without a pin may read': [
    {
      ...{ people: ['alice*: ops', 'bob: ops'], approvals: '{ count: 1, roles: [ops] }' },
      effect: 'read',
    },
    'act.0: 0 of 1 for alice; unpinned: bob',
  ],
  'a user of the host counts': [
    { people: ['alice*: ops', 'bob@: ops'], approvals: '{ count: 1, roles: [ops] }' },
  ],
  'a user of the host asks at the terminal only': [
    {
      ...{ people: ['alice*: ops, sec', 'bob@: ops'], approvals: '{ count: 1, roles: [sec] }' },
      rooms: 'local',
    },
  ],
  'a user of the host without a pinned account has no passkey': [
    {
      people: ['alice*: ops', 'bob@: ops'],
      approvals: '{ count: 1, roles: [ops], step_up: webauthn }',
    },
    'act.0: 0 of 1 for all: alice; unpinned: bob',
  ],
  'one person is one person, in two teams as well': [
    { people: ['alice*: ops', 'carol*: sec, dba'], approvals: TWO_TEAMS },
    'act.1: 0 of 1 for all: alice; unpinned: ',
  ],
  'two people in two teams are enough': [
    { people: ['alice*: ops', 'carol*: sec, dba', 'dan*: sec'], approvals: TWO_TEAMS },
  ],
  'a recovery needs other people, too': [
    {
      ...{ people: ['alice*: ops', 'bob*: ops', 'eve: sec'] },
      ...{ approvals: '{ count: 1, roles: [ops] }', recovery: '{ count: 2, roles: [ops, sec] }' },
    },
    'recovery.0: 1 of 2 for all: alice bob; unpinned: eve',
  ],
};

for (const [what, [setting, ...expected]] of Object.entries(CASES))
  t.test(what, async (t) => t.strictSame(unfillable(setting), expected));

t.test('mode warn lets anybody ask', async (t) => {
  const { policy } = policyFile(`version: 1
people:
  alice: { roles: [ops], accounts: [{ id: "@alice:h", identity: ${keyOf('alice')} }] }
  bob: { roles: [sec], accounts: [{ id: "@bob:h", identity: ${keyOf('bob')} }] }
rooms: { ops: { id: "!ops:h" } }
actions:
  act:
    summary: acts
    run: [/opt/act]
    effect: read
    mode: warn
    allow: { roles: [ops], rooms: [ops] }
    require: { approvals: { count: 1, roles: [sec] } }
`);
  t.strictSame(
    findUnfillable(policy).map(({ requesters }) => requesters),
    [['bob']],
  );
});

const someone = fc.record({
  roles: fc.subarray(['ops', 'dba', 'security'], { minLength: 1 }),
  isPinned: fc.boolean(),
});
const team = fc.array(someone, { minLength: PEOPLE.length, maxLength: PEOPLE.length });

t.test('it is what the decision would say if everybody signed off with a passkey', async () => {
  const [hall, act] = [room('hall'), action('act')];
  const { policy: base } = policyFile(`version: 1
people: { ann: { roles: [ops], accounts: [{ id: "@ann:h" }] } }
rooms: { hall: { id: "!hall:h" } }
actions:
  act: { summary: a, run: [/opt/a], effect: read, allow: { roles: [ops], rooms: [hall] } }
`);
  const read = base.actions.get(act);
  if (!read) throw new Error('no act');
  fc.assert(
    fc.property(team, quorums, (team, approvals) => {
      const people = PEOPLE.map((name, i): [typeof name, Person] => {
        const { roles = [], isPinned = false } = team[i] ?? {};
        const identity = isPinned ? keyOf(name) : undefined;
        const accounts = [{ id: `@${name}:h` as UserId, identity }];
        return [name, { name, roles, accounts, localUsers: [] }];
      });
      const asked = { ...read, require: { ...read.require, approvals } };
      const policy: Policy = {
        ...{ ...base, people: new Map(people), actions: new Map([[act, asked]]) },
      };
      const signedOff = people.map(([person, { accounts }]) => ({
        ...{ person, pinned: accounts[0]?.identity !== undefined, factor: 'webauthn' as const },
      }));
      const isStuck = (person: (typeof PEOPLE)[number]): boolean =>
        stillMissing(
          policy,
          asked,
          { person, pinned: true, room: hall, action: 'act', values: {} },
          { ...NO_FACTS, now: 0, approvals: signedOff },
          [],
        ).length > 0;
      const found = new Set(findUnfillable(policy).flatMap(({ requesters }) => requesters));
      return PEOPLE.every(
        (name, i) => !team[i]?.roles.includes('ops') || found.has(name) === isStuck(name),
      );
    }),
    { numRuns: 1000 },
  );
});
