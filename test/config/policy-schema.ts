/** Each thing that the shape of policy.yaml refuses: with its place, its reason and, for a slip, what was meant. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import t from 'tap';
import { formatSchema } from '../../src/config/conform.ts';
import { parseSource } from '../../src/config/document.ts';
import { policySchema } from '../../src/config/policy-schema.ts';
import { problemsOf, SMALL, small, TEAM } from './fixtures/policies.ts';

/** As an editor looks at it, by the JSON Schema alone. */
const fitsSchema = new Ajv2020({ strict: false }).compile(formatSchema(policySchema));
const fits = (text: string): boolean => {
  const source = parseSource(text, 'p');
  return source.ok && fitsSchema(source.value.value);
};

/** No schema can know these. */
const UNSAYABLE = [/: must be a time zone such as /];
/** Days that their month does not have. */
const NO_DAYS = ['2026-02-30T', '2026-02-29T'];

t.test('the policy that the cases below are made from is right', async (t) => {
  t.strictSame(problemsOf(SMALL), ['fine']);
  for (const right of [SMALL, TEAM]) t.ok(fits(right));
});

/** Which line of the small policy is replaced, by what, and what is said of it. */
type Case = readonly [line: number, text: string, problem: string];

function refuses(about: string, cases: readonly Case[]): void {
  t.test(about, async (t) => {
    for (const [line, text, problem] of cases) {
      const policy = small(line, ...text.split('\n'));
      t.strictSame(problemsOf(policy), [problem], text);
      const isSayable =
        !UNSAYABLE.some((unsayable) => unsayable.test(problem)) &&
        !NO_DAYS.some((day) => text.includes(day));
      t.equal(fits(policy), !isSayable, `an editor that looks at ${text}`);
    }
  });
}

refuses('the version is said, and is 1', [
  [1, '# none', 'p:1:1: version: is missing (1)'],
  [1, 'version: 2', 'p:1:10: version: must be 1'],
  [1, 'version: "1"', 'p:1:10: version: must be 1: leave out the quotes'],
  [1, 'version:', 'p:1:9: version: must be 1'],
]);

refuses('a key that nobody knows is refused, with the one that was meant', [
  [1, 'version: 1\npeopel: {}', 'p:2:1: peopel: unknown key; did you mean "people"?'],
  [
    1,
    'version: 1\nx-notes: 1',
    'p:2:1: x-notes: unknown key; known here: version, people, rooms, windows, defaults, actions, freeze, recovery, tests',
  ],
  [
    4,
    '  bob: { role: [dev], roles: [dev], accounts: [{ id: "@b:h" }] }',
    'p:4:10: people.bob.role: unknown key; did you mean "roles"?',
  ],
  [
    4,
    '  bob: { roles: [dev], accounts: [{ id: "@b:h", pin: x }] }',
    'p:4:49: people.bob.accounts.0.pin: unknown key; known here: id, identity',
  ],
  [
    4,
    '  bob: { roles: [dev], matrix: ["@b:h"], accounts: [{ id: "@b:h" }] }',
    'p:4:24: people.bob.matrix: unknown key; known here: roles, accounts, local_users',
  ],
  [
    6,
    '  ops: { id: "!ops:h", posture: { invite-only: true } }',
    'p:6:35: rooms.ops.posture.invite-only: unknown key; did you mean "invite_only"?',
  ],
  [
    12,
    '    effect: read\n    efect: read',
    'p:13:5: actions.status.efect: unknown key; did you mean "effect"?',
  ],
  [
    12,
    '    effect: read\n    <<: { mode: warn }',
    'p:13:5: actions.status.<<: unknown key; known here: summary, run, params, env, effect, mode, allow, require, sandbox, files, break_glass, allowance',
  ],
  [
    12,
    '    effect: read\n    require: { approvals: [{ count: 1, roles: [ops], form: x }] }',
    'p:13:54: actions.status.require.approvals.0.form: unknown key; known here: count, roles, step_up, within',
  ],
  [
    13,
    '    allow: { roles: [ops], rooms: [ops], window: [x] }',
    'p:13:42: actions.status.allow.window: unknown key; did you mean "windows"?',
  ],
  [
    12,
    '    effect: read\n    constructor: 1',
    'p:13:5: actions.status.constructor: unknown key; known here: summary, run, params, env, effect, mode, allow, require, sandbox, files, break_glass, allowance',
  ],
]);

