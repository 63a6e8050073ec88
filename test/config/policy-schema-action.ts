/** The same as ./policy-schema.ts, for what an action asks for and is given, and for the policy's tests. */
import t from 'tap';
import { problemsOf, small } from './fixtures/policies.ts';
import { type Case, fits, refuses } from './fixtures/refusing.ts';

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
