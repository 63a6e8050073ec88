import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { sha256Hex } from '../../src/base/bytes.ts';
import { describeError } from '../../src/base/errors.ts';
import { openDirectory, readKey, readPolicy, readSecret } from '../../src/config/directory.ts';
import { SMALL, whole } from './fixtures/policies.ts';

process.umask(0o022); // what is read here is closed to other writers, whatever umask the tests run with

const SETTINGS = `version: 1
homeserver: https://matrix.example.org
user: "@bot:example.org"
device: VAKTROM
`;

t.test('a directory says where everything is', async (t) => {
  const root = t.testdir({
    'vaktrom.yaml': `${SETTINGS}state: /var/lib/vaktrom\npolicy: ../p.yaml\n`,
  });
  const directory = await openDirectory(root);
  t.hasStrict(directory, {
    root,
    settings: { user: '@bot:example.org' },
    policyPath: join(root, '..', 'p.yaml'),
    statePath: '/var/lib/vaktrom',
    secretsPath: join(root, 'secrets'),
  });
});

t.test('where there is none, it says how to make one', async (t) => {
  const root = t.testdir({});
  await t.rejects(openDirectory(root), {
    code: /^config_invalid$/,
    message: /--dir names another one, init makes one$/,
  });
});

t.test('settings with problems are told line by line', async (t) => {
  const root = t.testdir({ 'vaktrom.yaml': SETTINGS.replace('user:', 'usr:') });
  const file = join(root, 'vaktrom.yaml');
  t.has(await t.rejects(openDirectory(root)), {
    code: 'config_invalid',
    message: `${file}:1:1: user: is missing (text)\n${file}:3:1: usr: unknown key; did you mean "user"?`,
  });
});

t.test('settings and policy that others may write are not believed', async (t) => {
  const root = t.testdir({ 'vaktrom.yaml': SETTINGS, 'policy.yaml': whole(SMALL) });
  const [settings, policy] = [join(root, 'vaktrom.yaml'), join(root, 'policy.yaml')];
  const unsafe = (path: string, bits: string) => ({
    code: 'file_unsafe',
    message: `others may write ${path}; mend it: chmod ${bits} ${path}`,
  });
  // With umask 002, as Debian has it for ordinary users, editors make files of their group.
  for (const [mode, bits] of [
    [0o664, 'g-w'],
    [0o666, 'g-w,o-w'],
  ] as const) {
    await chmod(settings, mode);
    await chmod(policy, mode);
    t.has(await t.rejects(openDirectory(root)), unsafe(settings, bits));
    t.has(await t.rejects(readPolicy(policy)), unsafe(policy, bits));
  }
});

t.test('a policy is read, or said to be wrong', async (t) => {
  const root = t.testdir({
    good: whole(SMALL),
    cut: SMALL,
    bad: SMALL.replace('effect', 'efect'),
    latin1: Buffer.of(0xe4),
  });
  t.equal((await readPolicy(join(root, 'good'))).policy.people.size, 2);
  const marked = Buffer.from(`\ufeff${whole(SMALL)}`);
  await writeFile(join(root, 'marked'), marked);
  const { policy } = await readPolicy(join(root, 'marked'));
  t.equal(policy.sha256, sha256Hex(marked), 'known by the digest of its bytes');
  await t.rejects(readPolicy(join(root, 'bad')), {
    code: /^policy_invalid$/,
    message: /bad:8:3: actions\.status\.effect: is missing .*\n.*did you mean "effect"\?$/,
  });
  t.has(await t.rejects(readPolicy(join(root, 'cut'))), {
    code: 'policy_invalid',
    message: `${join(root, 'cut')}:14:1: the file does not say that it ends here, so it may have been cut off; if it is whole, add a last line of three dots: ...`,
  });
  await t.rejects(readPolicy(join(root, 'latin1')), {
    code: /^policy_invalid$/,
    message: /^cannot read/,
  });
  t.has(await t.rejects(readPolicy(join(root, 'absent'))), {
    code: 'policy_invalid',
    message: `cannot read ${join(root, 'absent')}; name it under policy:`,
  });
});

