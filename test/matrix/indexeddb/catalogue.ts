import { join } from 'node:path';
import t from 'tap';
import { openStorage } from '../../../src/matrix/indexeddb/sqlite-file.ts';

t.test('what was entered is there when the file is opened again', async (t) => {
  const file = join(t.testdir(), 'crypto.db');
  const { catalogue, sql } = openStorage(file);
  const byA = { id: catalogue.nextId(), name: 'by a', keyPath: 'a.b', unique: true };
  const byList = { id: catalogue.nextId(), name: 'list', keyPath: ['a', 'b'], unique: false };
  const indexes = new Map(Object.entries({ 'by a': byA, list: byList }));
  const store = { id: catalogue.nextId(), name: 'store', indexes };
  catalogue.setVersion('db', 1);
  catalogue.setVersion('db', 7);
  catalogue.addStore('db', store);
  for (const index of indexes.values()) catalogue.addIndex(store, index);
  sql.close();

  const again = openStorage(file);
  const schema = again.catalogue.read('db');
  t.strictSame(schema, { name: 'db', version: 7, stores: new Map([['store', store]]) });
  t.ok(again.catalogue.nextId() > store.id, 'ids are not used twice');
  again.sql.close();
});

t.test('databases are apart, and one that does not exist has version 0', async (t) => {
  const { catalogue, sql } = openStorage(join(t.testdir(), 'crypto.db'));
  const store = { id: catalogue.nextId(), name: 'store', indexes: new Map() };
  catalogue.setVersion('one', 1);
  catalogue.addStore('one', store);
  t.strictSame(catalogue.read('two'), { name: 'two', version: 0, stores: new Map() });
  catalogue.deleteStore(store);
  t.equal(catalogue.read('one').stores.size, 0);
  sql.close();
});
