import t from 'tap';
import type { Action } from '../../src/policy/model.ts';
import { policyFile, problemsOf, SMALL, small, TEAM } from './fixtures/policies.ts';

const actionOf = (text: string, name = 'status'): Action => {
  const found = policyFile(text).policy.actions.get(name as never);
  if (!found) throw new Error(`no action ${name}`);
  return found;
};

t.test('an action has defaults for what it does not say', async (t) => {
  const { require, sandbox, mode, env, windows, files, breakGlass, allowance } = actionOf(SMALL);
  t.strictSame(
    { files, breakGlass, allowance },
    { files: [], breakGlass: [], allowance: undefined },
  );
  t.strictSame({ mode, env, windows }, { mode: 'enforce', env: {}, windows: [] });
  t.strictSame(require, {
    ...{ stepUp: undefined, approvals: [], withinMs: 30 * 60_000, startWithinMs: 0 },
  });
  t.strictSame(sandbox, {
    ...{ timeoutMs: 60_000, outputBytes: 1 << 20, memoryBytes: 2 * 2 ** 30, processes: 128 },
    ...{ network: [], read: [], write: [] },
  });
});

t.test('the defaults of the policy stand between', async (t) => {
  const defaults = 'defaults: { timeout: 2h, memory: 1G, max_output: 64K, processes: 7 }\nactions:';
  t.hasStrict(actionOf(small(7, defaults)).sandbox, {
    ...{ timeoutMs: 7_200_000, memoryBytes: 2 ** 30, outputBytes: 65_536, processes: 7 },
  });
});

t.test('what an action says is what it gets', async (t) => {
  const deploy = actionOf(TEAM, 'deploy');
  t.hasStrict(deploy, { effect: 'change', roles: ['ops'], rooms: ['danger'] });
  t.strictSame(deploy.require, {
    stepUp: 'totp',
    approvals: [{ count: 1, roles: ['ops', 'dba'], stepUp: undefined }],
    withinMs: 30 * 60_000,
    startWithinMs: 0,
  });
  t.hasStrict(deploy, { breakGlass: ['ops'], allowance: { times: 5, forMs: 2 * 3_600_000 } });
  t.hasStrict(deploy.sandbox, {
    timeoutMs: 15 * 60_000,
    memoryBytes: 512 * 2 ** 20,
    network: [{ host: 'deploy.internal', port: 443 }],
    write: ['/var/lib/deploy'],
  });
  t.strictSame(
    actionOf(small(12, '    effect: read', '    sandbox: { network: none }')).sandbox.network,
    [],
  );
});

t.test('groups of sign-offs are kept apart, and the shortest wait counts', async (t) => {
  const groups =
    '[{ count: 1, roles: [ops], within: 1h }, { count: 2, roles: [dev], step_up: totp, within: 90s }]';
  const text = small(12, '    effect: change', `    require: { approvals: ${groups}, within: 2h }`);
  t.strictSame(actionOf(text).require, {
    stepUp: undefined,
    approvals: [
      { count: 1, roles: ['ops'], stepUp: undefined },
      { count: 2, roles: ['dev'], stepUp: 'totp' },
    ],
    withinMs: 90_000,
    startWithinMs: 0,
  });
});

t.test('a run may wait for its requester, and depend on files', async (t) => {
  const lines = ['    require: { start_within: 10m }', '    files: [/etc/deploy.conf]'];
  const deploy = actionOf(small(12, '    effect: change', ...lines));
  t.equal(deploy.require.startWithinMs, 600_000);
  t.strictSame(deploy.files, ['/etc/deploy.conf']);
});