refuses('names are lower-case', [
  [
    4,
    '  Bob: { roles: [dev], accounts: [{ id: "@b:h" }] }',
    'p:4:3: people.Bob: "Bob" is not a name (like alice)',
  ],
  [
    6,
    '  ops: { id: "!ops:h" }\n  "the room": { id: "!x:h" }',
    'p:7:3: rooms.the room: "the room" is not a name (like danger)',
  ],
  [8, '  Status:', 'p:8:3: actions.Status: "Status" is not a name (like db-failover)'],
  [
    11,
    '    params: { service: { enum: [web] }, Node: { enum: [x] } }',
    'p:11:41: actions.status.params.Node: must be a name: a lower-case letter, then letters, digits, - _',
  ],
  [
    4,
    '  bob: { roles: [Dev], accounts: [{ id: "@b:h" }] }',
    'p:4:18: people.bob.roles.0: must be a name: a lower-case letter, then letters, digits, - _',
  ],
]);

refuses('people have roles and accounts, and accounts are Matrix ids', [
  [4, '  bob: { accounts: [{ id: "@b:h" }] }', 'p:4:3: people.bob.roles: is missing (a list)'],
  [
    4,
    '  bob: { roles: [], accounts: [{ id: "@b:h" }] }',
    'p:4:17: people.bob.roles: must not be empty',
  ],
  [
    4,
    '  bob: { roles: dev, accounts: [{ id: "@b:h" }] }',
    'p:4:17: people.bob.roles: must be a list',
  ],
  [4, '  bob: { roles: [dev], accounts: [] }', 'p:4:34: people.bob.accounts: must not be empty'],
  [4, '  bob:', 'p:4:7: people.bob: is empty; it must be a map (name: value)'],
  [
    4,
    '  bob: { roles: [dev], accounts: [{ id: bob }] }',
    'p:4:41: people.bob.accounts.0.id: "bob" is not a Matrix account (like @alice:example.org)',
  ],
  [
    4,
    '  bob: { roles: [dev], accounts: [{ id: "@b:h", identity: abc }] }',
    'p:4:59: people.bob.accounts.0.identity: must be 43 characters of unpadded base64 (see: vaktrom identity show)',
  ],
  [
    4,
    `  bob: { roles: [dev], accounts: [{ id: "@b:h", identity: ${'A'.repeat(42)}B }] }`,
    'p:4:59: people.bob.accounts.0.identity: is no key: a character is wrong',
  ],
  [
    4,
    '  bob: { roles: [dev], accounts: [{ id: "@b:h", identity: 5 }] }',
    'p:4:59: people.bob.accounts.0.identity: must be text: put it in quotes',
  ],
]);

refuses('rooms have ids, and what is always so cannot be switched off', [
  [
    6,
    '  ops: { id: "#ops:h" }',
    'p:6:14: rooms.ops.id: "#ops:h" is not a Matrix room id (like !danger:example.org)',
  ],
  [6, '  ops: { id: "!ops:h", encrypted: false }', 'p:6:35: rooms.ops.encrypted: must be true'],
  [
    6,
    '  ops: { id: "!ops:h", posture: { guests: true } }',
    'p:6:43: rooms.ops.posture.guests: must be false',
  ],
  [
    6,
    '  ops: { id: "!ops:h", max_members: 1 }',
    'p:6:37: rooms.ops.max_members: must be at least 2',
  ],
  [
    6,
    '  ops: { id: "!ops:h", max_members: "9" }',
    'p:6:37: rooms.ops.max_members: must be a number: leave out the quotes',
  ],
  [
    6,
    '  ops: { id: "!ops:h", posture: { history: joind } }',
    'p:6:44: rooms.ops.posture.history: must be one of joined, invited, shared; did you mean "joined"?',
  ],
]);

