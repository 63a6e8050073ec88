import t, { type Test } from 'tap';
import { IDBKeyRange } from '../../../src/matrix/indexeddb/key-range.ts';
import { connect, openTestStore, settled } from './fixtures/test-store.ts';

/** Keys 1 to 5, each with the value of its name. */
async function openNumbers(t: Test) {
  const database = await connect(openTestStore(t), 1, (db) => {
    const numbers = db.createObjectStore('numbers');
    for (const [i, name] of ['one', 'two', 'three', 'four', 'five'].entries()) {
      numbers.put(name, i + 1);
    }
  });
  return () => database.transaction('numbers').objectStore('numbers');
}

t.test('get gives the first value of a query, or undefined', async (t) => {
  const numbers = await openNumbers(t);
  t.equal(await settled(numbers().get(3)), 'three');
  t.equal(await settled(numbers().get(IDBKeyRange.lowerBound(3, true))), 'four');
  t.equal(await settled(numbers().get(9)), undefined);
  t.throws(() => numbers().get(undefined), { name: /^DataError$/ });
});

t.test('getAll and getAllKeys give what matches, in order, at most as many as asked', async (t) => {
  const numbers = await openNumbers(t);
  const upTo3 = IDBKeyRange.upperBound(3);
  t.same(await settled(numbers().getAll(upTo3)), ['one', 'two', 'three']);
  t.same(await settled(numbers().getAll(upTo3, 2)), ['one', 'two']);
  t.same(await settled(numbers().getAll(null, 0)), ['one', 'two', 'three', 'four', 'five']);
  t.same(await settled(numbers().getAll(2)), ['two']);
  t.same(await settled(numbers().getAllKeys(upTo3)), [1, 2, 3]);
  t.same(await settled(numbers().getAllKeys(undefined, 1)), [1]);
});

t.test('count counts what matches', async (t) => {
  const numbers = await openNumbers(t);
  t.equal(await settled(numbers().count()), 5);
  t.equal(await settled(numbers().count(IDBKeyRange.bound(2, 4))), 3);
  t.equal(await settled(numbers().count(9)), 0);
});

t.test('a query that is no key is refused', async (t) => {
  const numbers = await openNumbers(t);
  t.throws(() => numbers().get({}), { name: /^DataError$/ });
  t.throws(() => numbers().getAll({ lower: 1 }), { name: /^DataError$/ });
  t.throws(() => numbers().count(true), { name: /^DataError$/ });
});

t.test('a cursor in another direction is refused', async (t) => {
  const numbers = await openNumbers(t);
  for (const direction of ['prev', 'nextunique', 'prevunique']) {
    t.throws(() => numbers().openCursor(null, direction), { name: /^NotSupportedError$/ });
  }
});
