/** A code in a text that others could read. */
import t from 'tap';
import { codesIn } from '../../src/stepup/find-code.ts';

const CODE = '492039';
const holds = (text: string): boolean => codesIn([text])(CODE);
const PASTED = 'so and so it goes on\n'.repeat(30);

t.test('in what is typed, in any grouping and any script', async (t) => {
  for (const text of [
    CODE,
    `otp K7QF-22${CODE}`,
    '492 039',
    '4-9-2-0-3-9.',
    '492 and then 039',
    '123 @bob42 492039',
    '\uff14\uff19\uff12\uff10\uff13\uff19', // full width
    '\u0664\u0669\u0662\u0660\u0663\u0669', // Arabic-Indic
    '\u06f4\u06f9\u06f2\u06f0\u06f3\u06f9', // Persian
    '\u096a\u096f\u0968\u0966\u0969\u096f', // Devanagari
    '\u{1d7d2}\u{1d7d7}\u{1d7d0}\u{1d7ce}\u{1d7d1}\u{1d7d7}', // bold
    '\u2463\u2468\u24610\u2462\u2468', // circled
    '\u2779\u277e\u2777\u24ff\u2778\u277e', // white in black circles
    '\u2783\u2788\u2781\u{1f10b}\u2782\u2788', // circled, without serifs
    '\u278d\u2792\u278b\u{1f10c}\u278c\u2792', // both
    '\u24f8\u24fd\u24f6\u24ea\u24f7\u24fd', // doubly circled
    '\u{116de}\u{116e3}\u{116dc}\u{116da}\u{116dd}\u{116e3}', // behind the ten of another script
  ])
    t.ok(holds(text), text);
  for (const text of ['', '49203', '492 03x', '930294', 'nothing']) t.notOk(holds(text), text);
});

t.test('in what is pasted, where whole numbers make it up', async (t) => {
  for (const text of [CODE, '492 039', '4 9 2 0 3 9', `at 10:15 ${CODE}`])
    t.ok(holds(`${PASTED}${text} and on`), text);
  for (const text of ['1492039', '4920391', '492 and 039', 'a49b2039', '492 0399'])
    t.notOk(holds(`${PASTED}${text} and on`), text);
});

t.test('in each of several texts', async (t) => {
  t.ok(codesIn([PASTED, '492 and 039'])(CODE), 'a long one beside it hides nothing');
  t.notOk(codesIn([])(CODE));
});

t.test('a long paste of anything holds few of all codes', async (t) => {
  // A linear congruential generator, so that every run has the same paste.
  let state = 1;
  const next = () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state >> 8;
  };
  const hex = Array.from({ length: 30_000 }, () => (next() % 16).toString(16)).join('');
  const found = codesIn([hex]);
  const count = Array.from({ length: 1_000_000 }, (_, i) => `${i}`.padStart(6, '0')).filter(found);
  t.ok(count.length < 500, `${count.length} of a million`);
});
