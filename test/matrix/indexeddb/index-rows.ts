import { join } from 'node:path';
import t from 'tap';
import { decodeKey, encodeKey } from '../../../src/matrix/indexeddb/key.ts';
import { EVERYTHING } from '../../../src/matrix/indexeddb/span.ts';
import { openStorage } from '../../../src/matrix/indexeddb/sqlite-file.ts';
import { StoreRows } from '../../../src/matrix/indexeddb/store-rows.ts';
import { encodeValue } from '../../../src/matrix/indexeddb/value.ts';

const BY_KIND = { id: 2, name: 'by kind', keyPath: 'kind', unique: false };

// What an index holds after any writes is in the test of store-rows.
t.test('an entry follows its record and costs no write while it stays the same', async (t) => {
  const { sql, statements } = openStorage(join(t.testdir(), 'crypto.db'));
  const indexes = new Map([['by kind', BY_KIND]]);
  const rows = new StoreRows(statements, { id: 1, name: 'store', indexes });
  const keys = () =>
    rows
      .index(BY_KIND)
      .all(EVERYTHING)
      .toArray()
      .map((row) => decodeKey(row.key));
  const put = (value: unknown) => {
    const before = changes();
    rows.put({ key: encodeKey('k'), value: encodeValue(value), ifExists: 'replace' });
    return changes() - before;
  };
  const changes = () => Number(sql.prepare('SELECT total_changes() AS n').get()?.['n']);

  t.equal(put({ kind: 1 }), 2, 'the record and its entry');
  t.same(keys(), [1]);
  t.equal(put({ kind: 1, more: true }), 1, 'only the record');
  t.equal(put({ kind: 2 }), 2);
  t.same(keys(), [2]);
  put({});
  t.same(keys(), []);
  sql.close();
});
