import t, { type Test } from 'tap';
import { connect, finished, openTestStore, settled } from './fixtures/test-store.ts';

async function openItems(t: Test) {
  const store = openTestStore(t);
  const database = await connect(store, 1, (db) => {
    db.createObjectStore('items').createIndex('by size', 'size', { unique: true });
  });
  const items = (mode: 'readonly' | 'readwrite' = 'readwrite') =>
    database.transaction('items', mode).objectStore('items');
  return { ...store, database, items };
}

t.test('put replaces, add does not, both succeed with the key', async (t) => {
  const { items } = await openItems(t);
  t.equal(await settled(items().put({ n: 1 }, 'x')), 'x');
  t.same(await settled(items().put({ n: 2 }, 'x')), 'x');
  await t.rejects(settled(items().add({ n: 3 }, 'x')), { name: /^ConstraintError$/ });
  t.same(await settled(items().add({ n: 4 }, ['y', 1])), ['y', 1]);
  t.same(await settled(items().getAll()), [{ n: 2 }, { n: 4 }]);
});

t.test('a value is copied at the call', async (t) => {
  const { items } = await openItems(t);
  const value = { list: [1] };
  const store = items();
  const put = settled(store.put(value, 'x'));
  value.list.push(2);
  await put;
  t.same(await settled(items().get('x')), { list: [1] });
});

t.test('delete takes a key or a range, clear takes all', async (t) => {
  const { items } = await openItems(t);
  const store = items();
  for (const key of [1, 2, 3]) store.put({}, key);
  await settled(store.delete(2));
  t.same(await settled(items().getAllKeys()), [1, 3]);
  t.equal(await settled(items().clear()), undefined);
  t.equal(await settled(items().count()), 0);
});

t.test('a unique index refuses a second record with its key', async (t) => {
  const { items } = await openItems(t);
  await settled(items().put({ size: 1 }, 'a'));
  await t.rejects(settled(items().put({ size: 1 }, 'b')), { name: /^ConstraintError$/ });
  await settled(items().put({ size: 1, same: 'record' }, 'a'));
  t.same(await settled(items().getAllKeys()), ['a']);
});

t.test('wrong arguments are refused at the call', async (t) => {
  const { items } = await openItems(t);
  const store = items();
  t.throws(() => store.put({}, undefined), { name: /^DataError$/ });
  t.throws(() => store.put({}, {}), { name: /^DataError$/ });
  t.throws(() => store.put(() => {}, 1), { name: /^DataCloneError$/ });
  t.throws(() => store.put(new Map(), 1), { name: /^NotSupportedError$/ });
  t.throws(() => store.delete(undefined), { name: /^DataError$/ });
  t.throws(() => store.index('none'), { name: /^NotFoundError$/ });
});

t.test('a transaction to read does not write', async (t) => {
  const { items } = await openItems(t);
  const store = items('readonly');
  t.throws(() => store.put({}, 1), { name: /^ReadOnlyError$/ });
  t.throws(() => store.add({}, 1), { name: /^ReadOnlyError$/ });
  t.throws(() => store.delete(1), { name: /^ReadOnlyError$/ });
  t.throws(() => store.clear(), { name: /^ReadOnlyError$/ });
});

t.test('an index is made only in an upgrade', async (t) => {
  const { items } = await openItems(t);
  t.throws(() => items().createIndex('late', 'late'), { name: /^InvalidStateError$/ });
});

t.test(
  'an index is refused with a name that is taken, without a path, with multiEntry',
  async (t) => {
    const store = openTestStore(t);
    await connect(store, 1, (db) => {
      const items = db.createObjectStore('items');
      items.createIndex('taken', 'a');
      t.throws(() => items.createIndex('taken', 'b'), { name: /^ConstraintError$/ });
      t.throws(() => items.createIndex('other', ''), { name: /^SyntaxError$/ });
      t.throws(() => items.createIndex('other', 'b', { multiEntry: true }), {
        name: /^NotSupportedError$/,
      });
    });
  },
);

t.test('a unique index over records that share a key aborts the upgrade', async (t) => {
  const store = openTestStore(t);
  const database = await connect(store, 1, (db) => {
    const items = db.createObjectStore('items');
    for (const key of [1, 2]) items.put({ same: true, size: 7 }, key);
  });
  database.close();
  const upgrade = connect(store, 2, (_, transaction) => {
    transaction.objectStore('items').createIndex('by size', 'size', { unique: true });
  });
  await t.rejects(upgrade, { name: /^AbortError$/ });
  const again = await connect(store, 1);
  const transaction = again.transaction('items');
  t.throws(() => transaction.objectStore('items').index('by size'), { name: /^NotFoundError$/ });
  t.equal(await finished(transaction), 'complete');
});
