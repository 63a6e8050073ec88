import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { openTerminal, type Terminal } from '../../src/sandbox/terminal.ts';

const size = { columns: 97, rows: 31 };

/** A shell on the terminal, in a session of its own. */
function spawnOn({ device }: Terminal, script: string) {
  const stdio = [device, device, device];
  return spawn('/bin/sh', ['-c', script], {
    stdio,
    detached: true,
    env: { PATH: '/usr/bin:/bin' },
  });
}

function open() {
  const chunks: Uint8Array[] = [];
  const terminal = openTerminal(size, (bytes) => chunks.push(bytes));
  return { terminal, chunks, text: () => Buffer.concat(chunks).toString() };
}

t.test('it is a terminal of the size asked for', async (t) => {
  const { terminal, text } = open();
  await once(spawnOn(terminal, 'test -t 0 && test -t 1 && test -t 2 && stty size'), 'exit');
  await terminal.drain();
  t.equal(text(), '31 97\r\n');
});

t.test('bytes come out as they went in, also those that are not text', async (t) => {
  const { terminal, chunks } = open();
  await once(
    spawnOn(terminal, 'stty raw; printf "\\377\\000\\033[31m\\303"; printf "\\244"'),
    'exit',
  );
  await terminal.drain();
  t.strictSame([...Buffer.concat(chunks)], [255, 0, 27, 91, 51, 49, 109, 195, 164]);
});

t.test('nothing is lost when the reader pauses while the process ends', async (t) => {
  const runs = Array.from({ length: 20 }, async (_, i) => {
    const { terminal, chunks } = open();
    let paused = 0;
    const ended = once(spawnOn(terminal, 'stty raw; seq 1 20000'), 'exit');
    terminal.pause();
    await sleep(i * 40);
    // More than the kernel holds, so the process waits for the reader too.
    for (; chunks.length < 3; paused++) {
      terminal.resume();
      await sleep(1);
      terminal.pause();
      await sleep(10);
    }
    terminal.resume();
    await ended;
    await terminal.drain();
    return Buffer.concat(chunks).toString();
  });
  const expected = Array.from({ length: 20000 }, (_, i) => `${i + 1}\n`).join('');
  for (const output of await Promise.all(runs)) t.ok(output === expected, `${output.length} bytes`);
});

t.test('draining waits for as long as the reader pauses', async (t) => {
  const { terminal, text } = open();
  const child = spawnOn(terminal, 'stty raw; seq 1 1000');
  terminal.pause();
  await once(child, 'exit');
  const drained = terminal.drain().then(() => 'drained');
  t.equal(await Promise.race([drained, sleep(600, 'waiting')]), 'waiting');
  const before = text().length;
  t.ok(before < 3893, `${before} bytes before the pause`);
  terminal.resume();
  t.equal(await drained, 'drained');
  t.equal(text().length, 3893);
});

t.test('a pause in the middle of draining holds as well', async (t) => {
  let bytes = 0;
  const terminal = openTerminal(size, (chunk) => {
    bytes += chunk.length;
    terminal.pause();
    setTimeout(() => terminal.resume(), 5);
  });
  terminal.pause();
  const child = spawnOn(terminal, 'stty raw; seq 1 10000');
  await sleep(50);
  terminal.resume();
  await once(child, 'exit');
  await terminal.drain();
  t.equal(bytes, 48894);
});

t.test('what the process does to the terminal before it ends hides nothing', async (t) => {
  // Output stopped (tcflow), capitals only, an unknown line discipline, echo off, hung up by itself.
  for (const trick of [
    'stty olcuc',
    'stty -opost -echo',
    'stty line 1',
    'printf "\\023"; sleep 0',
  ]) {
    const { terminal, text } = open();
    await once(spawnOn(terminal, `echo 12345; ${trick} 2>/dev/null; exit 0`), 'exit');
    await terminal.drain();
    t.match(text(), /^12345/, trick);
  }
});

t.test('a process that hangs up its own terminal harms itself only', async (t) => {
  const { terminal, text } = open();
  await once(spawnOn(terminal, 'setsid -c sh -c "echo 12345"; sleep 0.2; echo after'), 'exit');
  await terminal.drain();
  t.match(text(), /^(12345\r\n)?$/);
  terminal.write('x');
});

t.test('the process gets a terminal that blocks, so that its writes do not fail', async (t) => {
  const { terminal, chunks } = open();
  const child = spawnOn(
    terminal,
    'stty raw; dd if=/dev/zero bs=64k count=32 2>/dev/null && printf done',
  );
  terminal.pause();
  await sleep(300);
  terminal.resume();
  t.strictSame(await once(child, 'exit'), [0, null]);
  await terminal.drain();
  const output = Buffer.concat(chunks);
  t.equal(output.length, 32 * 65536 + 4);
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
  await terminal.drain();
  t.match(text(), createHash('sha256').update(pieces.join('')).digest('hex'));
});

t.test('a process that never reads blocks nobody', async (t) => {
  const { terminal } = open();
  const child = spawnOn(terminal, 'stty raw -echo; sleep 0.3');
  const before = performance.now();
  terminal.write('x'.repeat(1_000_000));
  await sleep(1);
  t.ok(performance.now() - before < 250);
  await once(child, 'exit');
  await terminal.drain();
});

t.test('nothing stays open afterwards', async (t) => {
  const count = () => readdirSync('/proc/self/fd').length;
  const before = count();
  for (let i = 0; i < 5; i++) {
    const { terminal } = open();
    await once(spawnOn(terminal, 'echo'), 'exit');
    await terminal.drain();
  }
  await sleep(20);
  t.equal(count(), before);
});
