import t from 'tap';
import { LineList } from '../../src/output/line-list.ts';

const ALL = Infinity;

t.test('rows that continue are part of the line before them', async (t) => {
  const list = new LineList();
  t.equal(list.count, 0);
  list.add('one', false);
  list.add('two ', false);
  list.add('goes ', true);
  list.add('on', true);
  list.add('three', false);
  t.equal(list.count, 3);
  t.strictSame(list.rowsOf(0, ALL), ['one']);
  t.strictSame(list.rowsOf(1, ALL), ['two ', 'goes ', 'on']);
  t.strictSame(list.rowsOf(1, 2), ['goes ', 'on']);
  t.strictSame(list.rowsOf(2, ALL), ['three']);
});

t.test('a row that continues nothing begins a line', async (t) => {
  const list = new LineList();
  list.add('one', true);
  t.equal(list.count, 1);
});

t.test('empty lines at the end are not counted as filled', async (t) => {
  const list = new LineList();
  list.add('', false);
  t.equal(list.filled, 0);
  list.add('text', false);
  list.add('', false);
  t.equal(list.filled, 2);
  list.add('more', true);
  t.equal(list.filled, 3);
});

t.test('a line that is not there has no rows', async (t) => {
  const list = new LineList();
  t.strictSame(list.rowsOf(-1, ALL), []);
  t.strictSame(list.rowsOf(0, ALL), []);
});
