import fc from 'fast-check';
import t from 'tap';
import {
  formatProblem,
  MAX_FILE_LENGTH,
  MAX_PARTS,
  MAX_PROBLEMS,
  type Path,
  parseSource,
} from '../../src/config/document.ts';
import { cpuCost } from '../support/cpu.ts';

const parse = (text: string) => parseSource(text, 'f');
function problems(text: string): readonly string[] {
  const parsed = parse(text);
  return parsed.ok ? [] : parsed.error.map(formatProblem);
}

t.test('plain YAML is its value', async (t) => {
  const text = `
# a comment
a: { b: [1, "2", true, null], c: 0x10 }
d: |
  two
  lines
'e f': plain text # with a comment
yes: no
22:00: 22:00
`;
  const parsed = parse(text);
  t.strictSame(parsed.ok && parsed.value.value, {
    a: { b: [1, '2', true, null], c: 16 },
    d: 'two\nlines\n',
    'e f': 'plain text',
    yes: 'no',
    '22:00': '22:00',
  });
});

t.test('what looks like a number, a boolean or nothing is a text where it is a key', async (t) => {
  const parsed = parse('true: 1\n1: 2\n~: 3\n');
  t.strictSame(parsed.ok && parsed.value.value, { true: 1, 1: 2, '~': 3 });
});

t.test('a byte order mark and line ends of any kind are fine', async (t) => {
  for (const text of ['\ufeffa: 1\n', 'a: 1\r\n', 'a: 1', '---\na: 1\n...\n'])
    t.strictSame(problems(text), [], JSON.stringify(text));
});

const REFUSED: Readonly<Record<string, readonly [text: string, ...problems: readonly string[]]>> = {
  'a key twice': ['a: 1\nb: 2\na: 3\n', 'f:3:1: the key "a" is there twice'],
  'a key twice, quoted': ['x: { a: 1, "a": 2 }\n', 'f:1:12: the key "a" is there twice'],
  'a key that is a list': ['? [a]\n: 1\n', 'f:1:3: a key must be plain text'],
  'a key with a prototype': ['a:\n  __proto__: { b: 1 }\n', 'f:2:3: unknown key "__proto__"'],
  'anchors and aliases': [
    'a: &x [1]\nb: *x\n',
    'f:1:7: anchors (&name) are not allowed: write it out',
    'f:2:4: aliases (*name) are not allowed: write it out',
  ],
  'an alias of nothing': ['a: *x\n', 'f:1:4: aliases (*name) are not allowed: write it out'],
  'a tag': ['a: !!str 1\n', 'f:1:10: tags (tag:yaml.org,2002:str) are not allowed'],
  'a tag of its own': ['a: !js/function x\n', 'f:1:17: tags (!js/function) are not allowed'],
  'a second document': ['a: 1\n---\nb: 2\n', 'f:2:1: a second document is not allowed'],
  'another version': ['%YAML 1.1\n---\na: yes\n', 'f:1:1: directives (%) are not allowed'],
  'a tag directive': ['%TAG ! tag:x,2000:\n---\na: 1\n', 'f:1:1: directives (%) are not allowed'],
  'a list that does not end': [
    'a: [1\nb: 2\n',
    'f:2:1: Flow sequence in block collection must be sufficiently indented and end with a ]',
  ],
  'a quote that does not end': ['a: "b', 'f:1:6: Missing closing "quote'],
  'tabs for indentation': ['a:\n\tb: 1\n', 'f:2:1: Tabs are not allowed as indentation'],
  'a control character': ['a: b\x1b[2J\n', 'f:1:5: here is the invisible character U+001B'],
  'a mark of direction in a comment': [
    'a: 1\n# \u202e x\n',
    'f:2:3: here is the invisible character U+202E',
  ],
  'an invisible character in a value': [
    'a: we\u200bb\n',
    'f:1:4: here is the invisible character U+200B',
  ],
  'an invisible character, escaped': [
    'a: "\\u202e"\n',
    'f:1:4: here is the invisible character U+202E',
  ],
  'half a character': ['a: ["\\ud800"]\n', 'f:1:5: here is the invisible character U+D800'],
  'an invisible character in a key': [
    '"a\\u200b": 1\n',
    'f:1:1: here is the invisible character U+200B',
  ],
  'too much of it': [
    'x'.repeat(MAX_FILE_LENGTH + 1),
    'f:1:1: the file is longer than 262144 characters',
  ],
};

for (const [what, [text, ...expected]] of Object.entries(REFUSED))
  t.test(`refused: ${what}`, async (t) => t.strictSame(problems(text), expected));

t.test('emoji, other alphabets and several lines are not invisible', async (t) => {
  t.strictSame(problems('a: "⚠️ größer 日本"\n# ⚠️ نص\nb: "x\\n\\ty"\n'), []);
});