const window = (text: string) => `windows: { night: { ${text} } }\nactions:`;
refuses('windows are days and times somewhere', [
  [
    7,
    window('tz: Europe/Bonn, days: [mon], from: "09:00", to: "10:00"'),
    'p:7:25: windows.night.tz: must be a time zone such as Europe/Berlin',
  ],
  [
    7,
    window('tz: UTC, days: [], from: "09:00", to: "10:00"'),
    'p:7:36: windows.night.days: must not be empty',
  ],
  [
    7,
    window('tz: UTC, days: [tues], from: "09:00", to: "10:00"'),
    'p:7:37: windows.night.days.0: must be one of mon, tue, wed, thu, fri, sat, sun; did you mean "tue"?',
  ],
  [
    7,
    window('tz: UTC, days: [mon], from: "9:00", to: "10:00"'),
    'p:7:49: windows.night.from: must be a time such as "22:00"',
  ],
  [
    7,
    window('tz: UTC, days: [mon], from: "24:00", to: "10:00"'),
    'p:7:49: windows.night.from: must be a time such as "22:00"',
  ],
  [
    7,
    window('tz: UTC, days: [mon], from: "09:00", to: "24:01"'),
    'p:7:62: windows.night.to: must be a time such as "02:00" or "24:00"',
  ],
  [
    7,
    window('tz: UTC, days: [mon], from: 9, to: "10:00"'),
    'p:7:49: windows.night.from: must be text: put it in quotes',
  ],
]);

refuses('actions are whole', [
  [9, '    summary: ""', 'p:9:14: actions.status.summary: must not be empty'],
  [
    9,
    `    summary: ${'x'.repeat(201)}`,
    'p:9:14: actions.status.summary: must have at most 200 characters',
  ],
  [
    12,
    '    # effect: read',
    'p:8:3: actions.status.effect: is missing (read, change, destructive)',
  ],
  [
    12,
    '    effect: raed',
    'p:12:13: actions.status.effect: must be one of read, change, destructive; did you mean "read"?',
  ],
  [
    12,
    '    effect: read\n    mode: warm',
    'p:13:11: actions.status.mode: must be one of observe, warn, enforce; did you mean "warn"?',
  ],
  [13, '    allow: { roles: [ops] }', 'p:13:5: actions.status.allow.rooms: is missing (a list)'],
  [
    13,
    '    allow: { roles: [ops], rooms: [] }',
    'p:13:35: actions.status.allow.rooms: must not be empty',
  ],
  [
    12,
    '    effect: read\n    env: { path: x }',
    'p:13:12: actions.status.env.path: must be a variable name, and not VAKTROM_…',
  ],
  [
    12,
    '    effect: read\n    env: { VAKTROM_PERSON: x }',
    'p:13:12: actions.status.env.VAKTROM_PERSON: must be a variable name, and not VAKTROM_…',
  ],
  [
    12,
    '    effect: read\n    env: { A: 1 }',
    'p:13:15: actions.status.env.A: must be text: put it in quotes',
  ],
]);

const PATH = 'must be an absolute path in its shortest form: no . or .. or //, no / at the end';
refuses('programs and paths are absolute, and have one spelling', [
  [10, '    run: []', 'p:10:5: actions.status.run.0: is missing (text)'],
  [10, '    run: status', 'p:10:10: actions.status.run: must be a list'],
  [10, '    run: [status, "{service}"]', `p:10:11: actions.status.run.0: ${PATH}`],
  [10, '    run: [/opt/../bin/sh, "{service}"]', `p:10:11: actions.status.run.0: ${PATH}`],
  [
    10,
    '    run: [/opt/status, "{service}", 5]',
    'p:10:37: actions.status.run.2: must be text: put it in quotes',
  ],
  ...['x', '/../etc', '/a/..', '/a/../b', '/.', '/a/./b', '/a//b', '/a/', '//a', '/'].map(
    (path): Case => [
      12,
      `    effect: read\n    sandbox: { read: ["${path}"] }`,
      `p:13:23: actions.status.sandbox.read.0: ${PATH}`,
    ],
  ),
]);

