import { fstatSync, openSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { markerFor, openJournal } from '../../src/system/journal.ts';

/** A stream that systemd could have connected to its journal. */
function openStream(t: Test) {
  const path = join(t.testdir(), 'stream');
  const fd = openSync(path, 'a');
  const { dev, ino } = fstatSync(fd, { bigint: true });
  const lines = async () => (await readFile(path, 'utf8')).split('\n').slice(0, -1);
  return { fd, name: `${dev}:${ino}`, lines, write: (text: string) => writeSync(fd, text) };
}

function setStream(t: Test, name: string | undefined): void {
  const before = process.env['JOURNAL_STREAM'];
  const set = (value: string | undefined) => {
    if (value === undefined) delete process.env['JOURNAL_STREAM'];
    else process.env['JOURNAL_STREAM'] = value;
  };
  set(name);
  t.teardown(() => set(before));
}

t.test('in the journal each line begins with its priority', async (t) => {
  const stream = openStream(t);
  setStream(t, stream.name);
  const log = openJournal(stream);
  log.info({ room: '!a' }, 'joined');
  log.warn({}, 'careful');
  log.error({ error: new Error('first', { cause: new Error('second') }) }, 'broken');
  const lines = await stream.lines();
  t.strictSame(
    lines.map((line) => line.slice(0, 3)),
    ['<6>', '<4>', '<3>'],
  );
  const facts = lines.map((line) => JSON.parse(line.slice(3)) as Record<string, unknown>);
  t.strictSame(
    facts.map(({ level, msg }) => [level, msg]),
    [
      ['info', 'joined'],
      ['warn', 'careful'],
      ['error', 'broken'],
    ],
  );
  t.equal(facts[2]?.['error'], 'first: second');
});

t.test('a stream that does not lead to the journal gets plain JSON', async (t) => {
  for (const name of [undefined, '1:2', '']) {
    const stream = openStream(t);
    setStream(t, name);
    openJournal(stream).error({}, 'broken');
    t.equal((await stream.lines())[0]?.slice(0, 1), '{', `JOURNAL_STREAM=${name}`);
  }
});

t.test('a person at a terminal reads short lines', async (t) => {
  const stream = openStream(t);
  setStream(t, stream.name);
  openJournal({ ...stream, isTTY: true }).warn({ room: '!a', n: 1 }, 'careful');
  t.match(await stream.lines(), [/^\d\d:\d\d:\d\d warn careful room=!a n=1$/]);
});

t.test('of text with several lines each is marked, and an empty one stays empty', async (t) => {
  const { fd, name } = openStream(t);
  setStream(t, name);
  t.equal(markerFor(fd)('error', 'one\n\n  two\n'), '<3>one\n\n<3>  two\n');
  t.equal(markerFor(fd)('info', 'ready'), '<6>ready');
  setStream(t, '1:2');
  t.equal(markerFor(fd)('error', 'one\ntwo'), 'one\ntwo');
  t.equal(markerFor(999)('error', 'closed'), 'closed');
});
