import t from 'tap';
import { findBelonging, findInvisible, findInvisibleInProse } from '../../src/base/invisible.ts';

t.test('what can be seen is nothing to complain about', async (t) => {
  for (const text of ['', 'deploy web', 'größer ≠ 1', '日本語', 'emoji 😀', 'e\u0301', 'a\u00a0b'])
    t.equal(findInvisible(text), undefined, text);
});

t.test('what cannot be seen is named', async (t) => {
  t.equal(findInvisible('a\nb'), 'a line break');
  t.equal(findInvisible('a\rb'), 'a line break');
  t.equal(findInvisible('a\tb'), 'a tab');
  t.equal(findInvisible('a\u202eb\n'), 'the invisible character U+202E');
  t.equal(findInvisible('\u{e0041}'), 'the invisible character U+E0041');
});

const HIDDEN: Readonly<Record<string, readonly string[]>> = {
  controls: ['\0', '\x07', '\x1b', '\x7f', '\x9b'],
  'marks of writing direction': ['\u200e', '\u200f', '\u061c', '\u202a', '\u2066', '\u2069'],
  'no width': ['\u200b', '\u200c', '\u200d', '\u2060', '\ufeff', '\u00ad', '\u034f'],
  'separators of lines': ['\u2028', '\u2029', '\u0085'],
  'letters that are blank': ['\u115f', '\u1160', '\u3164', '\uffa0', '\u2800'],
  'variation selectors and tags': ['\ufe0f', '\u{e0100}', '\u{e0020}'],
  'half a character': ['\ud800', '\udfff'],
  'private use and unassigned': ['\ue000', '\u{10fffd}', '\u0378', '\uffff'],
};

for (const [kind, chars] of Object.entries(HIDDEN))
  t.test(`hidden: ${kind}`, async (t) => {
    for (const char of chars) t.ok(findInvisible(`a${char}b`), JSON.stringify(char));
  });

/** Without the joiner or selector each of them would look like something else. */
const BELONGING: Readonly<Record<string, readonly string[]>> = {
  'emoji that are drawn as one': [
    ...['👩\u200d🚒', '👩🏽\u200d🚒', '👨\u200d👩\u200d👧', '❤\ufe0f\u200d🔥', '🏳\ufe0f\u200d🌈'],
    ...['🧑🏿\u200d🤝\u200d🧑🏻', '🏃\u200d♀\ufe0f\u200d➡\ufe0f'],
  ],
  'the look of a symbol': ['⚠\ufe0f', '⌚\ufe0e', '1\ufe0f\u20e3', '#\ufe0f\u20e3'],
  'letters that would join': ['نمی\u200cخواهم', 'نَ\u200cَا', 'ک\u200cوە', 'क्\u200cष', 'ন্\u200cত'],
};

for (const [kind, texts] of Object.entries(BELONGING))
  t.test(`belongs to what is seen: ${kind}`, async (t) => {
    for (const text of texts) {
      t.equal(findInvisibleInProse(`because ${text}.`), undefined, text);
      t.ok(findInvisible(text), 'and is refused elsewhere');
    }
  });

const STRAY: Readonly<Record<string, readonly (readonly [text: string, char: string])[]>> = {
  'joiners not between emoji': [
    ['a\u200db', '200D'],
    ['👩\u200d', '200D'],
    ['\u200d👩', '200D'],
    ['👩\u200d\u200d🚒', '200D'],
    ['👩\u200d x', '200D'],
    ['x\u200d🚒', '200D'],
    ['🏽\u200d🚒', '200D'],
    ['⚠\ufe0e\u200d🚒', '200D'],
    ['1\u200d2', '200D'],
    ['क्\u200dष', '200D'],
  ],
  'selectors without a symbol': [
    ['a\ufe0f', 'FE0F'],
    ['1\ufe0f', 'FE0F'],
    ['\ufe0e', 'FE0E'],
    ['⚠\ufe0f\ufe0f', 'FE0F'],
    ['⚠\ufe01', 'FE01'],
    ['葛\u{e0100}', 'E0100'],
  ],
  'non-joiners where nothing would join': [
    ['web\u200c', '200C'],
    ['a\u200cb', '200C'],
    ['نمی\u200c', '200C'],
    ['\u200cخواهم', '200C'],
    ['ر\u200cم', '200C'],
    ['م\u200cء', '200C'],
    ['نمی\u200c\u200cخ', '200C'],
    ['نمی\u200cx', '200C'],
    ['क\u200cष', '200C'],
    ['क्\u200c', '200C'],
    ['👩\u200c🚒', '200C'],
  ],
  'whatever else is hidden': [
    ['👩\u200b🚒', '200B'],
    ['🏴\u{e0067}\u{e007f}', 'E0067'],
    ['👩\u200d🚒\u202e', '202E'],
  ],
};

for (const [kind, texts] of Object.entries(STRAY))
  t.test(`hidden in free text as well: ${kind}`, async (t) => {
    for (const [text, char] of texts)
      t.equal(
        findInvisibleInProse(text),
        `the invisible character U+${char}`,
        JSON.stringify(text),
      );
  });

t.test('where they stand', async (t) => {
  t.strictSame([...findBelonging('a\u200d 👩\u200d🚒 نمی\u200cخواهم')], [5, 12]);
  t.equal(findBelonging('nothing of the kind').size, 0);
});
