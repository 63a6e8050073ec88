import t from 'tap';
import { describeExit } from '../../src/output/exit-code.ts';

t.test('a code is a number, and the one of what was killed says so', async (t) => {
  t.equal(describeExit(0), 'exit 0');
  t.equal(describeExit(1), 'exit 1');
  t.equal(describeExit(137), 'exit 137: killed, as a rule because it ran out of memory');
  t.equal(describeExit(9), 'exit 9');
});
