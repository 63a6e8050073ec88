import t from 'tap';
import { testPolicy } from '../../src/config/policy-test.ts';
import { policyFile, SMALL, TEAM } from './fixtures/policies.ts';

/** What came instead of what one test of the small policy expects; undefined when it passes. */
function faultIn(test: string): string | undefined {
  const [result] = testPolicy(policyFile(`${SMALL}tests:\n  - { in: ops, ${test} }\n`));
  return result?.fault;
}

t.test('the tests of a whole policy pass, each with a name that tells it', async (t) => {
  const results = testPolicy(policyFile(TEAM));
  t.equal(results.length, 10);
  t.strictSame(
    results.filter(({ fault }) => fault !== undefined),
    [],
  );
  t.equal(results[0]?.name, 'dave in ops: status service=web');
});

t.test('a policy without tests has no results', async (t) => {
  t.strictSame(testPolicy(policyFile(SMALL)), []);
});

t.test('a test that expects something else says what came', async (t) => {
  t.equal(faultIn('as: alice, do: status web, expect: allow'), undefined);
  t.equal(faultIn('as: alice, do: "!status web", expect: allow'), undefined, 'with the ! too');
  t.equal(faultIn('as: alice, do: status web, expect: deny'), 'got allow');
  t.equal(faultIn('as: bob, do: status web, expect: allow'), 'got deny role');
  t.equal(faultIn('as: bob, do: status web, expect: deny, because: room'), 'got deny role');
  t.equal(faultIn('as: bob, do: status web, expect: deny'), undefined);
});

t.test('what does not parse is denied: for its values, or as no action', async (t) => {
  for (const typed of ['status', 'status db', 'status web web', "'status", 'status service=x'])
    t.equal(
      faultIn(`as: alice, do: ${JSON.stringify(typed)}, expect: deny, because: params`),
      undefined,
      typed,
    );
  t.equal(faultIn('as: alice, do: pizza, expect: deny, because: action'), undefined);
});

t.test('what is missing is compared in order', async (t) => {
  const [, , , pending] = testPolicy(
    policyFile(TEAM.replace('missing: [totp, "1 approval"]', 'missing: ["1 approval"]')),
  );
  t.equal(pending?.fault, 'got pending totp, 1 approval');
});

t.test(
  'a sign-off of somebody without a pinned identity does not count, as in the room',
  async (t) => {
    const text = SMALL.replace('roles: [dev]', 'roles: [ops]')
      .replace(
        'effect: read',
        'effect: change\n    require: { approvals: { count: 1, roles: [ops] } }',
      )
      .concat(
        'tests: [{ as: alice, in: ops, do: status web, approved_by: [bob], expect: allow }]\n',
      );
    t.equal(testPolicy(policyFile(text))[0]?.fault, 'got pending 1 approval');
  },
);

t.test('without a time, it is a Wednesday at noon in UTC', async (t) => {
  const windows = (from: string, to: string) =>
    SMALL.replace(
      'actions:',
      `windows: { w: { tz: UTC, days: [wed], from: "${from}", to: "${to}" } }\nactions:`,
    )
      .replace('rooms: [ops] }', 'rooms: [ops], windows: [w] }')
      .concat('tests: [{ as: alice, in: ops, do: status web, expect: allow }]\n');
  t.equal(testPolicy(policyFile(windows('12:00', '12:01')))[0]?.fault, undefined);
  t.equal(testPolicy(policyFile(windows('12:01', '24:00')))[0]?.fault, 'got deny window');
});
