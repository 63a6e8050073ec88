/** The secret of the host: who can read it, and that nobody else can so much as name it. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { makeControlFolder } from '../../src/control/folder.ts';
import { makeSecret, readSecret } from '../../src/control/secret.ts';
import { openOwnFolder } from '../../src/demo/folder.ts';
import { asRoot } from '../support/as-root.ts';

const ONLY_ROOT = asRoot('only root can be other users');
const OTHER = 61_234;
const UNSAFE = { code: /^file_unsafe$/ };

async function open(t: Test) {
  const place = await openOwnFolder('secret');
  t.teardown(() => place[Symbol.asyncDispose]());
  chmodSync(place.path, 0o711);
  const folder = await makeControlFolder(join(place.path, 'control'));
  return { folder, outside: place.path, path: join(folder, 'host', 'secret') };
}

t.test('it is new each time, and read by who may', async (t) => {
  const { folder, path } = await open(t);
  t.equal(await readSecret(folder), undefined, 'before there is one');
  const first = await makeSecret(folder);
  t.match(first, /^[0-9a-f]{64}$/);
  t.equal(readFileSync(path, 'utf8'), first);
  t.equal(statSync(path).mode & 0o7777, 0o600);
  t.equal(statSync(join(folder, 'host')).mode & 0o7777, 0o700);
  t.equal(await readSecret(folder), first);
  const second = await makeSecret(folder);
  t.not(second, first);
  t.equal(await readSecret(folder), second);
});

t.test('a file that is there is not written into, nor is its folder left open', async (t) => {
  const { folder, outside, path } = await open(t);
  const first = await makeSecret(folder);
  chmodSync(join(folder, 'host'), 0o711);
  renameSync(path, join(outside, 'kept'));
  symlinkSync(join(outside, 'kept'), path);
  const second = await makeSecret(folder);
  t.equal(readFileSync(join(outside, 'kept'), 'utf8'), first);
  t.equal(await readSecret(folder), second);
  t.equal(statSync(join(folder, 'host')).mode & 0o7777, 0o700);
});

t.test('the one that an earlier version left is gone', async (t) => {
  const { folder } = await open(t);
  writeFileSync(join(folder, 'host-secret'), 'x', { mode: 0o600 });
  await makeSecret(folder);
  t.equal(existsSync(join(folder, 'host-secret')), false);
});

t.test('what is not a folder of the daemon’s own stops the start', async (t) => {
  const { folder, outside } = await open(t);
  const place = join(folder, 'host');
  mkdirSync(join(outside, 'elsewhere'));
  symlinkSync(join(outside, 'elsewhere'), place);
  await t.rejects(makeSecret(folder), UNSAFE, 'a link');
  t.equal(existsSync(join(outside, 'elsewhere', 'secret')), false);
  unlinkSync(place);
  writeFileSync(place, '');
  await t.rejects(makeSecret(folder), UNSAFE, 'a file');
});

t.test('nor does a folder of somebody else', ONLY_ROOT, async (t) => {
  const { folder } = await open(t);
  mkdirSync(join(folder, 'host'));
  chownSync(join(folder, 'host'), OTHER, OTHER);
  await t.rejects(makeSecret(folder), UNSAFE);
  t.equal(existsSync(join(folder, 'host', 'secret')), false);
});

t.test('somebody else can neither read it nor link to it', ONLY_ROOT, async (t) => {
  const { folder, outside, path } = await open(t);
  await makeSecret(folder);
  mkdirSync(join(outside, 'theirs'));
  chownSync(join(outside, 'theirs'), OTHER, OTHER);
  const as = (command: string, ...args: string[]) =>
    spawnSync(command, args, {
      ...{ uid: OTHER, gid: OTHER, cwd: '/', encoding: 'utf8' },
      env: { LC_ALL: 'C', PATH: process.env['PATH'] },
    }).stderr;
  t.match(as('cat', path), /: Permission denied\n$/);
  // Not "Operation not permitted", by which fs.protected_hardlinks would refuse it where it is set.
  t.match(as('ln', path, join(outside, 'theirs', 'x')), /: Permission denied\n$/);
});

t.test('who reads it follows no link and waits for no pipe', async (t) => {
  const { folder, outside, path } = await open(t);
  const secret = await makeSecret(folder);
  renameSync(path, join(outside, 'kept'));
  symlinkSync(join(outside, 'kept'), path);
  t.equal(await readSecret(folder), undefined, 'a link to a file');
  unlinkSync(path);
  execFileSync('mkfifo', [path]);
  t.equal(await readSecret(folder), undefined, 'a pipe');
  unlinkSync(path);
  writeFileSync(path, `${secret}\n`);
  t.equal(await readSecret(folder), undefined, 'more than a secret');
  writeFileSync(path, secret);
  renameSync(join(folder, 'host'), join(outside, 'host'));
  symlinkSync(join(outside, 'host'), join(folder, 'host'));
  t.equal(await readSecret(folder), undefined, 'a link to a folder');
});
