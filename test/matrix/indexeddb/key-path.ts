import t from 'tap';
import { encodeKey } from '../../../src/matrix/indexeddb/key.ts';
import { checkedKeyPath, keyAtPath } from '../../../src/matrix/indexeddb/key-path.ts';

t.test('a path leads through own properties to a key', async (t) => {
  const value = { a: { b: 'deep' }, n: 1, list: ['x', 2] };
  t.same(keyAtPath('n', value), encodeKey(1));
  t.same(keyAtPath('a.b', value), encodeKey('deep'));
  t.same(keyAtPath('list', value), encodeKey(['x', 2]));
});

t.test('a list of paths makes an array of keys', async (t) => {
  t.same(keyAtPath(['b', 'a'], { a: 1, b: 'two' }), encodeKey(['two', 1]));
});

t.test('a value without a key there has none', async (t) => {
  for (const value of [{}, { k: null }, { k: true }, { k: {} }, 'text', null, undefined]) {
    t.equal(keyAtPath('k', value), undefined);
  }
  t.equal(keyAtPath(['a', 'b'], { a: 1 }), undefined);
  t.equal(keyAtPath('k.deeper', { k: 'text' }), undefined);
});

t.test('inherited properties are not followed', async (t) => {
  t.equal(keyAtPath('constructor.name', {}), undefined);
});

t.test('what is no path is a SyntaxError', async (t) => {
  for (const path of ['', '.', 'a.', 'a b', '1a', 'a-b', [], [''], [['a']], 1, null, undefined]) {
    t.throws(() => checkedKeyPath(path), { name: /^SyntaxError$/ });
  }
  t.equal(checkedKeyPath('a.b_$1'), 'a.b_$1');
  t.same(checkedKeyPath(['a', 'b']), ['a', 'b']);
});
