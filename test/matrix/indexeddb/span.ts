import fc from 'fast-check';
import t from 'tap';
import { encodeKey } from '../../../src/matrix/indexeddb/key.ts';
import { EVERYTHING, spanOfOne, successor } from '../../../src/matrix/indexeddb/span.ts';
import { anyKey } from './fixtures/keys.ts';

t.test('every key lies in the span of everything', async () => {
  fc.assert(
    fc.property(anyKey, (key) => {
      const encoded = encodeKey(key);
      return (
        Buffer.compare(EVERYTHING.low, encoded) < 0 && Buffer.compare(encoded, EVERYTHING.high) < 0
      );
    }),
  );
});

t.test('no key lies between a key and its successor', async (t) => {
  fc.assert(
    fc.property(anyKey, anyKey, (a, b) => {
      const [key, other] = [encodeKey(a), encodeKey(b)];
      return Buffer.compare(other, key) > 0 === Buffer.compare(other, successor(key)) >= 0;
    }),
  );
  const key = encodeKey('a');
  t.same(spanOfOne(key), { low: key, high: successor(key) });
});