const params = (text: string) => `    params: { service: { ${text} } }`;
refuses('parameters are a list, a pattern or a number', [
  [
    11,
    params(''),
    'p:11:24: actions.status.params.service: needs exactly one of enum, pattern, integer',
  ],
  [
    11,
    params('enum: [a], integer: { min: 1, max: 2 }'),
    'p:11:24: actions.status.params.service: needs exactly one of enum, pattern, integer',
  ],
  [11, params('enum: []'), 'p:11:32: actions.status.params.service.enum: must not be empty'],
  [
    11,
    params('enum: [1]'),
    'p:11:33: actions.status.params.service.enum.0: must be text: put it in quotes',
  ],
  [
    11,
    params('enum: [yes, ""]'),
    'p:11:38: actions.status.params.service.enum.1: must not be empty',
  ],
  [
    11,
    params('pattern: "a+"'),
    'p:11:24: actions.status.params.service: pattern and max_length go together',
  ],
  [
    11,
    params('enum: [a], max_length: 5'),
    'p:11:24: actions.status.params.service: pattern and max_length go together',
  ],
  [
    11,
    params('pattern: "a+", max_length: 257'),
    'p:11:53: actions.status.params.service.max_length: must be at most 256',
  ],
  [
    11,
    params('pattern: "a+", max_length: 1.5'),
    'p:11:53: actions.status.params.service.max_length: must be a whole number',
  ],
  [
    11,
    params(`pattern: "${'a'.repeat(201)}", max_length: 9`),
    'p:11:35: actions.status.params.service.pattern: must have at most 200 characters',
  ],
  [
    11,
    params('integer: { min: 1 }'),
    'p:11:26: actions.status.params.service.integer.max: is missing (a number)',
  ],
]);

const requiring = (text: string) => `    effect: change\n    require: { ${text} }`;
refuses('what is required is a factor, sign-offs, or both', [
  [
    12,
    requiring('step_up: otp'),
    'p:13:25: actions.status.require.step_up: must be one of totp, webauthn; did you mean "totp"?',
  ],
  [
    12,
    requiring('approvals: 2'),
    'p:13:27: actions.status.require.approvals: must be a list, or must be a map (name: value)',
  ],
  [12, requiring('approvals: []'), 'p:13:27: actions.status.require.approvals: must not be empty'],
  [
    12,
    requiring('approvals: { count: 0, roles: [ops] }'),
    'p:13:36: actions.status.require.approvals.count: must be at least 1',
  ],
  [
    12,
    requiring('approvals: [{ count: 10, roles: [ops] }]'),
    'p:13:37: actions.status.require.approvals.0.count: must be at most 9',
  ],
  [
    12,
    requiring('approvals: [{ count: 1, roles: [ops] }, { count: 1 }]'),
    'p:13:56: actions.status.require.approvals.1.roles: is missing (a list)',
  ],
  [
    12,
    requiring('within: 30'),
    'p:13:24: actions.status.require.within: must be text: put it in quotes',
  ],
  [
    12,
    requiring('within: 30min'),
    'p:13:24: actions.status.require.within: must be a duration such as 90s, 15m, 2h or 1d',
  ],
  ...['8d', '169h', '10081m', '604801s'].map(
    (within): Case => [
      12,
      requiring(`within: ${within}`),
      'p:13:24: actions.status.require.within: must be at most 7d',
    ],
  ),
]);

const sandbox = (text: string) => `    effect: read\n    sandbox: { ${text} }`;
refuses('limits have units, and destinations a name and a port', [
  [
    12,
    sandbox('timeout: 0s'),
    'p:13:25: actions.status.sandbox.timeout: must be a duration such as 90s, 15m, 2h or 1d',
  ],
  [12, sandbox('timeout: 999999d'), 'p:13:25: actions.status.sandbox.timeout: must be at most 7d'],
  [
    12,
    sandbox('memory: 512MB'),
    'p:13:24: actions.status.sandbox.memory: must be a size such as 512K, 256M or 2G',
  ],
  [
    12,
    sandbox('processes: 5000'),
    'p:13:27: actions.status.sandbox.processes: must be at most 4096',
  ],
  [
    12,
    sandbox('network: all'),
    'p:13:25: actions.status.sandbox.network: must be "none", or must be a list',
  ],
  [
    12,
    sandbox('network: ["deploy.internal"]'),
    'p:13:26: actions.status.sandbox.network.0: must be host:port',
  ],
  [
    12,
    sandbox('network: ["*.internal:443"]'),
    'p:13:26: actions.status.sandbox.network.0: must be host:port',
  ],
  ...['0', '00', '65536', '99999'].map(
    (port): Case => [
      12,
      sandbox(`network: ["a:${port}"]`),
      'p:13:26: actions.status.sandbox.network.0: the port must be from 1 to 65535',
    ],
  ),
  ...['10.0.0.1', '127.1', '2130706433', '0x7f000001', 'host.0x7F', 'host.0X7f', '1.2.3.0x'].map(
    (host): Case => [
      12,
      sandbox(`network: ["${host}:443"]`),
      'p:13:26: actions.status.sandbox.network.0: must be a host name, not an address',
    ],
  ),
]);

