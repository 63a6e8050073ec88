import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { isReserved, PAGE_BYTES, reservePages } from '../../../src/matrix/indexeddb/reserve.ts';
import { openStorage } from '../../../src/matrix/indexeddb/sqlite-file.ts';
import { onSmallDisk } from '../../support/small-disk.ts';

t.test('a reserve is made once, of pages that are on the disk', async (t) => {
  const file = join(t.testdir(), 'crypto.db');
  const storage = openStorage(file);
  t.teardown(() => storage.sql.close());
  t.notOk(isReserved(storage));
  t.ok(reservePages(storage.sql));
  t.ok(isReserved(storage));
  storage.sql.exec('PRAGMA wal_checkpoint');
  for (const path of [file, `${file}-wal`]) {
    const { blocks } = await stat(path);
    t.ok(blocks * 512 > 256 * PAGE_BYTES, `${path} has ${blocks} blocks`);
  }
  storage.sql.exec('CREATE TABLE much(bytes BLOB)');
  storage.sql.prepare('INSERT INTO much VALUES (zeroblob(?))').run(250 * PAGE_BYTES);
  t.notOk(isReserved(storage), 'it was used');
  t.ok(reservePages(storage.sql));
  t.ok(isReserved(storage));
});

t.test('an error that is not for want of room is none of its business', async (t) => {
  const storage = openStorage(join(t.testdir(), 'crypto.db'));
  t.teardown(() => storage.sql.close());
  storage.sql.exec('BEGIN');
  t.throws(() => reservePages(storage.sql), { code: /^ERR_SQLITE_ERROR$/ });
});

t.test('on a full disk the store goes on out of its reserve', async (t) => {
  const folder = join(t.testdir(), 'disk');
  await mkdir(folder);
  const script = join(import.meta.dirname, 'fixtures', 'store-on-full-disk.ts');
  const life = { before: 'reserved', full: 'reserved', read: 300 };
  t.strictSame(await onSmallDisk(script, 24 * 1024 ** 2, folder), [life, life]);
});
