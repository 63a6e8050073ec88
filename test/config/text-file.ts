import { chmod, chown, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { asUser } from '../../src/cli/owner.ts';
import { MAX_FILE_LENGTH } from '../../src/config/document.ts';
import { type ClosedTo, readTextFile } from '../../src/config/text-file.ts';
import { asRoot } from '../support/as-root.ts';

t.test('a file is read as it is, with its byte order mark', async (t) => {
  const folder = t.testdir({ a: '\ufeffgröße\r\n', empty: '' });
  t.equal(await readTextFile(join(folder, 'a'), 'nobody'), '\ufeffgröße\r\n');
  t.equal(await readTextFile(join(folder, 'empty'), 'nobody'), '');
});

t.test('a file is read only if it is closed to those who matter', async (t) => {
  const folder = t.testdir({ a: 'text' });
  const file = join(folder, 'a');
  const readers = `others may read ${file}; mend it: chmod 600 ${file}`;
  const writers = (bits: string) => `others may write ${file}; mend it: chmod ${bits} ${file}`;
  const cases: readonly (readonly [mode: number, closedTo: ClosedTo, message?: string])[] = [
    [0o600, 'readers'],
    [0o400, 'readers'],
    [0o640, 'readers', readers],
    [0o604, 'readers', readers],
    [0o620, 'readers', readers],
    [0o601, 'readers', readers],
    [0o644, 'writers'],
    [0o755, 'writers'],
    [0o664, 'writers', writers('g-w')],
    [0o620, 'writers', writers('g-w')],
    [0o666, 'writers', writers('g-w,o-w')],
    [0o602, 'writers', writers('o-w')],
    [0o777, 'nobody'],
  ];
  await chmod(folder, 0o755);
  for (const [mode, closedTo, message] of cases) {
    await chmod(file, mode);
    const read = readTextFile(file, closedTo);
    const name = `${mode.toString(8)} ${closedTo}`;
    if (message === undefined) t.equal(await read, 'text', name);
    else t.has(await t.rejects(read), { code: 'file_unsafe', message }, name);
  }
});

t.test('a file that others could put another one in place of is not read', async (t) => {
  const folder = t.testdir({ real: { a: 'text' }, links: {} });
  const [real, links] = [join(folder, 'real'), join(folder, 'links')];
  await symlink('../real/a', join(links, 'a'));
  const [file, link] = [join(real, 'a'), join(links, 'a')];
  await chmod(file, 0o644);
  for (const path of [real, links]) await chmod(path, 0o755);
  for (const [path, open, mode, bits] of [
    [file, real, 0o775, 'g-w'],
    [file, real, 0o757, 'o-w'],
    [link, links, 0o777, 'g-w,o-w'],
    [link, real, 0o775, 'g-w'],
  ] as const) {
    await chmod(open, mode);
    const message = `${path} could be replaced: others may write ${open}; mend it: chmod ${bits} ${open}`;
    t.has(await t.rejects(readTextFile(path, 'writers')), { code: 'file_unsafe', message });
    t.equal(await readTextFile(path, 'nobody'), 'text');
    await chmod(open, mode | 0o1000);
    t.equal(await readTextFile(path, 'writers'), 'text', 'there, only owners replace files');
    await chmod(open, 0o755);
  }
  t.equal(await readTextFile(link, 'writers'), 'text');
});

t.test('of strangers nothing is believed', asRoot('only root can give a file away'), async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'vaktrom-text-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const file = join(folder, 'a');
  await writeFile(file, 'text', { mode: 0o644 });
  await chmod(folder, 0o1755);
  const belongs = (path: string) =>
    `${path} belongs to user 65534, neither to root nor to the user of this process; mend it as root: chown root ${path}`;
  await chown(file, 65534, 65534);
  t.has(await t.rejects(readTextFile(file, 'writers')), {
    ...{ code: 'file_unsafe', message: belongs(file) },
  });
  const nobody = { uid: 65534, gid: 65534 };
  await chmod(folder, 0o755);
  t.equal(await asUser(nobody, () => readTextFile(file, 'writers')), 'text', 'its owner may');
  await chown(file, 0, 0);
  await chown(folder, 65534, 65534);
  for (const mode of [0o755, 0o1777]) {
    await chmod(folder, mode);
    t.has(await t.rejects(readTextFile(file, 'writers')), {
      ...{ code: 'file_unsafe', message: `${file} could be replaced: ${belongs(folder)}` },
    });
  }
});

t.test('a link is as safe as what it leads to', async (t) => {
  const folder = t.testdir({ secret: 'text' });
  await symlink('secret', join(folder, 'link'));
  await chmod(join(folder, 'secret'), 0o644);
  await t.rejects(readTextFile(join(folder, 'link'), 'readers'), { code: /^file_unsafe$/ });
  await chmod(join(folder, 'secret'), 0o600);
  t.equal(await readTextFile(join(folder, 'link'), 'readers'), 'text');
});

t.test('what is too long, not UTF-8, a folder or absent is not read', async (t) => {
  const folder = t.testdir({
    long: 'x'.repeat(MAX_FILE_LENGTH + 1),
    latin1: Buffer.from([0x67, 0x72, 0xf6, 0xdf]),
    folder: {},
  });
  const rejects = (name: string, expected: { name: RegExp; message?: RegExp } | { code: RegExp }) =>
    t.rejects(readTextFile(join(folder, name), 'nobody'), expected, name);
  await rejects('long', { name: /^RangeError$/, message: /longer than 262144 bytes/ });
  await rejects('latin1', { name: /^TypeError$/ });
  await rejects('folder', { code: /^EISDIR$/ });
  await rejects('absent', { code: /^ENOENT$/ });
});
