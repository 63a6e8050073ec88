import t from 'tap';
import { connect, databaseOf, finished, openTestStore, settled } from './fixtures/test-store.ts';

t.test('a new database is made at version 1, or at the one that is asked for', async (t) => {
  const store = openTestStore(t);
  const plain = store.factory.open('plain');
  const fifth = store.factory.open('fifth', 5);
  const from: unknown[] = [];
  plain.onupgradeneeded = (event) => from.push(event.oldVersion);
  fifth.onupgradeneeded = (event) => from.push(event.oldVersion);
  await settled(plain);
  await settled(fifth);
  t.same([databaseOf(plain).version, databaseOf(fifth).version], [1, 5]);
  t.same([databaseOf(plain).name, databaseOf(fifth).name], ['plain', 'fifth']);
  t.same(from, [0, 0]);
});

t.test('a database is opened at the version it has without an upgrade', async (t) => {
  const store = openTestStore(t);
  await connect(store, 3);
  for (const request of [store.factory.open('db'), store.factory.open('db', 3)]) {
    request.onupgradeneeded = () => t.fail('no upgrade is needed');
    await settled(request);
    t.equal(databaseOf(request).version, 3);
    t.equal(request.transaction, null);
  }
});

t.test('an older version than there is is refused', async (t) => {
  const store = openTestStore(t);
  await connect(store, 3);
  await t.rejects(settled(store.factory.open('db', 2)), { name: /^VersionError$/ });
});

t.test('what is no version is refused', async (t) => {
  const { factory } = openTestStore(t);
  for (const version of [0, -1, 1.5, Number.NaN]) {
    t.throws(() => factory.open('db', version), TypeError);
  }
});

t.test('an upgrade begins only when no other connection is open', async (t) => {
  const store = openTestStore(t);
  const first = await connect(store, 1);
  await t.rejects(connect(store, 2), { name: /^NotSupportedError$/ });
  await settled(store.factory.open('another', 2));
  first.close();
  t.equal((await connect(store, 2)).version, 2);
});

t.test('an upgrade succeeds only after its transaction is on disk', async (t) => {
  const store = openTestStore(t);
  const request = store.factory.open('db', 1);
  const log: string[] = [];
  request.onupgradeneeded = () => {
    databaseOf(request).createObjectStore('a');
    if (request.transaction) request.transaction.oncomplete = () => log.push('complete');
  };
  await settled(request).then(() => log.push('success'));
  t.same(log, ['complete', 'success']);
  t.equal(store.storage.sql.isTransaction, false);
});

t.test('an upgrade that is aborted leaves no trace', async (t) => {
  const store = openTestStore(t);
  const aborted = connect(store, 1, (db, transaction) => {
    db.createObjectStore('a');
    transaction.abort();
  });
  await t.rejects(aborted, { name: /^AbortError$/ });
  t.same(store.storage.catalogue.read('db'), { name: 'db', version: 0, stores: new Map() });
  const database = await connect(store, 1, (db) => db.createObjectStore('a'));
  t.equal(await finished(database.transaction('a')), 'complete');
});

t.test('an upgrade whose listener throws is fatal', async (t) => {
  const store = openTestStore(t);
  const failure = new Error('migration failed');
  void connect(store, 1, () => {
    throw failure;
  });
  await store.queue.close();
  t.same(store.fatal, [failure]);
});

t.test('once the store is closed nothing can be opened', async (t) => {
  const store = openTestStore(t);
  await store.queue.close();
  t.throws(() => store.factory.open('db'), { name: /^InvalidStateError$/ });
});
