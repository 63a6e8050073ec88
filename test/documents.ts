/** Documents are part of the product: what they list is what there is. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Fatal, type FatalCode, Fault, type FaultCode, needsPerson } from '../src/base/errors.ts';
import { formatProblem } from '../src/config/document.ts';
import { parsePolicyFile } from '../src/config/policy-file.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** The string literals of `type <name> = 'a' | …;` or `const <name> = ['a', …]` in a source file. */
function membersOf(path: string, name: string): string[] {
  const [, body = ''] = new RegExp(`(?:type|const) ${name} =([^;]+);`).exec(read(path)) ?? [];
  return [...body.matchAll(/'([a-z_]+)'/g)].map((m) => m[1] ?? '');
}

/** The codes in the first column of the table under a heading. */
function tableUnder(page: string, heading: string): string[] {
  const [, section = ''] = page.split(`## ${heading}\n`);
  const [body = ''] = section.split('\n## ');
  return [...body.matchAll(/^\| `([a-z_]+)` \|/gm)].map((m) => m[1] ?? '');
}

t.test('docs/errors.md lists every code, and no other', async (t) => {
  const page = read('docs/errors.md');
  const TABLES: readonly (readonly [heading: string, codes: readonly string[]])[] = [
    [
      'Messages that are not taken as commands',
      [
        ...membersOf('src/trust/judge.ts', 'TrustRefusal'),
        ...membersOf('src/trust/sighting.ts', 'Undecryptable'),
        ...membersOf('src/command/parse.ts', 'ParseRefusalCode'),
        ...membersOf('src/pipeline.ts', 'PipelineRefusal'),
      ],
    ],
    ['Requests that the policy denies', membersOf('src/policy/decision.ts', 'DENY_CODES')],
    ['Faults', membersOf('src/base/errors.ts', 'FaultCode')],
    ['Fatal errors', membersOf('src/base/errors.ts', 'FatalCode')],
  ];
  for (const [heading, codes] of TABLES) {
    t.ok(codes.length >= 2, `${heading}: ${codes.length} codes in the source`);
    t.strictSame(tableUnder(page, heading).toSorted(), codes.toSorted(), heading);
  }
});

t.test('docs/errors.md says which of them systemd does not start the daemon after', async (t) => {
  const [, listed = ''] = / The codes are\n([\s\S]*?), unless/.exec(read('docs/errors.md')) ?? [];
  const shown = [...listed.matchAll(/`([a-z_]+)`/g)].map(([, code]) => code);
  const faults = membersOf('src/base/errors.ts', 'FaultCode') as FaultCode[];
  const fatals = membersOf('src/base/errors.ts', 'FatalCode') as FatalCode[];
  const ends = [
    ...faults.map((code) => new Fault(code, 'x')),
    ...fatals.map((code) => new Fatal(code, 'x')),
  ].filter(needsPerson);
  t.strictSame(shown, ends.map(({ code }) => code).toSorted());
});

t.test('docs/formats/audit-log.md lists every type of entry, and no other', async (t) => {
  const types = [...read('src/audit/body.ts').matchAll(/\btype: '([a-z._]+)'/g)].map(([, m]) => m);
  t.ok(types.length > 30, `${types.length} types in the source`);
  const [, table = ''] = read('docs/formats/audit-log.md').split('| `type` | when |');
  const [rows = ''] = table.split('\n\n');
  const firsts = rows.split('\n').map((row) => row.split('|')[1] ?? '');
  const listed = firsts.flatMap((cell) => [...cell.matchAll(/`([a-z._]+)`/g)].map(([, m]) => m));
  const sorted = (names: readonly (string | undefined)[]) =>
    [...new Set(names)]
      .join(' ')
      .split(' ')
      .sort((a, b) => (a < b ? -1 : 1));
  t.strictSame(sorted(listed), sorted(types));
});

t.test('every code that the documents list is used', async (t) => {
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => read(join('src', name)))
    .join('\n');
  const codes = [...read('docs/errors.md').matchAll(/^\| `([a-z_]+)` \|/gm)].map((m) => m[1] ?? '');
  const unused = codes.filter((code) => sources.split(`'${code}'`).length < 3);
  t.strictSame(unused, [], 'each is named where it is declared and where it arises');
});

t.test('each policy that README shows can be pasted whole', async (t) => {
  const blocks = [...read('README.md').matchAll(/^( *)```yaml\n([\s\S]*?)^ *```$/gm)];
  t.equal(blocks.length, 2);
  for (const [, indent = '', block = ''] of blocks) {
    const text = block.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
    const parsed = parsePolicyFile(text, 'README.md');
    t.strictSame(parsed.ok ? [] : parsed.error.map(formatProblem), []);
  }
});

t.test('links between documents lead somewhere', async (t) => {
  const pages = [
    'README.md',
    'ARCHITECTURE.md',
    'SECURITY.md',
    'CHANGELOG.md',
    'systemd/README.md',
  ];
  const docs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' });
  pages.push(...docs.filter((name) => name.endsWith('.md')).map((name) => join('docs', name)));
  let links = 0;
  for (const page of pages)
    for (const [, target = ''] of read(page).matchAll(/\]\(([^)#]+)[^)]*\)/g)) {
      if (/^https?:/.test(target)) continue;
      links++;
      const path = join(ROOT, page, '..', target);
      t.doesNotThrow(
        () =>
          readdirSync(join(path, '..')).includes(target.split('/').at(-1) ?? '') ||
          readFileSync(path),
        `${page} → ${target}`,
      );
    }
  t.ok(links > 5, `${links} links looked at`);
});
