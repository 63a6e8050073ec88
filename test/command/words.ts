import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { MAX_COMMAND_LENGTH, splitWords } from '../../src/command/words.ts';

/** The words, or the complaint. */
function split(typed: string): readonly string[] | string {
  const words = splitWords(typed);
  return words.ok ? words.value.map((word) => word.text) : words.error;
}

const SPLITS: readonly (readonly [typed: string, words: readonly string[]])[] = [
  ['', []],
  ['   ', []],
  ['deploy web 1.2.3', ['deploy', 'web', '1.2.3']],
  ['  deploy   web  ', ['deploy', 'web']],
  ['deploy\u00a0web\u3000x', ['deploy', 'web', 'x']],
  [`say 'one word' "and another"`, ['say', 'one word', 'and another']],
  [`glued"to"'gether'`, ['gluedtogether']],
  [`'' ""`, ['', '']],
  [`'a"b' "a'b"`, ['a"b', "a'b"]],
  [String.raw`a\ b \'c\" \\`, ['a b', `'c"`, '\\']],
  [String.raw`'\n' "\n"`, ['\\n', '\\n']],
  ['"\\"" "\\\\" "\\$" "\\`" "\\x"', ['"', '\\', '$', '`', '\\x']],
  ['a;b && c | d > e # $f *', ['a;b', '&&', 'c', '|', 'd', '>', 'e', '#', '$f', '*']],
  ['$(id) `id` ~ {a,b}', ['$(id)', '`id`', '~', '{a,b}']],
  [
    '“smart quotes” „unten oben“ „så här” «là» ‘single’',
    ['smart quotes', 'unten oben', 'så här', 'là', 'single'],
  ],
  ['reason=“it broke” x', ['reason=it broke', 'x']],
  ['it’s “it’s”', ['it’s', 'it’s']],
  [`"“as it is”" '—'`, ['“as it is”', '—']],
  ['— –5 ―x a—b', ['—', '–5', '―x', 'a—b']],
  ['größe 日本 😀', ['größe', '日本', '😀']],
];

for (const [typed, words] of SPLITS)
  t.test(`splits ${typed || 'nothing'}`, async (t) => t.strictSame(split(typed), words));

const REFUSED: readonly (readonly [typed: string, complaint: RegExp])[] = [
  ['say "x', /^The quote " at character 5 is never closed\.$/],
  ["it's", /^The quote ' at character 3 is never closed\.$/],
  ['say “x', /^The quote “ at character 5 is never closed\.$/],
  ['“x"', /^The quote “ at character 1 is never closed\.$/],
  ['‘it’s’', /^The quote ‘ at character 1 closes inside of a word\.$/],
  ['“a”b', /closes inside of a word/],
  ['”web”', /^The quote ” at character 1 opens nothing; use " instead\.$/],
  ['“say “hi” now”', /^The quote ” at character 14 opens nothing/],
  ['5” x', /opens nothing/],
  ['x \\', /^The command ends in a backslash\.$/],
  ['a\nb', /it holds a line break\.$/],
  ['a\tb', /it holds a tab\.$/],
  ['"a\0b"', /it holds the invisible character U\+0000\.$/],
  ['we\u200bb', /U\+200B/],
  ['\u202edeploy', /U\+202E/],
  ['web\ud800', /U\+D800/],
  ['a\u3164', /U\+3164/],
  ['x'.repeat(MAX_COMMAND_LENGTH + 1), /at most 4000 characters/],
];

for (const [typed, complaint] of REFUSED)
  t.test(`refuses ${JSON.stringify(typed.slice(0, 20))}`, async (t) => {
    const said = split(typed);
    t.type(said, 'string');
    t.match(said, complaint);
  });

t.test('a word knows where it stood, and whether it has to be a value', async (t) => {
  const words = splitWords(String.raw`a  "b" c"d" \-e ‘f’ --g`);
  t.ok(words.ok);
  t.strictSame(words.ok ? words.value : [], [
    { text: 'a', start: 0, end: 1, quoted: false },
    { text: 'b', start: 3, end: 6, quoted: true },
    { text: 'cd', start: 7, end: 11, quoted: false },
    { text: '-e', start: 12, end: 15, quoted: true },
    { text: 'f', start: 16, end: 19, quoted: true },
    { text: '--g', start: 20, end: 23, quoted: false },
  ]);
});

// Visible text with everything in it that means something to us.
const visible = fc.string({
  unit: fc.oneof(
    fc.constantFrom(...'abz09 =-_\'"\\$`“”„«»‘’–—;|&<>*\u00a0'),
    fc.constantFrom('ä', '日', '😀', 'e\u0301'),
  ),
  maxLength: 12,
});

const QUOTERS: Readonly<Record<string, (word: string) => string>> = {
  'single quotes': (word) => `'${word.replaceAll("'", `'\\''`)}'`,
  'double quotes': (word) => `"${word.replace(/[$`"\\]/g, '\\$&')}"`,
  backslashes: (word) => (word === '' ? "''" : word.replace(/./gsu, '\\$&')),
};

for (const [name, quote] of Object.entries(QUOTERS))
  t.test(`whatever is quoted by ${name} comes back as it was`, async () => {
    fc.assert(
      fc.property(fc.array(visible, { maxLength: 6 }), (words) =>
        isDeepStrictEqual(split(words.map(quote).join(' ')), words),
      ),
    );
  });

t.test('any text at all is split or refused', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (typed) => {
      const words = splitWords(typed);
      if (!words.ok) return words.error.endsWith('.');
      // What was found stands where it says, in order, and nothing but space is between.
      const ends = [0, ...words.value.map((word) => word.end)];
      return words.value.every(
        ({ start, end }, i) => end > start && typed.slice(ends[i], start).trim() === '',
      );
    }),
    { numRuns: 1000 },
  );
});
