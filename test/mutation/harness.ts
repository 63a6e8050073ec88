/** The run itself: what it takes for noticed, what it makes of a source, and that it keeps its word. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { openOwnFolder } from '../../src/demo/folder.ts';
import { editOf, parseList } from './fixtures/check.ts';
import { draw, readSource } from './fixtures/draw.ts';
import { applyEdit, describeEdit, type Edit, placeOf } from './fixtures/edit.ts';
import { mutantsOf } from './fixtures/operators.ts';
import { runTest } from './fixtures/trial.ts';

const PATH = 'src/policy/list.ts';
const SOURCE = readSource(PATH);
const NAMES = 'test/mutation/fixtures/tests/names.ts';

/** The source with this text in place of that. */
function edit(snippet: string, text: string): Edit {
  const start = SOURCE.indexOf(snippet);
  return { path: PATH, start, end: start + snippet.length, text };
}
const before = (text: string): Edit => edit('export', `${text} export`);

t.test('what a test makes of a change', async (t) => {
  await using own = await openOwnFolder('mutation');
  const place = { folder: join(own.path, 'lane'), cache: join(own.path, 'cache') };
  for (const folder of Object.values(place)) await mkdir(folder);
  const WRITES = `(await import('node:fs')).writeFileSync('${PATH}', 'gone');`;
  for (const [what, change, noticed] of [
    ['none at all', undefined, undefined],
    ['one that it does not look at', edit("join(', ')", "join('; ')"), undefined],
    ['one that it looks at', edit("'none'", "'nobody'"), 'fails'],
    ['one that cannot be loaded', before('throw new Error("no");'), 'fails'],
    ['one that writes to the checkout', before(WRITES), 'fails'],
    ['one that never ends', before('for (;;);'), 'runs on'],
    ['one that waits for good', before('await new Promise((go) => setTimeout(go, 1e9));'), 'hangs'],
  ] as const) {
    const ran = await runTest(NAMES, change, place, 5);
    t.equal(ran.noticed, noticed, what);
  }
  t.equal(readSource(PATH), SOURCE, 'and the source is what it was');
});

/** What the operators make of a line of code, each as a whole line. */
const mutated = (line: string): readonly string[] =>
  mutantsOf('x.ts', line).map((mutant) => applyEdit(line, mutant));

t.test('small mistakes, one at a time', async (t) => {
  for (const [line, mutants] of [
    ['if (a) b();', ['if (!(a)) b();', 'if (a) ;']],
    ['if (!a) b();', ['if ((a)) b();', 'if (!a) ;']],
    [
      'const a = b && !(c || d);',
      [
        ...['const a = (b);', 'const a = (!(c || d));', 'const a = b && (c || d);'],
        ...['const a = b && !((c));', 'const a = b && !((d));'],
      ],
    ],
    [
      'const a = (b || c) < d;',
      ['const a = (b || c) <= d;', 'const a = ((b)) < d;', 'const a = ((c)) < d;'],
    ],
    ['const a = b && c;', ['const a = (b);', 'const a = (c);']],
    ['const a = b || c;', ['const a = (b);', 'const a = (c);']],
    ['const a = b ?? c;', []],
    ['const a = b < c;', ['const a = b <= c;']],
    ['const a = b >= c;', ['const a = b > c;']],
    ['const a = b === c;', ['const a = b !== c;']],
    ['const a = b ? c : d;', ['const a = !(b) ? c : d;']],
    ['const a = true;', ['const a = false;']],
    ['const a: number = 5;', ['const a: number = (5 + 1);']],
    ['const a = b - c;', ['const a = b + c;']],
    ['const a = b + c;', []],
    ['const a = b.some(c);', ['const a = b.every(c);']],
    ['const a = Math.min(b, c);', ['const a = Math.max(b, c);']],
    ['const a = b.filter(c);', ['const a = (b);']],
    ['const a = (b ?? []).filter(c).d;', ['const a = (b ?? []).d;']],
    ['await a();', [';']],
    [
      'for (const a of b) if (a) continue;',
      ['for (const a of b) if (!(a)) continue;', 'for (const a of b) '],
    ],
    ["import a from 'b';", []],
  ] as const)
    t.strictSame(mutated(line).toSorted(), [...mutants].toSorted(), line);
});

t.test('types are in nobody’s way', async (t) => {
  const line = 'const f = <T,>(a: T & { readonly b?: 7 }): a is T => (a as T) === (c as T);';
  t.strictSame(mutated(line), [line.replace('===', '!==')]);
});

t.test('a mutant is shown as a place and a change', async (t) => {
  const source = 'one;\ntwo &&\n  three;\n';
  const [first] = mutantsOf('src/x.ts', source).filter(
    ({ operator }) => operator === 'drop operand',
  );
  if (!first) throw new Error('there is one');
  t.equal(placeOf(source, first), 'src/x.ts:2');
  t.equal(describeEdit(source, first), 'two && three → (two)');
});

t.test('a seed draws the same sample again, and another one another', async (t) => {
  const all = Array.from({ length: 1000 }, (_, index) => index);
  t.strictSame(draw(all, 50, 7), draw(all, 50, 7));
  t.notSame(draw(all, 50, 7), draw(all, 50, 8));
  t.equal(new Set(draw(all, 50, 7)).size, 50);
  t.strictSame(
    draw(all, 2000, 7).toSorted((a, b) => a - b),
    all,
  );
});

t.test('a list of checks is read as it is written', async (t) => {
  const text =
    '# What it is.\n\n== src/a.ts\n\nit happens\n- one\n-   two\n+ three\n\nmore\n- four\n';
  t.strictSame(parseList(text), [
    { path: 'src/a.ts', allows: 'it happens', snippet: 'one\n  two', instead: 'three' },
    { path: 'src/a.ts', allows: 'more', snippet: 'four', instead: '' },
  ]);
});

t.test('a check whose place is gone, doubled or broken by it is no check', async (t) => {
  const check = (snippet: string, instead: string) => ({
    path: PATH,
    allows: '',
    snippet,
    instead,
  });
  t.strictSame(editOf(check("'none'", "'x'")), edit("'none'", "'x'"));
  t.has(
    t.throws(() => editOf(check("'nosuch'", ''))),
    {
      message: `${PATH} has no such place any more: 'nosuch'`,
    },
  );
  t.has(
    t.throws(() => editOf(check('names', ''))),
    {
      message: `${PATH} has this place more than once: names`,
    },
  );
  t.throws(() => editOf(check("'none'", "'")));
});
