import fc from 'fast-check';
import t from 'tap';
import { decodeKey, encodeKey, type Key } from '../../../src/matrix/indexeddb/key.ts';
import { anyKey, compareKeys } from './fixtures/keys.ts';

t.test('encodings compare as the standard compares the keys', async () => {
  fc.assert(
    fc.property(anyKey, anyKey, (a, b) => {
      return Math.sign(Buffer.compare(encodeKey(a), encodeKey(b))) === Math.sign(compareKeys(a, b));
    }),
    { numRuns: 5000 },
  );
});

t.test('a key is read back as it was, -0 as 0', async (t) => {
  fc.assert(
    fc.property(anyKey, (key) => compareKeys(decodeKey(encodeKey(key)), key) === 0),
    { numRuns: 5000 },
  );
  t.ok(Object.is(decodeKey(encodeKey(-0)), 0));
});

const sortedByBytes = (keys: readonly Key[]): Key[] =>
  keys
    .map(encodeKey)
    .toSorted((a, b) => Buffer.compare(a, b))
    .map(decodeKey);

t.test('numbers sort by value, the infinities included', async (t) => {
  const sorted = [-Infinity, -1e300, -1, -Number.MIN_VALUE, 0, 5e-324, 0.5, 1, 2 ** 53, Infinity];
  t.same(sortedByBytes(sorted.toReversed()), sorted);
});

t.test('strings sort by UTF-16 code unit, not by code point', async (t) => {
  const sorted = [
    '',
    '\u0000',
    '\u0000\u0000',
    '\u0001',
    'a',
    'a\u0000',
    'b',
    '\u{10000}',
    '\uffff',
  ];
  t.same(sortedByBytes(sorted.toReversed()), sorted);
});

t.test('text can be read in the bytes', async (t) => {
  t.equal(Buffer.from(encodeKey('@alice:example.org')).toString('latin1'), '0@alice:example.org\0');
});

t.test('what is no key is a DataError', async (t) => {
  const loop: unknown[] = [];
  loop.push(loop);
  const holed = Object.assign([], { 1: 'after a hole' });
  for (const none of [undefined, null, true, Number.NaN, {}, 1n, [undefined], holed, loop]) {
    t.throws(() => encodeKey(none), { name: /^DataError$/ });
  }
});

t.test('a Date and bytes are keys in the standard, and refused here', async (t) => {
  for (const key of [new Date(0), new Uint8Array(1), new ArrayBuffer(1), ['a', new Date(0)]]) {
    t.throws(() => encodeKey(key), { name: /^NotSupportedError$/ });
  }
});

t.test('damaged bytes are an Error, not a key', async (t) => {
  t.throws(() => decodeKey(Uint8Array.of()), /cut short/);
  t.throws(() => decodeKey(encodeKey('abc').subarray(0, 3)), /cut short/);
  t.throws(() => decodeKey(encodeKey(1).subarray(0, 8)), /cut short/);
  t.throws(() => decodeKey(Buffer.concat([encodeKey('abc'), Uint8Array.of(0)])), /after the end/);
  t.throws(() => decodeKey(Uint8Array.of(0x20)), /unknown tag/);
});
