/** A code in a text that others could read. */
import t from 'tap';
import { codesIn } from '../../src/stepup/find-code.ts';
import { cpuCost } from '../support/cpu.ts';

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

t.test('other numbers between the parts of a typed code do not hide it', async (t) => {
  for (const text of [
    'first 3: 492, last 3: 039',
    '1. 492\n2. 039',
    '1) 4\n2) 9\n3) 2\n4) 0\n5) 3\n6) 9',
    '492 (wait 2s) 039',
    '492<sup>1</sup>039',
    '492\u00b9039',
    '492\u24eb039',
    '49 1 2 3 4 5 6 7 8 9 10 2039',
  ])
    t.ok(holds(text), text);
  for (const text of ['039 1 492', '492 1039', '49 1 2 3 4 5 6 7 8 9 10 11 2039'])
    t.notOk(holds(text), text);
});

t.test('in digits that are rare', async (t) => {
  for (const text of [
    '四九二〇三九',
    '四九二零三九',
    '\u3024\u3029\u3022\u3007\u3023\u3029', // Suzhou
    '\u136c\u1371\u136a0\u136b\u1371', // Ethiopic
    '492O39',
    '492o39',
    '492o039', // the letter stands between the parts
    '4o9o2o0o3o9o1o2o3o4o5o6',
  ])
    t.ok(holds(text), text);
  for (const [text, code] of [
    ['\u27894920', '104920'],
    ['\u277f4920', '104920'],
    ['\u27934920', '104920'],
    ['\u24eb\u24ec\u24ed', '111213'],
    ['\u19da\u19da2039', '112039'],
    ['2039OO', '203900'],
    ['O92039', '092039'],
  ] as const)
    t.ok(codesIn([text])(code), text);
});

t.test('in a text that is turned round', async (t) => {
  for (const text of [
    '\u202e930294',
    'code: \u202e930 294',
    '\u202e294\u202c \u202e930\u202c',
    '\u202e294\n\u202e930',
    '\u202e294\u202c039',
    '\u2067039 492\u2069',
    '\u202b039 492',
    '\u202e\u{1d7d7}\u{1d7d1}\u{1d7ce}\u{1d7d0}\u{1d7d7}\u{1d7d2}',
    `\u202e${CODE}`,
  ])
    t.ok(holds(text), text);
  t.ok(holds(`${PASTED}\u202e930294`));
  for (const text of ['930294', '\u202e\u202c930294', '\u202e\n930294', '039 492'])
    t.notOk(holds(text), text);
});

t.test('in what is pasted, where whole numbers make it up', async (t) => {
  for (const text of [
    CODE,
    '492 039',
    '4 9 2 0 3 9',
    `at 10:15 ${CODE}`,
    `${CODE}\u00b9`,
    '四九二〇三九',
  ])
    t.ok(holds(`${PASTED}${text} and on`), text);
  for (const text of ['1492039', '4920391', '492 and 039', 'a49b2039', '492 0399', '492 1 039'])
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

t.test('a few numbers hold few of all codes', async (t) => {
  const all = Array.from({ length: 1_000_000 }, (_, i) => `${i}`.padStart(6, '0'));
  const count = all.filter(codesIn(['2026-11-28 10:15:30 took 12 ms, exit 0'])).length;
  t.equal(count, 33);
  const twice = codesIn(['28.11. at 10:15, 3 of 4\n28.11. at 10:15, 3 of 4']);
  t.equal(all.filter(twice).length, 201);
});

t.test('however odd a text is, looking into it costs little', async (t) => {
  const odd = [
    '0',
    '0O',
    '\u202e',
    '\u202e0\u202c',
    '\u0664',
    '一',
    '\u0301\u0323',
    '\ufdfa',
    '①O',
  ];
  for (const one of [...odd, 'O', '❶x', '1 \n', odd.join('')]) {
    const long = one.repeat(65_536 / Buffer.byteLength(one));
    const cost = await cpuCost(() => codesIn([long])(CODE));
    t.ok(cost < 100, `${JSON.stringify(one)}: ${cost} units`);
  }
  const typed = Array.from(
    { length: 1000 },
    (_, i) => `\u202e1 2 3 4 5 6 7 8 9 1O 一 ${i} and so on`,
  );
  const cost = await cpuCost(() => codesIn(typed)(CODE));
  t.ok(cost < 100, `${cost} units`);
});
