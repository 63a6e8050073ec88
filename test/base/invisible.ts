import t from 'tap';
import { findInvisible } from '../../src/base/invisible.ts';

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
