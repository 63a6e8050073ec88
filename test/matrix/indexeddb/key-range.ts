import fc from 'fast-check';
import t from 'tap';
import { encodeKey, type Key } from '../../../src/matrix/indexeddb/key.ts';
import { IDBKeyRange, requiredSpanOf, spanOf } from '../../../src/matrix/indexeddb/key-range.ts';
import { anyKey, compareKeys } from './fixtures/keys.ts';

function holds(query: unknown, key: Key): boolean {
  const { low, high } = spanOf(query);
  const encoded = encodeKey(key);
  return Buffer.compare(low, encoded) <= 0 && Buffer.compare(encoded, high) < 0;
}

t.test('a range holds the keys that the standard says', async () => {
  const open = fc.boolean();
  fc.assert(
    fc.property(anyKey, anyKey, anyKey, open, open, (a, b, key, lowerOpen, upperOpen) => {
      const [lower, upper] = compareKeys(a, b) < 0 ? [a, b] : [b, a];
      const above = compareKeys(key, lower) > (lowerOpen ? 0 : -1);
      const below = compareKeys(key, upper) < (upperOpen ? 0 : 1);
      fc.pre(compareKeys(lower, upper) !== 0);
      return (
        holds(IDBKeyRange.bound(lower, upper, lowerOpen, upperOpen), key) === (above && below) &&
        holds(IDBKeyRange.lowerBound(lower, lowerOpen), key) === above &&
        holds(IDBKeyRange.upperBound(upper, upperOpen), key) === below
      );
    }),
    { numRuns: 2000 },
  );
});

t.test('a key holds itself alone, no query holds everything', async () => {
  fc.assert(
    fc.property(anyKey, anyKey, (a, b) => {
      const same = compareKeys(a, b) === 0;
      return (
        holds(a, b) === same && holds(IDBKeyRange.bound(a, a), b) === same && holds(undefined, a)
      );
    }),
  );
});

t.test('a range that can hold no key is refused', async (t) => {
  t.throws(() => IDBKeyRange.bound(2, 1), { name: /^DataError$/ });
  t.throws(() => IDBKeyRange.bound(1, 1, true, false), { name: /^DataError$/ });
  t.throws(() => IDBKeyRange.bound(1, 1, false, true), { name: /^DataError$/ });
  t.ok(holds(IDBKeyRange.bound(1, 1), 1));
});

t.test('bounds must be keys', async (t) => {
  t.throws(() => IDBKeyRange.bound(1, undefined), { name: /^DataError$/ });
  t.throws(() => IDBKeyRange.lowerBound(Number.NaN), { name: /^DataError$/ });
  t.throws(() => IDBKeyRange.upperBound({}), { name: /^DataError$/ });
});

t.test('where a query is required, nothing is refused', async (t) => {
  t.throws(() => requiredSpanOf(undefined), { name: /^DataError$/ });
  t.throws(() => requiredSpanOf(null), { name: /^DataError$/ });
  t.same(requiredSpanOf('a'), spanOf('a'));
});