refuses('what a room, a freeze, an allowance and break-glass may be is bounded', [
  [
    6,
    '  ops: { id: "!ops:h", posture: { encrypted: false } }',
    'p:6:46: rooms.ops.posture.encrypted: must be true',
  ],
  [
    6,
    '  ops: { id: "!ops:h", posture: { history: world_readable } }',
    'p:6:44: rooms.ops.posture.history: must be one of joined, invited, shared',
  ],
  [
    6,
    '  ops: { id: "!ops:h", posture: { servers: [] } }',
    'p:6:44: rooms.ops.posture.servers: must not be empty',
  ],
  [7, 'freeze: { roles: [] }\nactions:', 'p:7:18: freeze.roles: must not be empty'],
  [
    7,
    'recovery: { count: 0, roles: [ops] }\nactions:',
    'p:7:20: recovery.count: must be at least 1',
  ],
  [
    12,
    '    effect: read\n    allowance: { times: 101, for: 1h }',
    'p:13:25: actions.status.allowance.times: must be at most 100',
  ],
  [
    12,
    '    effect: read\n    allowance: { times: 1 }',
    'p:13:5: actions.status.allowance.for: is missing (text)',
  ],
  [
    12,
    '    effect: read\n    break_glass: [ops]',
    'p:13:18: actions.status.break_glass: must be a map (name: value)',
  ],
  [
    4,
    '  bob: { roles: [dev], local_users: ["Bob!"], accounts: [{ id: "@bob:h" }] }',
    'p:4:38: people.bob.local_users.0: must be a user name of this host',
  ],
]);

const test = (text: string) =>
  `tests:\n  - { as: alice, do: status web, in: ops, ${text} }\nactions:`;
refuses('tests say what they expect', [
  [
    7,
    test('expect: allowed'),
    'p:8:51: tests.0.expect: must be one of allow, deny, pending; did you mean "allow"?',
  ],
  [
    7,
    test('expect: deny, because: rolle'),
    'p:8:66: tests.0.because: must be one of action, person, identity, role, room, posture, window, freeze, break_glass, allowance, params, unevaluable; did you mean "role"?',
  ],
  [7, test('expect: allow, because: role'), 'p:8:67: tests.0.because: goes with expect: deny'],
  [7, test('expect: deny, missing: [totp]'), 'p:8:66: tests.0.missing: goes with expect: pending'],
  [
    7,
    test('expect: allow, at: "2026-03-03 22:30"'),
    'p:8:62: tests.0.at: must be a time with its zone, such as 2026-03-03T22:30+01:00',
  ],
  ...[
    '2026-13-03T22:30Z',
    '2026-02-00T22:30Z',
    '2026-02-30T22:30Z',
    '2026-02-29T22:30Z',
    '2026-03-03T25:00Z',
    '2026-03-03T24:01Z',
    '2026-03-03T22:60Z',
    '2026-03-03T22:30:60Z',
    '2026-03-03T22:30+24:00',
    '2026-03-03T22:30+01:60',
  ].map(
    (at): Case => [
      7,
      test(`expect: allow, at: "${at}"`),
      'p:8:62: tests.0.at: there is no such time',
    ],
  ),
  [
    7,
    test('expect: allow, approved_by: ["bob:sms"]'),
    'p:8:72: tests.0.approved_by.0: must be such as bob, bob:totp or bob:webauthn',
  ],
]);

t.test('what is only like a mistake is none', async (t) => {
  const right = [
    requiring('within: 7d'),
    requiring('within: 168h'),
    requiring('within: 604800s'),
    ...[
      'a:1',
      'a:65535',
      'a:00443',
      '10.example:443',
      '0x7f.host:1',
      'x1:1',
      '1.2.3.4.nip.io:1',
    ].map((destination) => sandbox(`network: ["${destination}"]`)),
  ];
  for (const text of right) {
    const policy = small(12, ...text.split('\n'));
    t.strictSame(problemsOf(policy), ['fine'], text);
    t.ok(fits(policy), text);
  }
});

t.test('everything that is wrong with the shape is said at once, from the top', async (t) => {
  const text = SMALL.replace('version: 1', 'version: 3')
    .replace('roles: [dev]', 'roles: []')
    .replace('effect: read', 'effect: raed');
  t.strictSame(
    problemsOf(text).map((line) => line.split(':')[1]),
    ['1', '4', '12'],
  );
});
