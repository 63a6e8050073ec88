import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, realpathSync } from 'node:fs';
import { appendFile, mkdir, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { holdFiles } from '../../src/store/held-files.ts';

const sha256 = (content: string): string => createHash('sha256').update(content).digest('hex');

/** A file that is held, and where it is. */
async function heldFile(t: Test, content = 'echo one\n') {
  const folder = t.testdir();
  const path = join(folder, 'deploy.sh');
  await writeFile(path, content);
  const held = await holdFiles([path]);
  t.teardown(() => held[Symbol.asyncDispose]());
  return { folder, path, held };
}

t.test('a file is held with the hash of its content, each once', async (t) => {
  const { path, held } = await heldFile(t);
  t.strictSame(held.files, [{ path, sha256: sha256('echo one\n') }]);
  t.hasStrict(held.open, [{ path: realpathSync(path) }]);
  t.strictSame(await held.changes(), []);
  await using twice = await holdFiles([path, path]);
  t.equal(twice.files.length, 1);
});

t.test('a large file is hashed whole', async (t) => {
  const content = 'x'.repeat(2_500_000);
  const { path, held } = await heldFile(t, content);
  t.equal(held.files[0]?.sha256, sha256(content));
  await appendFile(path, 'y');
  t.strictSame(await held.changes(), [`${path} was changed`]);
});

t.test('a file that was written to is another one, until it is as it was', async (t) => {
  const { path, held } = await heldFile(t);
  await writeFile(path, 'echo two\n');
  t.strictSame(await held.changes(), [`${path} was changed`]);
  await writeFile(path, 'echo one\n');
  t.strictSame(await held.changes(), []);
});

t.test('a file that was replaced is another one, even with the same content', async (t) => {
  const { folder, path, held } = await heldFile(t);
  await writeFile(join(folder, 'next'), 'echo one\n');
  await rename(join(folder, 'next'), path);
  t.strictSame(await held.changes(), [`${path} was replaced`]);
});

t.test('a file that was taken away is gone', async (t) => {
  const { path, held } = await heldFile(t);
  await unlink(path);
  t.strictSame(await held.changes(), [`${path} is gone`]);
});

t.test('a link that leads elsewhere by now is seen', async (t) => {
  const folder = t.testdir({ one: 'same', two: 'same' });
  const path = join(folder, 'current');
  await symlink('one', path);
  await using held = await holdFiles([path]);
  t.strictSame(await held.changes(), []);
  await unlink(path);
  await symlink('two', path);
  t.strictSame(await held.changes(), [`${path} was replaced`]);
});

t.test('a folder on the way that leads elsewhere by now is seen', async (t) => {
  const folder = t.testdir({ bin: { deploy: 'same' } });
  const path = join(folder, 'bin', 'deploy');
  await using held = await holdFiles([path]);
  await rename(join(folder, 'bin'), join(folder, 'old'));
  await mkdir(join(folder, 'bin'));
  await writeFile(path, 'same');
  t.strictSame(await held.changes(), [`${path} was replaced`]);
});

t.test('what cannot be read has no content, and is seen when it appears', async (t) => {
  const folder = t.testdir({ folder: {} });
  const path = join(folder, 'later');
  const paths = [path, join(folder, 'folder')];
  await using held = await holdFiles(paths);
  t.strictSame(
    held.files,
    paths.map((path) => ({ path, sha256: 'unreadable' })),
  );
  t.strictSame(await held.changes(), []);
  await writeFile(path, '');
  t.strictSame(await held.changes(), [`${path} appeared`]);
});

t.test('of several files, all that changed are named', async (t) => {
  const folder = t.testdir({ a: '1', b: '2', c: '3' });
  const paths = ['a', 'b', 'c'].map((name) => join(folder, name));
  await using held = await holdFiles(paths);
  await writeFile(join(folder, 'a'), 'x');
  await rm(join(folder, 'c'));
  t.strictSame(await held.changes(), [`${paths[0]} was changed`, `${paths[2]} is gone`]);
});

t.test('nothing stays open', async (t) => {
  const opened = () => readdirSync('/proc/self/fd').length;
  const folder = t.testdir({ a: '1' });
  const path = join(folder, 'a');
  const before = opened();
  const held = await holdFiles([path, join(folder, 'none')]);
  t.equal(opened(), before + 1);
  await held[Symbol.asyncDispose]();
  t.equal(opened(), before);
  const missing = await holdFiles([join(folder, 'none')]);
  await writeFile(join(folder, 'none'), '');
  await missing.changes();
  t.equal(opened(), before, 'nor what was only looked at');
});

t.test('what is no file is not held, and nobody waits for it', async (t) => {
  const folder = t.testdir({ folder: {} });
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const before = readdirSync('/proc/self/fd').length;
  const held = await holdFiles([pipe, join(folder, 'folder')]);
  t.strictSame(held.open, []);
  t.strictSame(
    held.files.map(({ sha256 }) => sha256),
    ['unreadable', 'unreadable'],
  );
  t.strictSame(await held.changes(), []);
  t.equal(readdirSync('/proc/self/fd').length, before);
});

t.test('a file that was moved is not where it was, even if a link leads there', async (t) => {
  const { folder, path, held } = await heldFile(t);
  await rename(path, join(folder, 'elsewhere'));
  await symlink('elsewhere', path);
  t.strictSame(await held.changes(), [`${path} was moved`]);
});
