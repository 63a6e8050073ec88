import t from 'tap';
import { bytesIn, integerIn, textIn } from '../../../src/matrix/indexeddb/columns.ts';

t.test(
  'a column is given when it has the type that is asked for, and is an Error otherwise',
  async (t) => {
    const row = { bytes: Uint8Array.of(1), text: 'a', integer: 7, nothing: null };
    t.same(bytesIn(row, 'bytes'), Uint8Array.of(1));
    t.equal(textIn(row, 'text'), 'a');
    t.equal(integerIn(row, 'integer'), 7);
    for (const column of ['nothing', 'missing']) {
      t.throws(() => bytesIn(row, column), /no bytes/);
      t.throws(() => textIn(row, column), /no text/);
      t.throws(() => integerIn(row, column), /no integer/);
    }
  },
);