t.test('nesting has an end', async (t) => {
  const nested: Readonly<Record<string, (depth: number) => string>> = {
    lists: (depth) => '['.repeat(depth) + ']'.repeat(depth),
    maps: (depth) => `${'{a: '.repeat(depth)}1${'}'.repeat(depth)}`,
    'blocks of lists': (depth) => `${'- '.repeat(depth)}x`,
    'open lists': (depth) => '['.repeat(depth),
  };
  for (const [what, text] of Object.entries(nested))
    for (const depth of [100, 500, 800, 1000, 1200, 1500, 5000, 20_000])
      t.match(
        problems(text(depth)).join('\n'),
        /nested too deeply|must be|too much/,
        `${depth} ${what}`,
      );
  t.strictSame(problems('['.repeat(30) + ']'.repeat(30)), []);
});

t.test('aliases are not followed, so that nothing grows', async (t) => {
  const levels = Array.from({ length: 40 }, (_, i) => `a${i}: &a${i} [${`*a${i - 1},`.repeat(9)}]`);
  const found = problems(['a: &a-1 [x]', ...levels].join('\n'));
  t.equal(found.length, MAX_PROBLEMS);
});

t.test('a file has so many parts and no more; the problem stands where they end', async (t) => {
  const most = MAX_PARTS.toString();
  const tooMuch = (place: string) => [
    `f:${place}: too much from here on: a file may have ${most} parts (words, marks)`,
  ];
  // A mark before the word, the word, and the line end; the document has a mark as well.
  const lines = (count: number): string => '- a\n'.repeat(count);
  const each = 5;
  t.strictSame(problems(lines(MAX_PARTS / each - 1)), []);
  t.strictSame(problems(lines(MAX_PARTS / each)), tooMuch(`${MAX_PARTS / each}:4`));
  t.strictSame(problems(`"${'\\n'.repeat(MAX_PARTS)}"`), tooMuch('1:1'), 'escapes count');
  t.strictSame(problems(`'${'\\n'.repeat(MAX_PARTS)}'`), []);
  t.strictSame(problems(`# ${'word '.repeat(MAX_PARTS)}\n`), [], 'a comment is one part');
});

/** The slowest texts that are still read: almost as many parts as may be, most of them wrong. */
const SLOW: Readonly<Record<string, string>> = {
  keys: Array.from({ length: 7000 }, (_, i) => `key-${i}: 1`).join('\n'),
  'the same key': 'a: 1\n'.repeat(7000),
  'lists after lists': '[]'.repeat(24_990),
  'ends of lists': ']'.repeat(49_990),
  'commas in a list': `[${','.repeat(49_980)}`,
  'open quotes': `a: ${"'\n".repeat(24_980)}`,
  'texts after texts': '"" '.repeat(24_980),
  'wrong escapes': `"${'\\q'.repeat(49_980)}"`,
  aliases: `[${'*a\n'.repeat(24_980)}`,
};

for (const [what, text] of Object.entries(SLOW))
  t.test(`as many parts as may be are read in time: ${what}`, async (t) => {
    let found: readonly string[] = [];
    const cost = await cpuCost(() => {
      found = problems(text);
    });
    t.notOk(found[0]?.includes('too much'), `near the limit: ${found[0]}`);
    t.ok(cost < 2000, `${cost} units`);
  });

t.test('and what has more costs next to nothing', async (t) => {
  for (const each of ["'", '"', '[]', '&a ', 'k: 1\n', '\u200b', '%a\n', '[', '- '])
    for (const length of [500_000, MAX_FILE_LENGTH]) {
      const text = each.repeat(length / each.length);
      const cost = await cpuCost(() => void problems(text));
      t.ok(cost < 100, `${JSON.stringify(each)}, ${length}: ${cost} units`);
    }
});

t.test('a problem stands where what it is about stands', async (t) => {
  const text = 'a:\n  b: 1\n  c:\n    - x\n    - { d: 1 }\ne: []\n';
  const parsed = parse(text);
  if (!parsed.ok) throw new Error('does not parse');
  const { problemAt } = parsed.value;
  const at = (path: Path, atKey?: boolean) => {
    const { line, column } = problemAt(path, 'm', atKey);
    return `${line}:${column}`;
  };
  t.equal(at([]), '1:1');
  t.equal(at(['a']), '2:3', 'the value');
  t.equal(at(['a'], true), '1:1', 'the key');
  t.equal(at(['a', 'b']), '2:6');
  t.equal(at(['a', 'c', 0]), '4:7');
  t.equal(at(['a', 'c', 1, 'd']), '5:12');
  t.equal(at(['a', 'c', 1, 'd'], true), '5:9');
  t.equal(at(['a', 'c', 1, 'x']), '5:7', 'missing: where what it is missing from begins');
  t.equal(at(['a', 'x']), '1:1');
  t.equal(at(['x', 'y', 0]), '1:1');
  t.equal(at(['e', 0]), '6:1');
  t.equal(at(['a', 'b', 'c', 1]), '2:3');
});

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc
    .array(fc.constantFrom(...'ab: -[]{},"\'#&*!|>%@`\n\n  \t?~01'), { maxLength: 60 })
    .map((chars) => chars.join('')),
);

t.test('any text at all has a value or problems, each with a place in the text', async () => {
  fc.assert(
    fc.property(text, (text) => {
      const parsed = parse(text);
      if (parsed.ok) return true;
      const lines = text.split('\n').length;
      return parsed.error.every((p) => p.line >= 1 && p.line <= lines + 1 && p.column >= 1);
    }),
    { numRuns: 3000 },
  );
});
