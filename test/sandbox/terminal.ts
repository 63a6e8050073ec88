import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { openTerminal, type Terminal } from '../../src/sandbox/terminal.ts';

const size = { columns: 97, rows: 31 };

function open(onOutput?: (bytes: Uint8Array) => void) {
  const chunks: Uint8Array[] = [];
  const terminal = openTerminal(size, onOutput ?? ((bytes) => chunks.push(bytes)));
  return { terminal, chunks, text: () => Buffer.concat(chunks).toString() };
}

/** A shell on the terminal, in a session of its own. */
function spawnOn(terminal: Terminal, script: string) {
  const { device } = terminal;
  const stdio = [device, device, device];
  const child = spawn('/bin/sh', ['-c', script], { stdio, detached: true, env: {} });
  terminal.release();
  return child;
}

t.test('it is a terminal of the size asked for', async (t) => {
  const { terminal, text } = open();
  await once(spawnOn(terminal, 'test -t 0 && test -t 1 && test -t 2 && stty size'), 'exit');
  await terminal.closed;
  t.equal(text(), '31 97\r\n');
});

t.test('bytes come out as they went in, also those that are not text', async (t) => {
  const { terminal, chunks } = open();
  await once(
    spawnOn(terminal, 'stty raw; printf "\\377\\000\\033[31m\\303"; printf "\\244"'),
    'exit',
  );
  await terminal.closed;
  t.strictSame(Array.from(Buffer.concat(chunks)), [255, 0, 27, 91, 51, 49, 109, 195, 164]);
});

t.test('nothing is lost when the reader pauses while the process ends', async (t) => {
  // 60 KB, which the kernel holds, so the process ends at once; and more, so that it has to wait.
  const runs = [12_000, 20_000].flatMap((count) =>
    Array.from({ length: 12 }, async (_, i) => {
      const { terminal, text } = open();
      terminal.pause();
      const child = spawnOn(terminal, `stty raw; seq 1 ${count}`);
      const exit = once(child, 'exit');
      await Promise.race([exit, sleep(200)]);
      await sleep(i * 200);
      const expected = Array.from({ length: count }, (_, n) => `${n + 1}\n`).join('');
      t.ok(text().length < expected.length, 'the pause held something back');
      terminal.resume();
      await exit;
      await terminal.closed;
      t.ok(text() === expected, `${text().length} bytes of ${expected.length}`);
    }),
  );
  await Promise.all(runs);
});

t.test('somebody who keeps it open does not keep it from being finished', async (t) => {
  const { terminal, text } = open();
  const child = spawnOn(terminal, 'stty raw; exec 3>&1; sleep 60 & seq 1 9000; echo $!');
  await once(child, 'exit');
  await terminal.finish();
  const lines = text().trim().split('\n');
  t.strictSame(
    lines.slice(0, -1),
    Array.from({ length: 9000 }, (_, n) => `${n + 1}`),
  );
  process.kill(Number(lines.at(-1)));
});

t.test('a reader that pauses for long is waited for before it is finished', async (t) => {
  const { terminal, text } = open();
  const child = spawnOn(terminal, 'stty raw; sleep 60 & echo $!; echo last');
  terminal.pause();
  await once(child, 'exit');
  const finished = terminal.finish();
  await sleep(3000);
  t.equal(text(), '');
  terminal.resume();
  await finished;
  const [pid, ...rest] = text().split('\n');
  t.strictSame(rest, ['last', '']);
  process.kill(Number(pid));
});

t.test('a reader that pauses at every chunk gets them all', async (t) => {
  let bytes = 0;
  const { terminal } = open((chunk) => {
    bytes += chunk.length;
    terminal.pause();
    setTimeout(() => terminal.resume(), 3);
  });
  spawnOn(terminal, 'stty raw; seq 1 10000');
  await terminal.closed;
  t.equal(bytes, 48894);
});

t.test('a reader that blocks the daemon at every chunk gets them all', async (t) => {
  let bytes = 0;
  const { terminal } = open((chunk) => {
    bytes += chunk.length;
    for (const until = performance.now() + 50; performance.now() < until; );
  });
  spawnOn(terminal, 'stty raw; seq 1 12000');
  await terminal.closed;
  t.equal(bytes, 60894);
});

t.test('the end comes when nobody has the terminal any more, and no sooner', async (t) => {
  const { terminal, text } = open();
  const gate = join(t.testdir(), 'gate');
  const child = spawnOn(
    terminal,
    `(until [ -e '${gate}' ]; do sleep 0.02; done; echo late) & echo first`,
  );
  await once(child, 'exit');
  t.equal(await Promise.race([terminal.closed, sleep(100, 'open')]), 'open');
  writeFileSync(gate, '');
  await terminal.closed;
  t.equal(text(), 'first\r\nlate\r\n');
});

t.test('whatever the process does to the terminal, nothing is lost', async (t) => {
  const tricks = [
    'stty olcuc', // capitals only
    'stty -opost -echo -icanon',
    'stty line 1', // another line discipline
    'setsid -c sh -c "echo x >/dev/tty"', // its controlling terminal, and the end of that session
    'setsid -c sh -c "kill -HUP 0"',
  ];
  for (const trick of tricks) {
    const { terminal, text } = open();
    spawnOn(terminal, `echo 12345; ${trick} >/dev/null 2>&1; seq 6 3000; exit 0`);
    terminal.pause();
    await sleep(50);
    terminal.resume();
    await terminal.closed;
    t.match(text(), /^12345[\s\S]*3000\r?\n$/, trick);
  }
});

t.test('the process gets a terminal that blocks, so that its writes do not fail', async (t) => {
  const { terminal, chunks } = open();
  const child = spawnOn(terminal, 'stty raw; head -c 2097152 /dev/zero && printf done');
  terminal.pause();
  await sleep(300);
  terminal.resume();
  t.strictSame(await once(child, 'exit'), [0, null]);
  await terminal.closed;
  const output = Buffer.concat(chunks);
  t.equal(output.length, 2_097_156);
  t.equal(output.subarray(-4).toString(), 'done');
});

t.test('what is typed reaches the process in order, as it reads', async (t) => {
  const { terminal, text } = open();
  const child = spawnOn(
    terminal,
    'stty raw -echo; printf ready; sleep 0.3; head -c 100000 | sha256sum',
  );
  while (text() !== 'ready') await sleep(5);
  const pieces = Array.from({ length: 100 }, (_, i) => String(i % 10).repeat(1000));
  for (const piece of pieces) terminal.write(piece);
  await once(child, 'exit');
  await terminal.closed;
  t.equal(text(), `ready${createHash('sha256').update(pieces.join('')).digest('hex')}  -\n`);
});

t.test('a process that never reads blocks nobody', async (t) => {
  const { terminal } = open();
  const child = spawnOn(terminal, 'stty raw -echo; exec sleep 100000');
  terminal.write('x'.repeat(1_000_000));
  await sleep(1);
  t.equal(child.exitCode, null, 'it has read nothing, and here we are');
  child.kill('SIGKILL');
  await once(child, 'exit');
  await terminal.closed;
});

t.test('nothing stays open afterwards', async (t) => {
  const count = () => readdirSync('/proc/self/fd').length;
  const before = count();
  for (let i = 0; i < 5; i++) {
    const { terminal } = open();
    await once(spawnOn(terminal, 'echo'), 'exit');
    await terminal.closed;
  }
  await sleep(20);
  t.equal(count(), before);
});
