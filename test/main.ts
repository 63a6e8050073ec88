import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';

const VAKTROM = join(import.meta.dirname, '../src/vaktrom.sh');
const LINES = 20_000;

/** A log of a few megabytes, far more than a pipe holds, being shown. */
async function show(t: Test) {
  const log = join(t.testdir(), 'audit');
  await mkdir(log);
  const line = (seq: number) => JSON.stringify({ boot: 'b', seq, text: 'x'.repeat(200), v: 1 });
  const lines = Array.from({ length: LINES }, (_, seq) => `${line(seq)}\n`);
  await writeFile(join(log, 'log.jsonl'), lines.join(''));
  const args = ['audit', 'show', '--json', '--log', log, '--key', 'none'];
  return spawn('sh', [VAKTROM, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
}

t.test('all that is printed reaches a reader who is slow', async (t) => {
  const child = await show(t);
  const ended = once(child, 'close');
  const chunks: Buffer[] = [];
  await sleep(1500);
  for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
  t.strictSame(await ended, [0, null]);
  t.equal(Buffer.concat(chunks).toString().split('\n').length, LINES + 1);
});

t.test('a reader who has seen enough is no fault', async (t) => {
  const child = await show(t);
  const ended = once(child, 'close');
  await once(child.stdout, 'data');
  child.stdout.destroy();
  t.strictSame(await ended, [0, null]);
});

t.test('under systemd every line of an error has its priority', async (t) => {
  const path = join(t.testdir(), 'journal');
  const stream = openSync(path, 'a');
  const { dev, ino } = fstatSync(stream, { bigint: true });
  const child = spawn('sh', [VAKTROM, 'run', '--dir', '/nowhere'], {
    env: { PATH: process.env['PATH'] ?? '', JOURNAL_STREAM: `${dev}:${ino}` },
    stdio: ['ignore', 'ignore', stream],
  });
  t.strictSame(await once(child, 'close'), [1, null]);
  closeSync(stream);
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  t.ok(lines.length > 1, 'what, and because of what');
  t.strictSame(
    lines.filter((line) => !line.startsWith('<3>')),
    [],
  );
});
