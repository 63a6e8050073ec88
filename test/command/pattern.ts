import fc from 'fast-check';
import t from 'tap';
import { type Pattern, parsePattern } from '../../src/command/pattern.ts';
import { cpuCost } from '../support/cpu.ts';

function pattern(source: string): Pattern {
  const parsed = parsePattern(source);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

const MATCHES: readonly (readonly [
  source: string,
  yes: readonly string[],
  no: readonly string[],
])[] = [
  ['abc', ['abc'], ['', 'ab', 'abcd', 'xabc', 'ABC', 'abc\n']],
  ['', [''], ['a']],
  ['a|bc|', ['a', 'bc', ''], ['abc', 'ac']],
  ['(a|b)(?:c|d)', ['ac', 'bd'], ['ab', 'cd', 'a']],
  ['[0-9]{1,4}\\.[0-9]{1,4}', ['1.2', '1234.5678'], ['.2', '1.', '12345.1', '1x2']],
  ['a{2}', ['aa'], ['a', 'aaa']],
  ['a{2,}', ['aa', 'aaaaa'], ['a', '']],
  ['a{0,2}b?', ['', 'a', 'aab', 'b'], ['aaa', 'bb']],
  ['a{0}', [''], ['a']],
  ['(ab)+', ['ab', 'abab'], ['', 'aba']],
  ['(a*)*', ['', 'aaa'], ['b', 'ab']],
  ['a+?b*?', ['a', 'aab', 'abb'], ['b', '']],
  ['.', ['a', 'ä', '😀', '.'], ['', 'ab', '\n', '\r']],
  ['\\d\\w\\s\\D\\W\\S', ['1a x-y'], ['a1 x-y']],
  ['[\\]\\\\^-]+', [']\\^-'], ['[', 'a']],
  ['[^/]+', ['a b'], ['a/b', '']],
  ['\\p{Lu}\\P{Lu}\\u0041\\u{1F600}\\x41', ['ÄäA😀A'], ['äÄA😀A']],
  ['\\(\\)\\[\\]\\{\\}\\.\\*\\+\\?\\|\\^\\$\\/\\\\', ['()[]{}.*+?|^$/\\'], ['']],
  ['\\t\\cJ', ['\t\n'], ['t\n']],
  ['[a-z]+(-[a-z]+)*', ['a', 'ab-c-de'], ['-a', 'a-', 'a--b']],
];

for (const [source, yes, no] of MATCHES)
  t.test(`matches like a regular expression: ${source}`, async (t) => {
    const { matches } = pattern(source);
    const reference = new RegExp(`^(?:${source})$`, 'u');
    for (const text of yes) t.ok(matches(text) && reference.test(text), JSON.stringify(text));
    for (const text of no) t.notOk(matches(text) || reference.test(text), JSON.stringify(text));
  });

const REFUSED: readonly (readonly [source: string, complaint: RegExp])[] = [
  ['(a', /^Invalid regular expression: .*Unterminated group/],
  ['a)|(?:b', /Unmatched '\)'/],
  ['[b-a]', /Range out of order/],
  ['a{2,1}', /numbers out of order/],
  ['*', /Nothing to repeat/],
  ['\\K', /Invalid escape/],
  ['^a$', /^\^ at character 1 is not needed: the whole value is matched$/],
  ['a$', /^\$ at character 2 is not needed/],
  ['(?=a)', /^\(\?= at character 1 is not supported/],
  ['x(?!a)', /^\(\?! at character 2 is not supported/],
  ['(?<=a)b', /^\(\?<= at character 1 is not supported/],
  ['(?<!a)b', /^\(\?<! at character 1 is not supported/],
  ['(?<name>a)', /^\(\?< at character 1 is not supported/],
  ['(?i:a)', /^\(\? at character 1 is not supported/],
  ['(a)\\1', /^\\1 at character 4 is not supported/],
  ['(?<n>a)\\k<n>', /is not supported/],
  ['\\bweb\\b', /^\\b at character 1 is not supported/],
  ['\\0', /^\\0 at character 1 is not supported/],
  ['\\ud83d\\ude00', /is not supported/],
  ['a{1001}', /^it is too large/],
  ['(a{40}){40}', /^it is too large/],
  ['((((a{9}){9}){9}){9}){99999999999}', /^it is too large/],
];

for (const [source, complaint] of REFUSED)
  t.test(`is refused: ${source}`, async (t) => {
    const parsed = parsePattern(source);
    t.match(parsed, { ok: false, error: complaint });
  });

// Each of these takes RegExp longer than the age of the universe, or hours at least.
const CATASTROPHES = [
  '(a+)+b',
  '(a|a)*b',
  '(a|aa)+b',
  '(a*)*b',
  '([a-z]+)*[0-9]',
  '(.*)*(.*)*(.*)*x',
  'a*a*a*a*a*a*a*a*a*a*a*a*b',
  '(a?){100}a{100}b',
  '([a-zA-Z0-9])(([-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.]{1}(([a-z]{2,3})|([a-z]{2,3}[.]{1}[a-z]{2,3}))',
];

for (const source of CATASTROPHES)
  t.test(`cannot be made to run for long: ${source.slice(0, 40)}`, async (t) => {
    const { matches } = pattern(source);
    const cost = await cpuCost(() => t.notOk(matches('a'.repeat(256))));
    t.ok(cost < 200, `${cost} units`);
  });

/** Regular expressions with all that repeats and forks. */
const shapes = fc.letrec<{ any: string; all: string; part: string; one: string }>((tie) => ({
  any: fc.array(tie('all'), { minLength: 1, maxLength: 3 }).map((all) => all.join('|')),
  all: fc.array(tie('part'), { maxLength: 3 }).map((parts) => parts.join('')),
  part: fc
    .tuple(
      tie('one'),
      fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,}', '{0,2}', '*?', '{1,3}?'),
    )
    .map((parts) => parts.join('')),
  one: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\w'),
    tie('any').map((inside) => `(${inside})`),
    tie('any').map((inside) => `(?:${inside})`),
  ),
})).any;
// Beyond, RegExp does not come to an end.
const source = shapes.filter(({ length }) => length < 50);

t.test('agrees with RegExp on patterns of every shape', async () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 });
  fc.assert(
    fc.property(source, fc.array(text, { minLength: 1, maxLength: 8 }), (source, texts) => {
      const parsed = parsePattern(source);
      if (!parsed.ok) return parsed.error.startsWith('it is too large');
      const reference = new RegExp(`^(?:${source})$`, 'u');
      return texts.every((text) => parsed.value.matches(text) === reference.test(text));
    }),
    { numRuns: 1000 },
  );
});

t.test('any text at all is a pattern or is refused', async () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.string({ unit: fc.constantFrom(...'ab09()[]{}|*+?\\.^$-,:=!<>dwbpuxk'), maxLength: 20 }),
  );
  fc.assert(
    fc.property(text, (source) => {
      const parsed = parsePattern(source);
      return parsed.ok ? parsed.value.source === source : parsed.error.length > 0;
    }),
    { numRuns: 3000 },
  );
});
