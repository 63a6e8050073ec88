/** What reads as a digit. */
import t from 'tap';
import { digitReadings, hasDigit } from '../../src/stepup/digits.ts';

/** The last reading, without what stands between the numbers. */
const read = (text: string): string | undefined =>
  digitReadings(text).at(-1)?.trim().replace(/\s+/g, ' ');

t.test('numbers of many kinds are read as digits', async (t) => {
  for (const [text, digits] of [
    ['\u0664\u0669\u{116de}', '494'],
    ['4\ufe0f\u20e39\u0336', '49'],
    ['\u2776\u277e\u277f', '1910'], // in black circles
    ['\u2780\u2789', '110'], // in circles, without serifs
    ['\u278a\u2793', '110'], // both
    ['\u24eb\u24f4\u24ff', '11200'],
    ['\u24f5\u24fe', '110'], // in double circles
    ['\u{1f10b}\u{1f10c}', '00'],
    ['\u19da', '1'], // New Tai Lue
    ['\u1369\u1371', '19'], // Ethiopic
    ['\u3021\u3029', '19'], // Suzhou
    ['\u{1d360}\u{1d368}', '19'], // counting rods
    ['\u{1d2e0}\u{1d2f3}', '019'], // Mayan
    ['〇零一二三四五六七八九', '00123456789'],
    ['㊃', '4'],
    ['49²039¹', '49 2 039 1'],
    ['\u2160\u2180', 'I'], // Roman: known to be missing
  ] as const)
    t.equal(read(text), digits, text);
});

t.test('a letter O beside a digit may be a zero', async (t) => {
  for (const [text, digits] of [
    ['492O39', '492 0 39'],
    ['O92oo9', '0 92 00 9'],
    ['49203o', '49203 0'],
    ['foo42', 'foo42'],
    ['42 or', '42 or'],
    ['4off', '4off'],
    ['O', 'O'],
  ] as const)
    t.equal(read(text), digits, text);
  t.strictSame(digitReadings('4O'), ['4O', '4 0 '], 'and may be a letter');
  t.strictSame(digitReadings('40'), ['40']);
});

t.test('a digit of any kind is one', async (t) => {
  for (const text of ['4', '\u0664', '①', '四', '\u3021', '⼀', '\u19da'])
    t.ok(hasDigit(text), text);
  for (const text of ['', 'Oo', 'four', '\u2180']) t.notOk(hasDigit(text), text);
});
