import { closeSync, openSync } from 'node:fs';
import t from 'tap';
import { spawnBwrap } from '../../src/sandbox/bwrap-process.ts';
import { openTerminal } from '../../src/sandbox/terminal.ts';

/** Runs a script in the place of bubblewrap, with two generated files and the given paths. */
function spawnScript(script: string, paths: readonly number[] = []) {
  const chunks: Uint8Array[] = [];
  const terminal = openTerminal({ columns: 160, rows: 50 }, (bytes) => chunks.push(bytes));
  const options = ['--setenv', 'TOKEN', 'two words'];
  const command = { args: ['-c', script], options, files: ['one', 'two'], paths: [], forwards: [] };
  const { device } = terminal;
  try {
    const bwrap = spawnBwrap({ bwrap: '/bin/sh', command, device, paths });
    return { bwrap, terminal, text: () => Buffer.concat(chunks).toString().replaceAll('\r', '') };
  } finally {
    terminal.release();
  }
}

t.test('it has its descriptors and no others, whatever the daemon has open', async (t) => {
  const others = [1, 2].map(() => openTerminal({ columns: 1, rows: 1 }, () => {}));
  const folder = openSync('/', 'r');
  const script = 'cd /proc/$$/fd; for fd in *; do [ -e "$fd" ] && echo "$fd"; done';
  const { bwrap, terminal, text } = spawnScript(script, [folder]);
  await terminal.closed;
  // Terminal, status, filter, options, two files, one path.
  t.equal(text().trim().replaceAll('\n', ' '), '0 1 2 3 4 5 6 7 8');
  t.equal(await bwrap.exited, null);
  closeSync(folder);
  for (const other of others) other.release();
  bwrap[Symbol.dispose]();
});

t.test('it has no environment, and is the first to go when memory runs out', async (t) => {
  process.env['LD_DEBUG'] = 'statistics'; // whoever has this in its environment is not silent
  t.teardown(() => void delete process.env['LD_DEBUG']);
  const script = 'tr "\\000" "\\n" </proc/$$/environ; cat /proc/$$/oom_score_adj';
  const { bwrap, terminal, text } = spawnScript(script);
  await terminal.closed;
  t.equal(text(), '1000\n');
  bwrap[Symbol.dispose]();
});

t.test('options arrive at once, each ended by a NUL', async (t) => {
  const { bwrap, terminal, text } = spawnScript('tr "\\000" "|" <&5');
  await terminal.closed;
  t.equal(text(), '--setenv|TOKEN|two words|');
  bwrap[Symbol.dispose]();
});

t.test('files and filter arrive when they are given, each to its end', async (t) => {
  const { bwrap, terminal, text } = spawnScript('cat <&6; echo; cat <&7; echo; cat <&4');
  bwrap.giveFiles();
  while (!text().includes('two\n')) await new Promise((tick) => setTimeout(tick, 5));
  t.equal(text(), 'one\ntwo\n', 'it waits for the filter');
  bwrap.giveFilter(Buffer.from('filter'));
  await terminal.closed;
  t.equal(text(), 'one\ntwo\nfilter');
  bwrap[Symbol.dispose]();
});

t.test('a daemon that is gone gives no filter, so nothing starts', async (t) => {
  const { bwrap, terminal, text } = spawnScript('cat <&4 | wc -c');
  bwrap[Symbol.dispose]();
  await terminal.closed;
  t.equal(text(), '0\n');
});

t.test('its status is read to the end, and its own end is known', async (t) => {
  const lines = '{ "child-pid": 5, "pid-namespace": 6 }\n{ "exit-code": 7 }\n';
  const { bwrap, terminal } = spawnScript(`printf '${lines}' >&3; kill -9 $$`);
  t.strictSame(await Array.fromAsync(bwrap.status), [
    { kind: 'made', pid: 5, pidNamespace: 6 },
    { kind: 'ended', code: 7 },
  ]);
  t.equal(await bwrap.exited, 'SIGKILL');
  await terminal.closed;
  bwrap[Symbol.dispose]();
});

t.test(
  'when it is abandoned everything it waits for comes to an end, but for its status',
  async (t) => {
    const { bwrap, terminal, text } = spawnScript(
      'cat <&5 <&6 <&4; echo over; echo x >&3 && echo told',
    );
    bwrap.abandon();
    await terminal.closed;
    t.equal(text(), 'over\ntold\n');
    bwrap.giveFilter(Buffer.from('late'));
    bwrap[Symbol.dispose]();
  },
);

t.test('arguments that are too long are an error', async (t) => {
  t.throws(() => spawnScript('x'.repeat(200_000)), { code: /^E2BIG$/ });
});
