import t from 'tap';
import { problemsOf, SMALL, small, TEAM } from './fixtures/policies.ts';

const allow = (text: string) => small(13, `    allow: { ${text} }`);
const requiring = (text: string) =>
  small(12, '    effect: change', `    require: { approvals: ${text} }`);
const test = (text: string) => `${SMALL}tests:\n  - { ${text}, do: status web, expect: allow }\n`;

const REFUSED: Readonly<Record<string, readonly [text: string, ...problems: readonly string[]]>> = {
  'a role that nobody has': [
    allow('roles: [ops, opps, security], rooms: [ops]'),
    'p:13:27: actions.status.allow.roles.1: no person has the role "opps"; did you mean "ops"?',
    'p:13:33: actions.status.allow.roles.2: no person has the role "security"',
  ],
  'a room that there is not': [
    allow('roles: [ops], rooms: [op]'),
    'p:13:36: actions.status.allow.rooms.0: there is no room "op"; did you mean "ops"?',
  ],
  'a window that there is not': [
    allow('roles: [ops], rooms: [ops], windows: [night]'),
    'p:13:52: actions.status.allow.windows.0: there is no window "night"',
  ],
  'a role to sign off that nobody has': [
    requiring('{ count: 1, roles: [deb] }'),
    'p:13:47: actions.status.require.approvals.roles.0: no person has the role "deb"; did you mean "dev"?',
  ],
  'a role to sign off, in one of several groups': [
    requiring('[{ count: 1, roles: [dev] }, { count: 1, roles: [ops, sre] }]'),
    'p:13:81: actions.status.require.approvals.1.roles.1: no person has the role "sre"',
  ],
  'a role to freeze, to unfreeze, or to agree to a recovery that nobody has': [
    small(
      7,
      'freeze: { roles: [opps], unfreeze: [sre] }',
      'recovery: { count: 1, roles: [security] }',
      'actions:',
    ),
    'p:7:19: freeze.roles.0: no person has the role "opps"; did you mean "ops"?',
    'p:7:37: freeze.unfreeze.0: no person has the role "sre"',
    'p:8:31: recovery.roles.0: no person has the role "security"',
  ],
  'a role for break-glass that nobody has': [
    small(12, '    effect: read', '    break_glass: { roles: [oops] }'),
    'p:13:28: actions.status.break_glass.roles.0: no person has the role "oops"; did you mean "ops"?',
  ],
  'people and rooms of tests': [
    test('as: alise, in: opps, approved_by: [bob, "bbo:totp"]'),
    'p:15:11: tests.0.as: there is no person "alise"; did you mean "alice"?',
    'p:15:22: tests.0.in: there is no room "opps"; did you mean "ops"?',
    'p:15:47: tests.0.approved_by.1: there is no person "bbo"; did you mean "bob"?',
  ],
};

for (const [what, [text, ...expected]] of Object.entries(REFUSED))
  t.test(`refused: ${what}`, async (t) => t.strictSame(problemsOf(text), expected));

t.test("the host's terminal is a place that every policy has", async (t) => {
  t.strictSame(problemsOf(allow('roles: [ops], rooms: [local]')), ['fine']);
  t.strictSame(problemsOf(allow('roles: [ops], rooms: [direct]')), [
    'p:13:36: actions.status.allow.rooms.0: there is no room "direct"',
  ]);
});

t.test('a policy whose every name refers to something is fine', async (t) => {
  t.strictSame(problemsOf(TEAM), ['fine']);
  t.strictSame(problemsOf(test('as: alice, in: ops, approved_by: [bob, "bob:totp"]')), ['fine']);
});
