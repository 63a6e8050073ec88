import t from 'tap';
import { formatProblem } from '../../src/config/document.ts';
import { findWarnings } from '../../src/config/policy-warnings.ts';
import { policyFile, SMALL, small, TEAM } from './fixtures/policies.ts';

const warnings = (text: string): readonly string[] =>
  findWarnings(policyFile(text)).map(formatProblem);

t.test('a policy that its team can use is not warned about', async (t) => {
  for (const text of [SMALL, TEAM]) t.strictSame(warnings(text), []);
});

t.test('a quorum that nobody can fill is named, with its place and the mend', async (t) => {
  const alone = `${SMALL}    require: { approvals: { count: 1, roles: [ops] } }\n`;
  t.strictSame(warnings(alone), [
    'policy.yaml:14:27: actions.status.require.approvals: nobody can fill this: if alice asks, 0 of 1 from ops can sign off (never the person themselves, nobody twice); give 1 more one of these roles',
  ]);
  const teams =
    '    require:\n      approvals:\n        - { count: 1, roles: [ops, dev] }\n        - { count: 2, roles: [dev] }\n';
  t.strictSame(warnings(SMALL + teams), [
    'policy.yaml:16:11: actions.status.require.approvals.0: nobody can fill this: if alice asks, 0 of 1 from ops or dev can sign off (never the person themselves, nobody twice); pin who has the role (vaktrom identity pin bob --write), or give 1 more one of these roles',
    'policy.yaml:17:11: actions.status.require.approvals.1: nobody can fill this: if alice asks, 0 of 2 from dev can sign off (never the person themselves, nobody twice); pin who has the role (vaktrom identity pin bob --write), or give 2 more one of these roles',
  ]);
});

t.test('a recovery that nobody can agree to is one as well; long lists are cut', async (t) => {
  const people = ['a', 'b', 'c', 'd', 'e', 'f'];
  const pinned = people.map(
    (name) =>
      `  ${name}: { roles: [ops], accounts: [{ id: "@${name}:h", identity: ${name.repeat(42)}A }] }`,
  );
  const crowd = small(3, ...pinned);
  t.strictSame(warnings(`${crowd}recovery: { count: 6, roles: [ops] }\n`), [
    'policy.yaml:19:11: recovery: nobody can fill this: if anybody needs it, 5 of 6 from ops can agree (never the person themselves, nobody twice); give 1 more one of these roles',
  ]);
  t.strictSame(warnings(`${crowd}recovery: { count: 1, roles: [dev] }\n`), [
    'policy.yaml:19:11: recovery: nobody can fill this: if anybody needs it, 0 of 1 from dev can agree (never the person themselves, nobody twice); pin who has the role (vaktrom identity pin bob --write), or give 1 more one of these roles',
  ]);
  const some = crowd
    .replace('roles: [ops], accounts: [{ id: "@f', 'roles: [dev], accounts: [{ id: "@f')
    .replace('allow: { roles: [ops]', 'allow: { roles: [ops, dev]');
  const status = '    require: { approvals: { count: 5, roles: [ops] } }\n';
  t.strictSame(warnings(some + status), [
    'policy.yaml:19:27: actions.status.require.approvals: nobody can fill this: if a or b or c or d … asks, 4 of 5 from ops can sign off (never the person themselves, nobody twice); give 1 more one of these roles',
  ]);
});
