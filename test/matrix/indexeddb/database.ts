import t from 'tap';
import type { IDBDatabase } from '../../../src/matrix/indexeddb/database.ts';
import { connect, finished, openTestStore, settled } from './fixtures/test-store.ts';

function namesOf({ objectStoreNames }: IDBDatabase): (string | null)[] {
  return Array.from({ length: objectStoreNames.length }, (_, i) => objectStoreNames.item(i));
}

t.test('stores are made and deleted in an upgrade, with their records', async (t) => {
  const store = openTestStore(t);
  const first = await connect(store, 1, (db) => {
    for (const name of ['b', 'a']) db.createObjectStore(name);
    db.createObjectStore('c').createIndex('i', 'i');
  });
  const transaction = first.transaction('c', 'readwrite');
  transaction.objectStore('c').put({ i: 1 }, 'k');
  await finished(transaction);
  t.same(namesOf(first), ['a', 'b', 'c']);
  first.close();

  const second = await connect(store, 2, (db) => {
    db.deleteObjectStore('c');
    t.throws(() => db.deleteObjectStore('c'), { name: /^NotFoundError$/ });
    db.createObjectStore('c').createIndex('i', 'i');
  });
  t.same(namesOf(second), ['a', 'b', 'c']);
  const again = second.transaction('c').objectStore('c');
  t.equal(await settled(again.count()), 0, 'the old records do not come back');
  t.equal(await settled(again.index('i').count()), 0);
  for (const table of ['record', 'entry']) {
    const left = store.storage.sql.prepare(`SELECT count(*) AS n FROM ${table}`).get();
    t.equal(left?.['n'], 0, 'nor are they in the file');
  }
});

t.test('stores are made and deleted only in an upgrade', async (t) => {
  const store = openTestStore(t);
  const made = await connect(store, 1, (db) => db.createObjectStore('a'));
  const opened = await connect(store, 1);
  for (const [database, name] of [
    [made, 'TransactionInactiveError'],
    [opened, 'InvalidStateError'],
  ] as const) {
    t.has(
      t.throws(() => database.createObjectStore('b')),
      { name },
    );
    t.has(
      t.throws(() => database.deleteObjectStore('a')),
      { name },
    );
    t.same(namesOf(database), ['a']);
  }
});

t.test(
  'a store with keyPath or autoIncrement, or of a name that is taken, is refused',
  async (t) => {
    await connect(openTestStore(t), 1, (db) => {
      const refused = { name: /^NotSupportedError$/ };
      t.throws(() => db.createObjectStore('a', { keyPath: 'id' }), refused);
      t.throws(() => db.createObjectStore('a', { keyPath: '' }), refused);
      t.throws(() => db.createObjectStore('a', { autoIncrement: true }), refused);
      db.createObjectStore('a', { keyPath: null, autoIncrement: false });
      t.throws(() => db.createObjectStore('a'), { name: /^ConstraintError$/ });
    });
  },
);

t.test('a transaction is of stores that exist, in a mode that exists', async (t) => {
  const database = await connect(openTestStore(t), 1, (db) => db.createObjectStore('a'));
  t.throws(() => database.transaction('b'), { name: /^NotFoundError$/ });
  t.throws(() => database.transaction(['a', 'b']), { name: /^NotFoundError$/ });
  t.throws(() => database.transaction([]), { name: /^InvalidAccessError$/ });
  t.throws(() => database.transaction('a', 'versionchange'), TypeError);
});

t.test('a closed connection finishes what was begun and takes no more', async (t) => {
  const database = await connect(openTestStore(t), 1, (db) => db.createObjectStore('a'));
  const transaction = database.transaction('a', 'readwrite');
  const put = settled(transaction.objectStore('a').put(1, 'k'));
  database.close();
  database.close();
  t.equal(await put, 'k');
  t.equal(await finished(transaction), 'complete');
  t.throws(() => database.transaction('a'), { name: /^InvalidStateError$/ });
});
