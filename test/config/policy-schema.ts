/** What the shape of policy.yaml refuses: the place, the reason and, for a slip, what was meant. */
import t from 'tap';
import { problemsOf, SMALL, TEAM } from './fixtures/policies.ts';
import { type Case, fits, refuses } from './fixtures/refusing.ts';

t.test('the policy that the cases below are made from is right', async (t) => {
  t.strictSame(problemsOf(SMALL), ['fine']);
  for (const right of [SMALL, TEAM]) t.ok(fits(right));
});

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

t.test('everything that is wrong with the shape is said at once, from the top', async (t) => {
  const text = SMALL.replace('version: 1', 'version: 3')
    .replace('roles: [dev]', 'roles: []')
    .replace('effect: read', 'effect: raed');
  t.strictSame(
    problemsOf(text).map((line) => line.split(':')[1]),
    ['1', '4', '12'],
  );
});
