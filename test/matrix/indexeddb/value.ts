import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { decodeValue, encodeValue } from '../../../src/matrix/indexeddb/value.ts';

t.test('plain data is read back as it was', async () => {
  fc.assert(
    fc.property(fc.json({ stringUnit: 'binary' }), (text) => {
      const value: unknown = JSON.parse(text);
      assert.deepEqual(decodeValue(encodeValue(value)), value);
    }),
  );
});

t.test('awkward strings and names survive', async (t) => {
  const value = JSON.parse('{"__proto__": 1, "constructor": "\\u0000", "toJSON": "\\ud800"}');
  t.strictSame(Object.entries(decodeValue(encodeValue(value)) ?? {}), Object.entries(value));
});

t.test('a property that is undefined is left out', async (t) => {
  t.strictSame(decodeValue(encodeValue({ a: undefined, b: 1 })), { b: 1 });
});

t.test('what JSON would change is refused', async (t) => {
  const holed = Object.assign([], { 1: 'after a hole' });
  const values = [undefined, Number.NaN, Infinity, -0, 1n, [undefined], holed, new Date(0)];
  const objects = [
    new Map(),
    new Set(),
    new Uint8Array(1),
    new ArrayBuffer(1),
    new Error('x'),
    /x/,
  ];
  for (const value of [...values, ...objects]) {
    t.throws(() => encodeValue(value), { name: /^NotSupportedError$/ });
    t.throws(() => encodeValue({ deep: [value, 1] }), { name: /^NotSupportedError$/ });
  }
});

t.test('what has no clone is a DataCloneError', async (t) => {
  t.throws(() => encodeValue(() => {}), { name: /^DataCloneError$/ });
  t.throws(() => encodeValue({ a: Symbol('x') }), { name: /^DataCloneError$/ });
  t.throws(() => encodeValue({ toJSON: () => 'other' }), { name: /^DataCloneError$/ });
});

t.test('a value that contains itself is refused', async (t) => {
  const loop: unknown[] = [];
  loop.push({ loop });
  t.throws(() => encodeValue(loop), { name: /^NotSupportedError$/ });
});

t.test('damaged text is an Error', async (t) => {
  t.throws(() => decodeValue('{"a":'), SyntaxError);
});
