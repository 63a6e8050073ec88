import fc from 'fast-check';
import t from 'tap';
import { sha256Hex } from '../../src/base/bytes.ts';
import { formatProblem } from '../../src/config/document.ts';
import { parsePolicy, parsePolicyFile } from '../../src/config/policy-file.ts';
import { keyOf, policyFile, problemsOf, SMALL, small, TEAM } from './fixtures/policies.ts';

t.test('a policy is what the file says, with names resolved', async (t) => {
  const { policy, expectations } = policyFile(TEAM);
  t.equal(policy.sha256, sha256Hex(TEAM));
  t.strictSame([...policy.people.keys()], ['alice', 'bob', 'carol', 'dave']);
  t.hasStrict(policy.people.get('bob' as never), {
    name: 'bob',
    roles: ['ops', 'dba'],
    accounts: [
      { id: '@bob:example.org', identity: keyOf('bob') },
      { id: '@bob-phone:example.org', identity: keyOf('phone') },
    ],
  });
  t.strictSame(policy.rooms.get('ops' as never), {
    ...{ name: 'ops', id: '!ops:example.org', posture: undefined },
  });
  t.strictSame(policy.windows.get('night-change'), {
    timeZone: 'Europe/Berlin',
    days: ['tue', 'thu'],
    from: '22:00',
    until: '02:00',
  });
  t.strictSame([...policy.actions.keys()], ['status', 'deploy', 'db-failover']);
  t.equal(expectations.length, 10);
});

t.test('an account without a pinned identity may be there', async (t) => {
  const accounts = policyFile(SMALL).policy.people.get('bob' as never)?.accounts;
  t.strictSame(accounts, [{ id: '@bob:h', identity: undefined }]);
});

t.test('what is demanded of a room is its posture; nothing else is looked at', async (t) => {
  const postureOf = (room: string) =>
    policyFile(small(6, `  ops: { id: "!ops:h", ${room} }`)).policy.rooms.get('ops' as never)
      ?.posture;
  const nothing = {
    ...{ encrypted: false, inviteOnly: false, noGuests: false, membersInPolicy: false },
    ...{ history: undefined, servers: undefined, maxMembers: undefined },
  };
  t.equal(postureOf('encrypted: true, verified_devices_only: true'), undefined);
  t.strictSame(postureOf('max_members: 12'), { ...nothing, maxMembers: 12 });
  t.strictSame(postureOf('posture: {}'), nothing);
  const all =
    'encrypted: true, invite_only: true, members: policy, history: invited, guests: false, servers: [h]';
  t.strictSame(postureOf(`posture: { ${all} }`), {
    ...{ encrypted: true, inviteOnly: true, noGuests: true, membersInPolicy: true },
    ...{ history: 'invited', servers: ['h'], maxMembers: undefined },
  });
});

t.test('without a word on it, everybody may freeze and nobody enrols anew', async (t) => {
  const { policy } = policyFile(SMALL);
  t.strictSame(policy.freeze, { freeze: ['ops', 'dev'], unfreeze: ['ops', 'dev'] });
  t.equal(policy.recovery, undefined);
});

t.test('who may freeze, unfreeze and agree to a recovery is as it is said', async (t) => {
  const extras = (...lines: readonly string[]) => {
    const { freeze, recovery } = policyFile(small(7, ...lines, 'actions:')).policy;
    return { freeze, recovery };
  };
  t.strictSame(extras('freeze: { roles: [dev] }', 'recovery: { count: 2, roles: [ops, dev] }'), {
    freeze: { freeze: ['dev'], unfreeze: ['dev'] },
    recovery: { count: 2, roles: ['ops', 'dev'], stepUp: undefined },
  });
  t.strictSame(extras('freeze: { roles: [dev, ops], unfreeze: [ops] }').freeze, {
    ...{ freeze: ['dev', 'ops'], unfreeze: ['ops'] },
  });
});

t.test('a user of the host is one person', async (t) => {
  const bob = (users: string) =>
    small(4, `  bob: { roles: [dev], local_users: ${users}, accounts: [{ id: "@bob:h" }] }`);
  t.strictSame(policyFile(bob('[bob, ben]')).policy.people.get('bob' as never)?.localUsers, [
    ...['bob', 'ben'],
  ]);
  t.strictSame(policyFile(SMALL).policy.people.get('bob' as never)?.localUsers, []);
  t.strictSame(problemsOf(bob('[bob, bob]')), [
    'p:4:43: people.bob.local_users.1: bob already belongs to bob',
  ]);
});

t.test('a policy may be empty', async (t) => {
  const { policy, expectations } = policyFile('{ version: 1, people: {}, rooms: {}, actions: {} }');
  t.equal(policy.people.size + policy.rooms.size + policy.actions.size + policy.windows.size, 0);
  t.strictSame(expectations, []);
});

t.test('names of the prototype are names like any other', async (t) => {
  const text = SMALL.replace('  alice:', '  constructor:');
  const { policy } = policyFile(text.replaceAll('service', 'valueof'));
  t.ok(policy.people.has('constructor' as never));
  t.equal(policy.actions.get('status' as never)?.parameters[0]?.name, 'valueof');
});

