import t from 'tap';
import { StringList } from '../../../src/matrix/indexeddb/string-list.ts';

t.test('names are sorted and can be counted, indexed and looked for', async (t) => {
  const list = new StringList(['b', 'a']);
  t.equal(list.length, 2);
  t.same([list.item(0), list.item(1), list.item(2)], ['a', 'b', null]);
  t.same([list.contains('a'), list.contains('c')], [true, false]);
});
