/**
 * docs/hostile-homeserver.md is what the cases say: this holds the page to them, and writes it anew
 * when VAKTROM_WRITE_DOCS is set.
 */
import { readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import type { Group } from './fixtures/case.ts';
import { renderPage } from './fixtures/render-page.ts';
import { IDS } from './ids.ts';
import { KEYS } from './keys.ts';
import { MEDIA } from './media.ts';
import { NONSENSE } from './nonsense.ts';
import { RELATIONS } from './relations.ts';
import { REPLAY } from './replay.ts';
import { ROOMS } from './rooms.ts';
import { STORMS } from './storms.ts';
import { TEXT } from './text.ts';

const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'hostile-homeserver.md');
const GROUPS: readonly Group[] = [
  ...[TEXT, REPLAY, KEYS, RELATIONS, ROOMS, IDS, NONSENSE, STORMS, MEDIA],
];

t.test('there are many cases, each with a name of its own', async (t) => {
  const names = GROUPS.flatMap(({ cases }) => cases.map(({ name }) => name));
  t.ok(names.length >= 60, `${names.length} cases`);
  t.equal(new Set(names).size, names.length);
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.ts'));
  t.equal(files.length, GROUPS.length + 1, 'each file has its group on the page');
});

t.test('docs/hostile-homeserver.md says what the cases say', async (t) => {
  const page = renderPage(GROUPS);
  if (process.env['VAKTROM_WRITE_DOCS'] !== undefined) await writeFile(PAGE, page);
  t.equal(await readFile(PAGE, 'utf8'), page);
});