const REFUSED: Readonly<Record<string, readonly [text: string, ...problems: readonly string[]]>> = {
  'one account, two people': [
    small(4, '  bob: { roles: [ops], accounts: [{ id: "@alice:h" }] }'),
    'p:4:41: people.bob.accounts.0.id: @alice:h already belongs to alice: one human could count twice',
  ],
  'one account twice': [
    small(4, '  bob: { roles: [ops], accounts: [{ id: "@b:h" }, { id: "@b:h" }] }'),
    'p:4:57: people.bob.accounts.1.id: @b:h already belongs to bob: one human could count twice',
  ],
  'one identity, two people': [
    small(4, `  bob: { roles: [ops], accounts: [{ id: "@b:h", identity: ${keyOf('alice')} }] }`),
    `p:4:59: people.bob.accounts.0.identity: ${keyOf('alice')} already belongs to alice: one human could count twice`,
  ],
  'one room, two names': [
    small(6, '  ops: { id: "!ops:h" }', '  danger: { id: "!ops:h" }'),
    'p:7:17: rooms.danger.id: !ops:h is already the room ops',
  ],
  'the name of the direct rooms': [
    small(6, '  ops: { id: "!ops:h" }', '  direct: { id: "!d:h" }'),
    'p:7:3: rooms.direct: "direct" means the direct rooms; choose another name',
  ],
  "the name of the host's terminal": [
    small(6, '  ops: { id: "!ops:h" }', '  local: { id: "!l:h" }'),
    `p:7:3: rooms.local: "local" means the host's terminal; choose another name`,
  ],
  'a window that never opens': [
    small(7, 'windows:', '  w: { tz: UTC, days: [mon], from: "09:00", to: "09:00" }', 'actions:'),
    'p:8:49: windows.w.to: is "from" again: it would never be open (a day ends at 24:00)',
  ],
  'the name of a built-in command': [
    small(8, '  cancel:'),
    'p:8:3: actions.cancel: "cancel" is a built-in command; choose another name',
  ],
};

for (const [what, [text, ...expected]] of Object.entries(REFUSED))
  t.test(`refused: ${what}`, async (t) => t.strictSame(problemsOf(text), expected));

t.test('a byte more or less is another policy', async (t) => {
  const digests = [SMALL, `${SMALL}\n`, `\ufeff${SMALL}`].map(
    (text) => policyFile(text).policy.sha256,
  );
  t.equal(new Set(digests).size, 3);
});

t.test('any text at all is a policy or has problems', async () => {
  const lines = SMALL.split('\n');
  const spoilt = fc
    .tuple(fc.nat(SMALL.length), fc.nat(20), fc.string({ unit: 'binary', maxLength: 12 }))
    .map(([at, gone, more]) => SMALL.slice(0, at) + more + SMALL.slice(at + gone));
  const shuffled = fc.shuffledSubarray(lines).map((some) => some.join('\n'));
  const anything = fc.json().map((json) => json);
  fc.assert(
    fc.property(fc.oneof(spoilt, shuffled, anything), (text) => {
      const parsed = parsePolicy(text, 'p');
      return parsed.ok || (parsed.error.length > 0 && parsed.error.every((p) => p.line > 0));
    }),
    { numRuns: 500 },
  );
});

t.test('a file says where it ends, or may have been cut off', async (t) => {
  const problems = (text: string): readonly string[] => {
    const parsed = parsePolicyFile(text, 'p');
    return parsed.ok ? [] : parsed.error.map(formatProblem);
  };
  const add =
    'the file does not say that it ends here, so it may have been cut off; if it is whole, add a last line of three dots: ...';
  for (const end of ['...\n', '...', '...\r\n', '... # the end\n', '...\n\n# the end\n  # of it'])
    t.strictSame(problems(SMALL + end), [], JSON.stringify(end));
  t.strictSame(problems(SMALL), [`p:14:1: ${add}`]);
  t.strictSame(problems(`${SMALL}# ...\n`), [`p:15:1: ${add}`]);
  t.strictSame(problems(SMALL.trimEnd()), [`p:13:1: ${add}`]);
  // The same without the last word of it: what was missing was a sign-off.
  const whole = `${SMALL}    require: { approvals: { count: 1, roles: [ops] } }\n...\n`;
  for (let at = 0; at < whole.length - '\n'.length; at++)
    t.not(problems(whole.slice(0, at)).length, 0, `cut off after ${at}`);
  t.strictSame(problems(whole), []);
});

t.test('of many problems the first hundred are told', async (t) => {
  const roles = Array.from({ length: 1000 }, (_, i) => `x${i}`);
  const told = problemsOf(`${SMALL}freeze: { roles: [${roles.join(', ')}] }\n`);
  t.equal(told.length, 100);
  t.equal(told[99], 'p:14:504: freeze.roles.99: no person has the role "x99"');
});
