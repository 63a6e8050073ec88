import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { MAX_ENTRY_BYTES } from '../../src/audit/entry.ts';
import { readLines, readNotes } from '../../src/store/lines.ts';
import { cpuCost } from '../support/cpu.ts';
import { lines, notesOver } from '../support/small-log.ts';

interface Read {
  readonly text: string;
  readonly end: number;
  readonly complete: boolean;
}

async function read(t: Test, reader: typeof readLines, content: string | Buffer): Promise<Read[]> {
  const path = join(t.testdir(), 'file');
  await writeFile(path, content);
  const found: Read[] = [];
  for await (const { bytes, ...rest } of reader(path))
    found.push({ text: Buffer.from(bytes).toString('utf8'), ...rest });
  return found;
}

t.test('a file is read line by line, with the offset behind each', async (t) => {
  t.strictSame(await read(t, readLines, 'one\n\nthree\nrest'), [
    { text: 'one', end: 4, complete: true },
    { text: '', end: 5, complete: true },
    { text: 'three', end: 11, complete: true },
    { text: 'rest', end: 15, complete: false },
  ]);
  t.strictSame(await read(t, readLines, ''), []);
});

t.test('lines that lie across the chunks of reading come whole', async (t) => {
  const all = Array.from({ length: 60_000 }, (_, i) => `line ${i} ${'x'.repeat(i % 97)}`);
  const found = await read(t, readLines, `${all.join('\n')}\n`);
  t.equal(found.length, all.length);
  t.ok(found.every(({ text }, i) => text === all[i]));
});

t.test('a line that is too long comes in pieces, none of which can be an entry', async (t) => {
  const found = await read(t, readLines, `${'x'.repeat(200_000)}\nnext\n`);
  t.strictSame(
    found.map(({ text }) => text.length),
    [65_536, 65_536, 65_536, 3392, 4],
  );
  t.ok(found.slice(0, 3).every(({ text }) => text.length > MAX_ENTRY_BYTES));
  t.equal(found.at(-1)?.end, 200_006);
});

t.test('a line of the greatest length is one piece', async (t) => {
  const longest = 'x'.repeat(MAX_ENTRY_BYTES);
  t.strictSame(
    (await read(t, readLines, `${longest}\n${longest}y\n`)).map(({ text }) => text.length),
    [MAX_ENTRY_BYTES, MAX_ENTRY_BYTES + 1],
  );
});

t.test('an endless line costs no more than others', async (t) => {
  const path = join(t.testdir(), 'file');
  await writeFile(path, Buffer.alloc(64 * 1024 ** 2, 'x'));
  let count = 0;
  const cost = await cpuCost(async () => {
    for await (const { bytes } of readLines(path)) count += bytes.length;
  });
  t.equal(count, 64 * 1024 ** 2);
  t.ok(cost < 500, `${cost} units`);
});

t.test('lines put together again are the file', async (t) => {
  const text = fc.string({ unit: fc.constantFrom('a', '\n', 'é', '\r'), maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(text, async (content) => {
      const found = await read(t, readLines, content);
      const joined = found.map((line) => line.text + (line.complete ? '\n' : '')).join('');
      return joined === content && (found.at(-1)?.end ?? 0) === Buffer.byteLength(content);
    }),
    { numRuns: 100 },
  );
});

const NOTES = notesOver(lines(9), [0, 3, 9]);
const FILE = NOTES.map((note) => `${note}\n`).join('');

t.test('a file of notes is read note by note', async (t) => {
  const found = await read(t, readNotes, FILE);
  t.strictSame(
    found.map(({ text }) => text),
    NOTES,
  );
  t.equal(found.at(-1)?.end, Buffer.byteLength(FILE));
  t.ok(found.every(({ complete }) => complete));
});

t.test('a note that was cut short is not complete, wherever it was cut', async (t) => {
  const whole = Buffer.byteLength(`${NOTES[0]}\n`);
  const bytes = Buffer.from(FILE);
  const end = whole + Buffer.byteLength(`${NOTES[1]}\n`);
  for (let length = whole + 1; length < end; length++) {
    const found = await read(t, readNotes, bytes.subarray(0, length));
    if (found.length !== 2 || found[0]?.complete !== true || found[1]?.complete !== false)
      t.fail(`cut after ${length} bytes: ${JSON.stringify(found)}`);
    t.equal(found[1]?.end, length);
  }
});

t.test('what is put between notes spoils one of them and no more', async (t) => {
  for (const junk of ['\n', '\n\n\n', 'junk\n', 'junk\n\n', '— junk\n\n', '\r\n\0\n']) {
    const found = await read(t, readNotes, `${NOTES[0]}\n${junk}${NOTES[1]}\n${NOTES[2]}\n`);
    t.equal(found.at(-1)?.text, NOTES[2], JSON.stringify(junk));
    t.not(
      found.map(({ text }) => text).join(''),
      NOTES.join(''),
      `${JSON.stringify(junk)} can be told`,
    );
  }
});

t.test('a note without an end comes in pieces', async (t) => {
  const found = await read(t, readNotes, `${'line\n'.repeat(50_000)}\n${NOTES[0]}\n`);
  t.ok(found.length > 3);
  t.ok(found.every(({ text }) => text.length < 70_000));
});
