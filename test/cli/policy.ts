import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Io } from '../../src/cli/io.ts';
import { check, policyCheck, policyTest, schemaText } from '../../src/cli/policy.ts';
import { formatSettings } from '../../src/cli/starter.ts';
import { makeSigningKey } from '../../src/store/keys.ts';
import { SMALL, TEAM, whole } from '../config/fixtures/policies.ts';

process.umask(0o022); // what is read here is closed to other writers, whatever umask the tests run with

/** An Io that remembers what was said. */
function listen() {
  const out: string[] = [];
  const err: string[] = [];
  const io: Io = { out: (line) => out.push(line), err: (line) => err.push(line), ask: undefined };
  return { io, out, err, json: () => JSON.parse(out.join('\n')) as unknown };
}

t.test('a good policy is counted', async (t) => {
  const file = join(t.testdir({ 'p.yaml': whole(TEAM) }), 'p.yaml');
  const said = listen();
  t.equal(await policyCheck(file, false, said.io), 0);
  t.strictSame(said.out, [`${file}: ok; people: 4, rooms: 2, actions: 3, tests: 10`]);
  const plain = listen();
  t.equal(await policyCheck(file, true, plain.io), 0);
  t.match(plain.json(), { ok: true, sha256: /^[0-9a-f]{64}$/, people: 4, actions: 3 });
});

t.test('a quorum that nobody can fill is warned about, with its line', async (t) => {
  const policy = `${SMALL}    require: { approvals: { count: 1, roles: [ops] } }\n`;
  const root = await directory(t, { policy });
  const file = join(root, 'policy.yaml');
  const message =
    'actions.status.require.approvals: nobody can fill this: if alice asks, 0 of 1 from ops can sign off (never the person themselves, nobody twice); give 1 more one of these roles';
  const said = listen();
  t.equal(await policyCheck(file, false, said.io), 0);
  t.strictSame(said.out, [`${file}: ok; people: 2, rooms: 1, actions: 1, tests: 0`]);
  t.strictSame(said.err, [`warning: ${file}:14:27: ${message}`]);
  const plain = listen();
  t.equal(await policyCheck(file, true, plain.io), 0);
  t.hasStrict(plain.json(), { ok: true, warnings: [{ file, line: 14, column: 27, message }] });
  t.strictSame(plain.err, []);
  const whole = listen();
  t.equal(await check(root, false, whole.io), 0);
  t.strictSame(whole.err, [`warning: ${file}:14:27: ${message}`]);
});

t.test('a policy that the daemon would not read, since others may write it', async (t) => {
  const root = await directory(t);
  const file = join(root, 'policy.yaml');
  await chmod(file, 0o664);
  const said = listen();
  t.equal(await policyCheck(file, false, said.io), 0);
  t.strictSame(said.err, [
    `warning: ${file}:1:1: the daemon would not read it: others may write ${file}; mend it: chmod g-w ${file}`,
  ]);
});

t.test('a socket that an action would see is warned about', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'vaktrom-policy-')); // short, as sockets need it
  t.teardown(() => rm(folder, { recursive: true }));
  const socket = join(folder, 'sub', 's');
  await mkdir(join(folder, 'sub'));
  const server = createServer().listen(socket);
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(() => server.close());
  const seen = (path: string) => `    sandbox: { read: [/usr/share/zoneinfo/UTC, ${path}] }\n`;
  const file = join(t.testdir({ p: '' }), 'p');
  const warnings = async (path: string): Promise<readonly string[]> => {
    await writeFile(file, whole(SMALL + seen(path)));
    const said = listen();
    t.equal(await policyCheck(file, false, said.io), 0);
    return said.err;
  };
  const at = `warning: ${file}:14:48: actions.status.sandbox.read.1:`;
  t.strictSame(await warnings(folder), [
    `${at} the action can reach programs of the host, whatever its network: by ${socket}; name only what it needs`,
  ]);
  t.strictSame(await warnings(socket), [
    `${at} this is a socket or a pipe, so the action cannot start: name files or folders`,
  ]);
  t.strictSame(await warnings(join(folder, 'none')), []);
});

t.test('a bad policy is told problem by problem, on stderr', async (t) => {
  const file = join(
    t.testdir({ 'p.yaml': SMALL.replace('effect: read', 'effect: "\x1b[2J"') }),
    'p.yaml',
  );
  const said = listen();
  t.equal(await policyCheck(file, false, said.io), 1);
  t.strictSame(said.out, []);
  t.strictSame(said.err, [`${file}:12:14: here is the invisible character U+001B`]);
});

