import { DatabaseSync } from 'node:sqlite';
import t, { type Test } from 'tap';
import { migrate, storedVersion } from '../../../src/matrix/indexeddb/schema.ts';

function emptyFile(t: Test): DatabaseSync {
  const sql = new DatabaseSync(':memory:');
  t.teardown(() => sql.close());
  return sql;
}

t.test('an empty file has version 0 and is brought to the newest', async (t) => {
  const sql = emptyFile(t);
  t.equal(storedVersion(sql), 0);
  migrate(sql);
  t.equal(storedVersion(sql), 1);
});

t.test('a file of the newest version is not touched', async (t) => {
  const sql = emptyFile(t);
  migrate(sql);
  sql.exec("INSERT INTO database VALUES ('kept', 1)");
  migrate(sql);
  t.equal(sql.prepare('SELECT count(*) AS n FROM database').get()?.['n'], 1);
});

t.test('a file of a later version is refused', async (t) => {
  const sql = emptyFile(t);
  migrate(sql);
  sql.exec('UPDATE crypto_store SET schema_version = 2');
  t.throws(() => storedVersion(sql), /schema version 2, this program knows up to 1/);
});

t.test('a file with tables but not ours is refused', async (t) => {
  const sql = emptyFile(t);
  sql.exec('CREATE TABLE record(id INTEGER)');
  t.throws(() => storedVersion(sql), /another program/);
});

t.test('a file without its version is refused', async (t) => {
  const sql = emptyFile(t);
  migrate(sql);
  sql.exec('DELETE FROM crypto_store');
  t.throws(() => storedVersion(sql), /schema_version/);
});