t.test('parameters of every kind', async (t) => {
  const params = `    params:
      service: { pattern: "[a-z]+", max_length: 9, default: web }
      level: { integer: { min: -1, max: 9 } }
      flag: { enum: ["-v", x], allow_dash: true }`;
  const run = '    run: [/opt/status, "{service}", "--level={level}", "{flag}{flag}"]';
  const [service, level, flag] = actionOf(
    small(10, run).replace(/ {4}params.*/, params),
  ).parameters;
  t.hasStrict(service, { kind: 'pattern', maxLength: 9, fallback: 'web', allowDash: false });
  t.hasStrict(level, { kind: 'integer', min: -1, max: 9, allowDash: true });
  t.hasStrict(flag, { kind: 'enum', values: ['-v', 'x'], allowDash: true });
});

const params = (text: string) => small(11, `    params: { service: { ${text} } }`);
const sandbox = (text: string) => small(12, '    effect: read', `    sandbox: { ${text} }`);

const REFUSED: Readonly<Record<string, readonly [text: string, ...problems: readonly string[]]>> = {
  'a lax mode for what changes things': [
    small(12, '    effect: change', '    mode: warn'),
    'p:13:11: actions.status.mode: mode warn is for effect: read only; a change is enforced',
  ],
  'a program that depends on a parameter': [
    small(10, '    run: ["/opt/{service}"]'),
    'p:10:11: actions.status.run.0: the program cannot depend on a parameter',
  ],
  'a slot without a parameter': [
    small(10, '    run: [/opt/status, "{service}", "--{servce}", "{x}"]'),
    'p:10:37: actions.status.run.2: there is no parameter "servce"; did you mean "service"?',
    'p:10:51: actions.status.run.3: there is no parameter "x"',
  ],
  'a parameter without a slot': [
    small(10, '    run: [/opt/status, "{Service}", "$service"]'),
    'p:11:15: actions.status.params.service: is never used in run',
  ],
  'a pattern that is none': [
    params('pattern: "(a", max_length: 9, default: b'),
    'p:11:35: actions.status.params.service.pattern: Invalid regular expression: /(a/u: Unterminated group',
  ],
  'a pattern that escapes its bounds': [
    params('pattern: "a)|(?:b", max_length: 9'),
    "p:11:35: actions.status.params.service.pattern: Invalid regular expression: /a)|(?:b/u: Unmatched ')'",
  ],
  'a pattern that needs to go back': [
    params("pattern: '(a|b)\\1', max_length: 9"),
    'p:11:35: actions.status.params.service.pattern: \\1 at character 6 is not supported: no lookaround, references, boundaries, named groups',
  ],
  'a default that is no value': [
    params('enum: [web, api], default: db'),
    'p:11:53: actions.status.params.service.default: "db" is not a value of the parameter: it is one of web, api',
  ],
  'a default that begins with a dash': [
    params('pattern: ".*", max_length: 9, default: "-x"'),
    'p:11:65: actions.status.params.service.default: "-x" is not a value of the parameter: a value may not begin with "-"',
  ],
  'a value that could be an option': [
    params('enum: [web, "--help"]'),
    'p:11:38: actions.status.params.service.enum.1: "--help" begins with "-": say allow_dash: true if that is meant',
  ],
  'a range that is empty': [
    params('integer: { min: 2, max: 1 }'),
    'p:11:35: actions.status.params.service.integer: min is larger than max',
  ],
  'a folder that is the sandbox itself': [
    sandbox('read: [/etc]'),
    'p:8:3: actions.status: it could never be started: /etc cannot be shown to an action: name what it needs beneath',
  ],
  'writing to the system': [
    sandbox('write: [/usr/local/lib]'),
    'p:8:3: actions.status: it could never be started: /usr/local/lib belongs to the system, which is read-only',
  ],
  'a host name that is none': [
    sandbox('network: ["a..b:443"]'),
    'p:8:3: actions.status: it could never be started: "a..b" is not a host name; destinations are names, not addresses',
  ],
};

for (const [what, [text, ...expected]] of Object.entries(REFUSED))
  t.test(`refused: ${what}`, async (t) => t.strictSame(problemsOf(text), expected));