const LOST =
  'restore it from a backup, or set the bot up anew in another folder by vaktrom recover';

t.test('a secret comes without the newline at its end, from a file that is private', async (t) => {
  const secretsPath = t.testdir({ 'access-token': 'syt_x\n', 'audit-key': ' \n' });
  await chmod(join(secretsPath, 'access-token'), 0o600);
  await chmod(join(secretsPath, 'audit-key'), 0o600);
  t.equal(await readSecret({ secretsPath }, 'access-token', ''), 'syt_x');
  await t.rejects(readSecret({ secretsPath }, 'audit-key', ''), {
    code: /^secret_damaged$/,
    message: new RegExp(`^${join(secretsPath, 'audit-key')} is empty: ${LOST}$`),
  });
  await writeFile(join(secretsPath, 'access-token'), '\0\0\0\0');
  await t.rejects(readSecret({ secretsPath }, 'access-token', ''), {
    code: /^secret_damaged$/,
    message: new RegExp(
      `^${join(secretsPath, 'access-token')} is damaged: give the bot a new device by vaktrom device rotate$`,
    ),
  });
  t.has(await t.rejects(readSecret({ secretsPath }, 'crypto-key', '')), {
    code: 'secret_missing',
    message: `there is no secret crypto-key in ${secretsPath}`,
  });
  await chmod(join(secretsPath, 'access-token'), 0o640);
  const loose = readSecret({ secretsPath }, 'access-token', '');
  await t.rejects(loose, { code: /^file_unsafe$/ });
  t.notMatch(describeError(await loose.catch((error: unknown) => error)), /syt_x/);
});

t.test('a credential comes first, and its mode is for systemd to choose', async (t) => {
  const root = t.testdir({
    credentials: { 'access-token': 'one' },
    secrets: { 'access-token': 'two' },
  });
  const secretsPath = join(root, 'secrets');
  const credentials = join(root, 'credentials');
  await chmod(join(secretsPath, 'access-token'), 0o600);
  t.equal(await readSecret({ secretsPath }, 'access-token', credentials), 'one');
  t.equal(await readSecret({ secretsPath }, 'access-token', join(root, 'none')), 'two');
  t.equal(await readSecret({ secretsPath }, 'access-token', ''), 'two');
});

t.test('a credential that cannot be read is not passed over for another secret', async (t) => {
  const root = t.testdir({
    credentials: { 'access-token': {} },
    secrets: { 'access-token': 'two' },
  });
  const secretsPath = join(root, 'secrets');
  await chmod(join(secretsPath, 'access-token'), 0o600);
  const read = readSecret({ secretsPath }, 'access-token', join(root, 'credentials'));
  await t.rejects(read, { code: /^secret_missing$/, message: /^cannot read .*credentials/ });
});

t.test('a key is 32 bytes of base64, or damaged', async (t) => {
  const secretsPath = t.testdir({ 'crypto-key': '' });
  const read = async (text: string) => {
    await writeFile(join(secretsPath, 'crypto-key'), text);
    await chmod(join(secretsPath, 'crypto-key'), 0o600);
    return readKey({ secretsPath }, 'crypto-key');
  };
  const key = Buffer.alloc(32, 7);
  const good = key.toString('base64');
  t.strictSame(Buffer.from(await read(`${good}\n`)), key);
  const message = new RegExp(`^the secret crypto-key is damaged: ${LOST}$`);
  const damaged = { code: /^secret_damaged$/, message };
  for (const text of ['AAAA', good.slice(0, -2), good.replace('=', ''), `${good}${good}`])
    await t.rejects(read(text), damaged);
});

t.test('a policy that fails its own tests is no policy', async (t) => {
  const root = t.testdir({
    'p.yaml': `${SMALL}tests:\n  - { as: alice, in: ops, do: status web, expect: deny }\n...\n`,
  });
  await t.rejects(readPolicy(join(root, 'p.yaml')), {
    code: /^policy_invalid$/,
    message: /does not do what its own tests say:\n {2}alice in ops: status web: got allow/,
  });
});
