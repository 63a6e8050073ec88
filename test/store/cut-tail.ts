import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { keepTail, unrecordedTails } from '../../src/store/cut-tail.ts';

t.test('a tail is copied to a file that is named by its place and its content', async (t) => {
  const directory = t.testdir({ log: 'covered\ntorn' });
  const log = join(directory, 'log');
  await keepTail(log, directory, { start: 8, size: 1 });
  await keepTail(log, directory, { start: 8, size: 1 });
  const [name = '', ...more] = (await readdir(directory)).filter((file) => file !== 'log');
  t.match(name, /^cut-1-[0-9a-f]{16}\.jsonl$/);
  t.strictSame(more, [], 'once');
  t.equal(await readFile(join(directory, name), 'utf8'), 'torn');
});

t.test('without a tail there is nothing to keep', async (t) => {
  const directory = t.testdir({ log: 'covered\n' });
  await keepTail(join(directory, 'log'), directory, { start: 8, size: 1 });
  t.strictSame(await readdir(directory), ['log']);
});

t.test('only kept files that nothing names are to be recorded', async (t) => {
  const [one, two] = ['cut-1-0123456789abcdef.jsonl', 'cut-2-0123456789abcdef.jsonl'];
  const directory = t.testdir({ [one]: 'torn', [two]: 'more', [`${one}.12345678.tmp`]: 'half' });
  await writeFile(join(directory, 'log.jsonl'), '');
  t.hasStrict(await unrecordedTails(directory, new Set()), [
    { type: 'log.recovered', bytes: 4, kept: one },
    { type: 'log.recovered', bytes: 4, kept: two },
  ]);
  t.strictSame(
    (await unrecordedTails(directory, new Set([one]))).map((e) => 'kept' in e && e.kept),
    [two],
  );
});
