import t, { type Test } from 'tap';
import { IDBCursor, IDBCursorWithValue } from '../../../src/matrix/indexeddb/cursor.ts';
import type { IDBRequest } from '../../../src/matrix/indexeddb/request.ts';
import { connect, openTestStore, settled } from './fixtures/test-store.ts';

async function openLetters(t: Test) {
  const database = await connect(openTestStore(t), 1, (db) => {
    const letters = db.createObjectStore('letters');
    letters.createIndex('by rank', 'rank');
    for (const [i, key] of ['a', 'b', 'c', 'd'].entries()) letters.put({ rank: i % 2 }, key);
  });
  return (mode: 'readonly' | 'readwrite' = 'readwrite') =>
    database.transaction('letters', mode).objectStore('letters');
}

/** Calls `visit` at each record. */
async function walk(request: IDBRequest, visit: (cursor: IDBCursor) => void): Promise<void> {
  for (;;) {
    const cursor = await settled(request);
    if (!(cursor instanceof IDBCursor)) return;
    visit(cursor);
    cursor.continue();
  }
}

t.test('a cursor visits the records in order and ends with null', async (t) => {
  const letters = await openLetters(t);
  const request = letters().openCursor();
  const seen: unknown[] = [];
  await walk(request, (cursor) => {
    t.ok(cursor instanceof IDBCursorWithValue);
    t.equal(cursor.request, request);
    seen.push([cursor.key, cursor.value]);
  });
  t.same(seen, [
    ['a', { rank: 0 }],
    ['b', { rank: 1 }],
    ['c', { rank: 0 }],
    ['d', { rank: 1 }],
  ]);
  t.equal(request.result, null);
});

t.test('a cursor over nothing is null at once', async (t) => {
  const letters = await openLetters(t);
  t.equal(await settled(letters().openCursor('z')), null);
});

t.test('a cursor of an index visits by index key and then by key', async (t) => {
  const letters = await openLetters(t);
  const seen: unknown[] = [];
  await walk(letters().index('by rank').openCursor(), (cursor) => seen.push(cursor.key));
  t.same(seen, [0, 0, 1, 1]);
});

t.test('records are changed and deleted on the way', async (t) => {
  const letters = await openLetters(t);
  const store = letters();
  const seen: unknown[] = [];
  await walk(store.openCursor(), (cursor) => {
    seen.push(cursor.key);
    if (cursor.key === 'a') cursor.update({ rank: 7 });
    if (cursor.key === 'b') cursor.delete();
    if (cursor.key === 'b') store.delete('c');
  });
  t.same(seen, ['a', 'b', 'd'], 'what was deleted ahead is not visited');
  t.same(await settled(letters().getAllKeys()), ['a', 'd']);
  t.same(await settled(letters().index('by rank').getAllKeys()), ['d', 'a']);
});

t.test('a cursor of an index changes the record of the store', async (t) => {
  const letters = await openLetters(t);
  const cursor = await settled(letters().index('by rank').openCursor(0));
  if (!(cursor instanceof IDBCursor)) throw new Error('no record');
  t.equal(await settled(cursor.update({ rank: 9 })), 'a');
  await settled(cursor.delete());
  t.same(await settled(letters().getAllKeys()), ['b', 'c', 'd']);
});

t.test('a cursor cannot be used between two records, nor after the last', async (t) => {
  const letters = await openLetters(t);
  const request = letters().openCursor('d');
  const cursor = await settled(request);
  if (!(cursor instanceof IDBCursor)) throw new Error('no record');
  cursor.continue();
  t.equal(request.readyState, 'pending');
  const refused = { name: /^InvalidStateError$/ };
  t.throws(() => cursor.continue(), refused);
  t.throws(() => cursor.update({}), refused);
  await settled(request);
  t.throws(() => cursor.delete(), refused);
  t.throws(() => cursor.continue(), refused);
  t.equal(cursor.key, undefined);
});

t.test('a cursor of a transaction to read changes nothing, a jump is refused', async (t) => {
  const letters = await openLetters(t);
  const store = letters('readonly');
  const cursor = await settled(store.openCursor());
  if (!(cursor instanceof IDBCursor)) throw new Error('no record');
  t.throws(() => cursor.update({}), { name: /^ReadOnlyError$/ });
  t.throws(() => cursor.delete(), { name: /^ReadOnlyError$/ });
  t.throws(() => cursor.continue('c'), { name: /^NotSupportedError$/ });
});

t.test('a cursor ends with its transaction', async (t) => {
  const letters = await openLetters(t);
  const store = letters();
  const request = store.openCursor();
  const cursor = await settled(request);
  if (!(cursor instanceof IDBCursor)) throw new Error('no record');
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  t.throws(() => cursor.continue(), { name: /^TransactionInactiveError$/ });
});
