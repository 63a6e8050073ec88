import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { describeError, Fatal } from '../../../src/base/errors.ts';
import { openStorage } from '../../../src/matrix/indexeddb/sqlite-file.ts';

const mode = (path: string) => (fs.statSync(path).mode & 0o777).toString(8);
const openAndClose = (file: string) => openStorage(file).sql.close();

/** Asserts that the file is refused with `code`, that it is named, and that the reason is given. */
function refuses(t: Test, file: string, code: string, reason: RegExp): void {
  try {
    openAndClose(file);
    t.fail('it was opened');
  } catch (error) {
    t.ok(error instanceof Fatal);
    t.hasStrict(error, { code });
    t.ok(describeError(error).includes(file));
    t.match(describeError(error), reason);
  }
}

const inUse = (file: string, who: string): RegExp =>
  new RegExp(
    `^${RegExp.escape(`${file} is in use by ${who}: a vaktrom directory has one daemon, and nothing beside it; stop that one first: database is locked`)}$`,
  );

t.test('the file and its log are private, and so is the folder that is made', async (t) => {
  const folder = join(t.testdir(), 'new', 'state');
  const file = join(folder, 'crypto.db');
  const before = process.umask(0);
  const { sql, catalogue } = openStorage(file);
  process.umask(before);
  catalogue.setVersion('db', 1);
  t.equal(mode(folder), '700');
  t.equal(mode(dirname(folder)), '700');
  t.same(fs.readdirSync(folder).sort(), ['crypto.db', 'crypto.db-wal']);
  for (const name of fs.readdirSync(folder)) t.equal(mode(join(folder, name)), '600', name);
  sql.close();
});

t.test('modes that became too wide are narrowed', async (t) => {
  const file = join(t.testdir(), 'crypto.db');
  openAndClose(file);
  fs.chmodSync(file, 0o644);
  openAndClose(file);
  t.equal(mode(file), '600');
});

t.test('every commit is synced, deleted content is overwritten, the lock is kept', async (t) => {
  const { sql } = openStorage(join(t.testdir(), 'crypto.db'));
  const pragma = (name: string) => Object.values(sql.prepare(`PRAGMA ${name}`).get() ?? {})[0];
  t.equal(pragma('journal_mode'), 'wal');
  t.equal(pragma('synchronous'), 2, 'FULL');
  t.equal(pragma('secure_delete'), 1);
  t.equal(pragma('locking_mode'), 'exclusive');
  sql.close();
});

t.test('a second process fails at once, and succeeds when the first is killed', async (t) => {
  const file = join(t.testdir(), 'crypto.db');
  const command = [
    process.execPath,
    fileURLToPath(new URL('fixtures/hold-file.ts', import.meta.url)),
    file,
  ];
  const holder = spawn('env', ['-i', ...command]);
  await once(holder.stdout, 'data');
  refuses(t, file, 'directory_in_use', inUse(file, `process ${holder.pid} (${command.join(' ')})`));
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  const { sql, catalogue } = openStorage(file);
  t.equal(catalogue.read('held').version, 1, 'and what it wrote is there');
  sql.close();
});

t.test(
  'a second opening in this process is refused and leaves the lock of the first',
  async (t) => {
    const file = join(t.testdir(), 'crypto.db');
    const { sql } = openStorage(file);
    // The command line is that of these tests.
    const own = fs.readFileSync('/proc/self/cmdline', 'utf8').split('\0').slice(0, -1).join(' ');
    refuses(t, file, 'directory_in_use', inUse(file, `process ${process.pid} (${own})`));
    const second = spawn(process.execPath, [
      fileURLToPath(new URL('fixtures/hold-file.ts', import.meta.url)),
      file,
    ]);
    const [exitCode] = await once(second, 'exit');
    t.not(exitCode, 0, 'another process still cannot open it');
    sql.close();
  },
);

t.test('what is no SQLite file is refused and left alone', async (t) => {
  const file = join(t.testdir({ 'crypto.db': 'x'.repeat(10_000) }), 'crypto.db');
  refuses(t, file, 'crypto_store_damaged', /not a database/);
  t.equal(fs.readFileSync(file, 'utf8'), 'x'.repeat(10_000));
});

t.test('the SQLite file of another program is refused and left alone', async (t) => {
  const file = join(t.testdir(), 'crypto.db');
  const other = new DatabaseSync(file);
  other.exec('CREATE TABLE note(text TEXT)');
  other.close();
  const before = fs.readFileSync(file);
  refuses(t, file, 'crypto_store_damaged', /another program/);
  t.ok(before.equals(fs.readFileSync(file)));
});

t.test('a file that was damaged or cut is refused', async (t) => {
  const file = join(t.testdir(), 'crypto.db');
  openAndClose(file);
  const whole = fs.readFileSync(file);
  const damaged = Buffer.from(whole).fill(0xff, 8192, 3 * 8192);
  for (const bytes of [damaged, whole.subarray(0, 5000), whole.subarray(0, 4 * 8192)]) {
    fs.writeFileSync(file, bytes);
    refuses(t, file, 'crypto_store_damaged', /damaged|malformed|not a database/);
  }
});

t.test('damage to a page that opening does not need is found all the same', async (t) => {
  const file = join(t.testdir(), 'crypto.db');
  const { sql, statements } = openStorage(file);
  for (let i = 0; i < 50; i++) statements.putRecord.run(1, Buffer.from([i]), 'v'.repeat(1000));
  sql.close();
  const bytes = fs.readFileSync(file);
  fs.writeFileSync(file, bytes.fill(0xff, bytes.length - 8192));
  refuses(t, file, 'crypto_store_damaged', /damaged/);
});

t.test('what is not a regular file is refused', async (t) => {
  const folder = t.testdir({ real: '', folder: {} });
  fs.symlinkSync(join(folder, 'real'), join(folder, 'link'));
  refuses(t, join(folder, 'link'), 'crypto_store_damaged', /not a regular file/);
  refuses(t, join(folder, 'folder'), 'crypto_store_damaged', /not a regular file/);
  refuses(t, join(folder, 'real', 'crypto.db'), 'crypto_store_failed', /ENOTDIR|EEXIST/);
});
