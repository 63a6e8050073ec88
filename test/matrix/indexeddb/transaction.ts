import t, { type Test } from 'tap';
import type { IDBRequest } from '../../../src/matrix/indexeddb/request.ts';
import { eventually } from '../../people/eventually.ts';
import { connect, finished, openTestStore, settled } from './fixtures/test-store.ts';

async function openStores(t: Test) {
  const store = openTestStore(t);
  const database = await connect(store, 1, (db) => {
    for (const name of ['a', 'b']) db.createObjectStore(name);
  });
  const read = (key: string) => settled(database.transaction('a').objectStore('a').get(key));
  return { ...store, database, read };
}

t.test('requests are settled in the order in which they were made', async (t) => {
  const { database } = await openStores(t);
  const transaction = database.transaction(['a', 'b'], 'readwrite');
  const log: unknown[] = [];
  const note = (request: IDBRequest) => {
    request.onsuccess = () => log.push(request.result);
  };
  note(transaction.objectStore('a').put(1, 'x'));
  note(transaction.objectStore('b').put(2, 'y'));
  note(transaction.objectStore('a').get('x'));
  t.equal(await finished(transaction), 'complete');
  t.same(log, ['x', 'y', 1]);
});

t.test('transactions do not overlap: the second sees what the first wrote', async (t) => {
  const { database } = await openStores(t);
  const first = database.transaction('a', 'readwrite');
  const second = database.transaction('a');
  const read = settled(second.objectStore('a').get('x'));
  await settled(first.objectStore('a').put(1, 'x'));
  await settled(first.objectStore('a').put(2, 'x'));
  t.equal(await read, 2);
});

t.test('more can be asked for as long as it is asked in reply to an event', async (t) => {
  const { database, read } = await openStores(t);
  const transaction = database.transaction('a', 'readwrite');
  const store = transaction.objectStore('a');
  const done = finished(transaction);
  for (let i = 0; i < 5; i++) await settled(store.put(i, 'x'));
  await Promise.resolve().then(() => store.put('last', 'x'));
  t.equal(await done, 'complete');
  t.throws(() => store.put('late', 'x'), { name: /^TransactionInactiveError$/ });
  t.throws(() => transaction.objectStore('a'), { name: /^InvalidStateError$/ });
  t.equal(await read('x'), 'last');
});

t.test('commit takes what was asked for and no more', async (t) => {
  const { database, read } = await openStores(t);
  const transaction = database.transaction('a', 'readwrite');
  const store = transaction.objectStore('a');
  store.put(1, 'x');
  transaction.commit();
  t.throws(() => store.put(2, 'x'), { name: /^TransactionInactiveError$/ });
  t.throws(() => transaction.commit(), { name: /^InvalidStateError$/ });
  t.throws(() => transaction.abort(), { name: /^InvalidStateError$/ });
  t.equal(await finished(transaction), 'complete');
  t.equal(await read('x'), 1);
});

t.test('abort undoes everything and fails what is waiting', async (t) => {
  const { database, read } = await openStores(t);
  const transaction = database.transaction('a', 'readwrite');
  const store = transaction.objectStore('a');
  await settled(store.put(1, 'x'));
  const waiting = settled(store.get('x'));
  const told: unknown[] = [];
  transaction.onerror = () => told.push('error');
  transaction.abort();
  await t.rejects(waiting, { name: /^AbortError$/ });
  t.equal(await finished(transaction), 'abort');
  t.same(told, [], 'the transaction hears of the abort once');
  t.throws(() => transaction.abort(), { name: /^InvalidStateError$/ });
  t.equal(await read('x'), undefined);
});

t.test('a request that fails is told to the transaction and aborts it', async (t) => {
  const { database, read, fatal } = await openStores(t);
  const transaction = database.transaction('a', 'readwrite');
  const store = transaction.objectStore('a');
  store.add(1, 'x');
  const failing = store.add(2, 'x');
  const targets: unknown[] = [];
  transaction.onerror = (event) => targets.push(event.target);
  const waiting = settled(store.put(3, 'y'));
  const done = finished(transaction);
  await t.rejects(waiting, { name: /^AbortError$/ });
  t.equal(await done, 'abort');
  t.same(targets, [failing]);
  t.equal(failing.error?.name, 'ConstraintError');
  t.equal(await read('x'), undefined);
  t.same(fatal, [], "a request's own error is not fatal");
});

t.test('a listener can keep a failed request from aborting', async (t) => {
  const { database, read } = await openStores(t);
  const transaction = database.transaction('a', 'readwrite');
  transaction.objectStore('a').add(1, 'x');
  transaction.objectStore('a').add(2, 'x').onerror = (event) => event.preventDefault();
  t.equal(await finished(transaction), 'complete');
  t.equal(await read('x'), 1);
});

t.test('an empty transaction completes', async (t) => {
  const { database } = await openStores(t);
  t.equal(await finished(database.transaction('a', 'readwrite')), 'complete');
});

t.test('only the stores of the transaction can be reached', async (t) => {
  const { database } = await openStores(t);
  const transaction = database.transaction('a');
  t.throws(() => transaction.objectStore('b'), { name: /^NotFoundError$/ });
});

t.test('a listener that throws is fatal, and nothing is settled after it', async (t) => {
  const { database, fatal } = await openStores(t);
  const transaction = database.transaction('a', 'readwrite');
  const log: string[] = [];
  const failure = new Error('unreachable');
  transaction.objectStore('a').put(1, 'x').onsuccess = () => {
    throw failure;
  };
  transaction.objectStore('a').put(2, 'y').onsuccess = () => log.push('settled');
  transaction.oncomplete = () => log.push('complete');
  transaction.onabort = () => log.push('abort');
  database.transaction('a').objectStore('a').get('x').onsuccess = () => log.push('next');
  await eventually(() => fatal.length > 0 || undefined);
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.same(fatal, [failure]);
  t.same(log, []);
});

for (const [what, sabotage, message] of [
  ['a write that SQLite refuses', 'PRAGMA query_only = ON', /readonly database/],
  ['a full disk', 'PRAGMA max_page_count = 1', /disk is full/],
  ['a COMMIT that fails', failingCommit(), /FOREIGN KEY/],
] as const) {
  t.test(`${what} is fatal once, and nothing is settled after it`, async (t) => {
    const { database, fatal, storage } = await openStores(t);
    storage.sql.exec(sabotage);
    const log: string[] = [];
    for (const key of ['x', 'y']) {
      const transaction = database.transaction('a', 'readwrite');
      const request = transaction.objectStore('a').put('v'.repeat(100_000), key);
      request.onerror = () => log.push('request failed');
      transaction.onerror = () => log.push('error');
      transaction.oncomplete = () => log.push('complete');
      transaction.onabort = () => log.push('abort');
    }
    await eventually(() => fatal.length > 0 || undefined);
    await new Promise((resolve) => setTimeout(resolve, 50));
    t.same(log, []);
    t.equal(fatal.length, 1);
    t.match(fatal[0], { code: /^ERR_SQLITE_ERROR$/, message });
  });
}

/** A foreign key that is checked, and violated, only when the transaction commits. */
function failingCommit(): string {
  return `CREATE TABLE parent(id INTEGER PRIMARY KEY);
    CREATE TABLE child(id INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
    CREATE TRIGGER orphan AFTER INSERT ON record BEGIN INSERT INTO child VALUES (1); END;`;
}
