import { chmod, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { MAX_FILE_LENGTH } from '../../src/config/document.ts';
import { type ClosedTo, readTextFile } from '../../src/config/text-file.ts';

t.test('a file is read as it is, with its byte order mark', async (t) => {
  const folder = t.testdir({ a: '\ufeffgröße\r\n', empty: '' });
  t.equal(await readTextFile(join(folder, 'a'), 'nobody'), '\ufeffgröße\r\n');
  t.equal(await readTextFile(join(folder, 'empty'), 'nobody'), '');
});

t.test('a file is read only if it is closed to those who matter', async (t) => {
  const file = join(t.testdir({ a: 'text' }), 'a');
  const cases: readonly (readonly [mode: number, closedTo: ClosedTo, message?: RegExp])[] = [
    [0o600, 'readers'],
    [0o400, 'readers'],
    [0o640, 'readers', /^others may read .*a; mend it: chmod 600 /],
    [0o604, 'readers', /others may read/],
    [0o620, 'readers', /others may read/],
    [0o601, 'readers', /others may read/],
    [0o644, 'writers'],
    [0o664, 'writers'],
    [0o666, 'writers', /^everybody may write .*a; mend it: chmod o-w /],
    [0o602, 'writers', /everybody may write/],
    [0o777, 'nobody'],
  ];
  for (const [mode, closedTo, message] of cases) {
    await chmod(file, mode);
    const read = readTextFile(file, closedTo);
    if (message) await t.rejects(read, { code: /^file_unsafe$/, message }, mode.toString(8));
    else t.equal(await read, 'text', mode.toString(8));
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
  await rejects('long', { name: /^RangeError$/, message: /longer than 1048576 bytes/ });
  await rejects('latin1', { name: /^TypeError$/ });
  await rejects('folder', { code: /^EISDIR$/ });
  await rejects('absent', { code: /^ENOENT$/ });
});