t.test('problems as JSON are on stdout, with their places', async (t) => {
  const file = join(
    t.testdir({ 'p.yaml': SMALL.replace('effect: read', 'efect: read') }),
    'p.yaml',
  );
  for (const command of [policyCheck, policyTest]) {
    const said = listen();
    t.equal(await command(file, true, said.io), 1);
    t.match(said.json(), {
      ok: false,
      problems: [
        { line: 8, column: 3, message: /effect: is missing/ },
        { line: 12, column: 5, message: /did you mean "effect"/ },
      ],
    });
    t.hasStrict(said.json(), { problems: [{ file }, { file }] });
    t.strictSame(said.err, []);
  }
});

t.test('not even the name of a file can command the terminal', async (t) => {
  const file = join(
    t.testdir({ 'p\x1b[2J': SMALL.replace('version: 1', 'version: 2') }),
    'p\x1b[2J',
  );
  const said = listen();
  t.equal(await policyCheck(file, false, said.io), 1);
  t.match(said.err, [/p\\u\{1b\}\[2J:1:10: version: must be 1$/]);
});

t.test('the tests of a policy pass or fail, one on each line', async (t) => {
  const files = t.testdir({
    good: whole(TEAM),
    bad: `${SMALL}tests:\n  - { as: bob, in: ops, do: "status\\tweb", expect: allow }\n...\n`,
  });
  const good = listen();
  t.equal(await policyTest(join(files, 'good'), false, good.io), 0);
  t.equal(good.out.length, 11);
  t.equal(good.out[0], 'ok    dave in ops: status service=web');
  t.equal(good.out[10], '10 passed, 0 failed');
  const bad = listen();
  t.equal(await policyTest(join(files, 'bad'), false, bad.io), 1);
  t.strictSame(bad.out, ['FAIL  bob in ops: status web: got deny params', '0 passed, 1 failed']);
  const json = listen();
  t.equal(await policyTest(join(files, 'bad'), true, json.io), 1);
  t.hasStrict(json.json(), { ok: false, results: [{ fault: 'got deny params' }] });
});

t.test('a file that cannot be read is a fault, not a bug', async (t) => {
  const folder = t.testdir({ latin1: Buffer.of(0x76, 0xe4) });
  for (const file of [join(folder, 'absent'), join(folder, 'latin1'), folder])
    for (const command of [policyCheck, policyTest])
      t.has(await t.rejects(command(file, false, listen().io)), {
        name: 'Fault',
        code: 'policy_invalid',
        message: `cannot read ${file}`,
      });
});

t.test('the schemas are JSON, with a newline at their end', async (t) => {
  t.hasStrict(JSON.parse(schemaText('policy')), {
    required: ['version', 'people', 'rooms', 'actions'],
  });
  t.hasStrict(JSON.parse(schemaText('settings')), {
    required: ['version', 'homeserver', 'user', 'device'],
  });
  t.ok(schemaText('policy').endsWith('}\n'));
});

const KEY = `${Buffer.alloc(32, 1).toString('base64')}\n`;

async function directory(t: Test, change: Readonly<Record<string, string>> = {}): Promise<string> {
  const root = t.testdir({
    'vaktrom.yaml': formatSettings({
      ...{ homeserver: 'https://h', user: '@bot:h', device: 'D' },
      ...{ state: 'state', secrets: 'secrets', hasAuthority: false },
    }),
    'policy.yaml': whole(change['policy'] ?? SMALL),
    secrets: {
      'access-token': 'syt_x\n',
      'crypto-key': change['crypto-key'] ?? KEY,
      'factor-key': change['factor-key'] ?? KEY,
      'audit-key': change['audit-key'] ?? `${makeSigningKey('h/vaktrom')}\n`,
    },
  });
  for (const name of ['access-token', 'crypto-key', 'factor-key', 'audit-key'])
    await chmod(join(root, 'secrets', name), 0o600);
  return root;
}

t.test('a whole directory is in order, or the first thing wrong is said', async (t) => {
  const root = await directory(t);
  const said = listen();
  t.equal(await check(root, false, said.io), 0);
  t.strictSame(said.out, [`${root}: settings, policy and secrets are in order`]);
  const json = listen();
  t.equal(await check(root, true, json.io), 0);
  t.strictSame(json.json(), { ok: true });
  await chmod(join(root, 'secrets', 'access-token'), 0o644);
  await t.rejects(check(root, false, said.io), { code: /^file_unsafe$/ });
});

t.test('a policy or a key that is damaged is found', async (t) => {
  const cases = [
    ['policy', 'version: 2\n', 'policy_invalid'],
    ['crypto-key', 'AAAA\n', 'secret_damaged'],
    ['factor-key', 'AAAA\n', 'secret_damaged'],
    ['audit-key', 'PRIVATE+KEY+x+00000000+AAAA\n', 'key_unreadable'],
  ] as const;
  for (const [name, text, code] of cases) {
    const root = await directory(t, { [name]: text });
    t.has(await t.rejects(check(root, false, listen().io)), { code }, name);
  }
});
