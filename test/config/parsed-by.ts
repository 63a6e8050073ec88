import t from 'tap';
import { err, ok } from '../../src/base/result.ts';
import { parsedBy } from '../../src/config/parsed-by.ts';

const shout = parsedBy(
  (text) => (text === 'no' ? err('"no" is not a shout') : ok(text.toUpperCase())),
  'a shout',
);

t.test('the value is what the parser makes of it', async (t) => {
  t.equal(shout.parse('hey'), 'HEY');
  t.equal(shout.description, 'a shout');
});

t.test("the parser's sentence is the problem", async (t) => {
  const { error } = shout.safeParse('no');
  t.hasStrict(error?.issues, [{ code: 'custom', message: '"no" is not a shout' }]);
  t.hasStrict(shout.safeParse(5).error?.issues, [{ code: 'invalid_type', expected: 'string' }]);
});
