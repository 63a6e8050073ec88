import assert from 'node:assert/strict';
import { join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { decodeKey, encodeKey, type Key } from '../../../src/matrix/indexeddb/key.ts';
import { IDBKeyRange, spanOf } from '../../../src/matrix/indexeddb/key-range.ts';
import type { RowSource } from '../../../src/matrix/indexeddb/rows.ts';
import { EVERYTHING, type Span } from '../../../src/matrix/indexeddb/span.ts';
import { openStorage } from '../../../src/matrix/indexeddb/sqlite-file.ts';
import { StoreRows } from '../../../src/matrix/indexeddb/store-rows.ts';
import { decodeValue, encodeValue } from '../../../src/matrix/indexeddb/value.ts';
import { compareKeys, fewKeys } from './fixtures/keys.ts';

/** The same store as a list, searched and sorted as the standard words it. */
interface Item {
  readonly key: Key;
  readonly value: { readonly plain?: Key; readonly only?: Key };
}

const PLAIN = { id: 11, name: 'plain', keyPath: 'plain', unique: false };
const ONLY = { id: 12, name: 'only', keyPath: 'only', unique: true };

function openRows(t: Test) {
  const { sql, statements } = openStorage(join(t.testdir(), 'crypto.db'));
  t.teardown(() => sql.close());
  const indexes = new Map(Object.entries({ plain: PLAIN, only: ONLY }));
  return { sql, rows: new StoreRows(statements, { id: 1, name: 'store', indexes }) };
}

const value = fc.record(
  { plain: fewKeys, only: fewKeys },
  { requiredKeys: [], noNullPrototype: true },
);
const range = fc.tuple(fewKeys, fewKeys, fc.boolean(), fc.boolean());
const step = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), key: fewKeys, value }),
  fc.record({ kind: fc.constant('add' as const), key: fewKeys, value }),
  fc.record({ kind: fc.constant('delete' as const), range }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
type Range = typeof range extends fc.Arbitrary<infer R> ? R : never;

function spanOfRange([a, b, lowerOpen, upperOpen]: Range): Span {
  const order = compareKeys(a, b);
  if (order === 0) return spanOf(a);
  return order < 0
    ? spanOf(IDBKeyRange.bound(a, b, lowerOpen, upperOpen))
    : spanOf(IDBKeyRange.bound(b, a, lowerOpen, upperOpen));
}

const within = ({ low, high }: Span, key: Key): boolean =>
  Buffer.compare(low, encodeKey(key)) <= 0 && Buffer.compare(encodeKey(key), high) < 0;

/** What the list is after the step; the same list when the step must be refused. */
function expected(items: readonly Item[], step: Step): readonly Item[] {
  if (step.kind === 'delete') {
    return items.filter((item) => !within(spanOfRange(step.range), item.key));
  }
  const { key, value } = step;
  const others = items.filter((item) => compareKeys(item.key, key) !== 0);
  const { only } = value;
  const taken =
    only !== undefined &&
    others.some((item) => item.value.only !== undefined && !compareKeys(item.value.only, only));
  if (taken || (step.kind === 'add' && others.length < items.length)) return items;
  return [...others, { key, value }].toSorted((a, b) => compareKeys(a.key, b.key));
}

/** Takes the step; says whether it was refused. */
function take(rows: StoreRows, step: Step): boolean {
  if (step.kind === 'delete') {
    rows.delete(spanOfRange(step.range));
    return false;
  }
  const write = { key: encodeKey(step.key), value: encodeValue(step.value) };
  try {
    rows.put({ ...write, ifExists: step.kind === 'put' ? 'replace' : 'refuse' });
    return false;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'ConstraintError') return true;
    throw error;
  }
}

/** Every way of reading must agree: all at once, one after the other, and counted. */
function contents(source: RowSource, span: Span) {
  const all = source.all(span).toArray();
  const walked = [];
  for (let row = source.first(span); row; row = source.first(span, row)) walked.push(row);
  if (JSON.stringify(all) !== JSON.stringify(walked)) throw new Error('a walk differs');
  if (source.count(span) !== all.length) throw new Error('the count differs');
  return all.map(({ key, primaryKey, value }) => ({
    at: decodeKey(key),
    key: decodeKey(primaryKey),
    value: decodeValue(value),
  }));
}

const inStore = (items: readonly Item[], span: Span) =>
  items.filter(({ key }) => within(span, key)).map(({ key, value }) => ({ at: key, key, value }));

function inIndex(items: readonly Item[], name: 'plain' | 'only', span: Span) {
  return items
    .flatMap(({ key, value }) => {
      const at = value[name];
      return at !== undefined && within(span, at) ? [{ at, key, value }] : [];
    })
    .toSorted((a, b) => compareKeys(a.at, b.at) || compareKeys(a.key, b.key));
}

t.test('records and indexes are what the standard says after any steps', async (t) => {
  const { rows, sql } = openRows(t);
  fc.assert(
    fc
      .property(fc.array(step, { maxLength: 20 }), range, (steps, range) => {
        let items: readonly Item[] = [];
        for (const each of steps) {
          const next = expected(items, each);
          assert.equal(take(rows, each), each.kind !== 'delete' && next === items);
          items = next;
        }
        for (const span of [EVERYTHING, spanOfRange(range)]) {
          assert.deepEqual(contents(rows, span), inStore(items, span));
          assert.deepEqual(contents(rows.index(PLAIN), span), inIndex(items, 'plain', span));
          assert.deepEqual(contents(rows.index(ONLY), span), inIndex(items, 'only', span));
        }
      })
      .beforeEach(() => sql.exec('BEGIN'))
      .afterEach(() => sql.exec('ROLLBACK')),
    { numRuns: 300 },
  );
});

t.test('an index is filled from the records that are there, or refused', async (t) => {
  const { rows } = openRows(t);
  const late = { id: 13, name: 'late', keyPath: ['a', 'b'], unique: true };
  const put = (key: Key, value: unknown) =>
    rows.put({ key: encodeKey(key), value: encodeValue(value), ifExists: 'refuse' });
  put(1, { a: 1, b: 2 });
  put(2, { a: 1 });
  rows.fill(late);
  t.same(
    rows
      .index(late)
      .all(EVERYTHING)
      .toArray()
      .map((row) => decodeKey(row.key)),
    [[1, 2]],
  );
  put(3, { a: 1, b: 2 });
  t.throws(() => rows.fill(late), { name: /^ConstraintError$/ });
});
