import { type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { text as readText } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { openSandbox } from '../../src/sandbox/launch.ts';
import { PAYLOADS } from './fixtures/payloads.ts';
import { exited, openStage, planOf, until } from './fixtures/stage.ts';

t.test('every argument arrives as it is, whatever it holds', async (t) => {
  t.ok(PAYLOADS.length >= 250, `${PAYLOADS.length} payloads`);
  const { play } = openStage(t);
  const program = 'console.log(JSON.stringify(process.argv.slice(1)))';
  for (let at = 0; at < PAYLOADS.length; at += 64) {
    const payloads = PAYLOADS.slice(at, at + 64);
    const argv = [process.execPath, '-e', program, '--', ...payloads] as const;
    const { end, text } = await play([...argv], { sandbox: { read: [process.execPath] } });
    t.strictSame(end, exited(0));
    t.strictSame(JSON.parse(text), payloads);
  }
});

t.test('the environment is exactly the plan’s, with HOME and PWD', async (t) => {
  const { play } = openStage(t);
  process.env['VAKTROM_TEST'] = 'not for actions';
  t.teardown(() => void delete process.env['VAKTROM_TEST']);
  const env = {
    PATH: '/bin',
    BASH_ENV: '/x',
    IFS: 'x',
    LD_DEBUG: '',
    __proto__x: 'y',
    SHLVL: '9',
    A: 'b=c\nd',
  };
  const { text } = await play(['/usr/bin/env', '-0'], { env });
  const seen = Object.fromEntries(
    text
      .split('\0')
      .filter((pair) => pair !== '')
      .map((pair) => pair.split(/=(.*)/s).slice(0, 2)),
  );
  t.strictSame(seen, { ...env, HOME: '/home/sandbox', PWD: '/home/sandbox' });
});

t.test('the daemon’s environment is nowhere inside', async (t) => {
  const { playScript } = openStage(t);
  process.env['VAKTROM_TEST'] = 'planted-secret';
  t.teardown(() => void delete process.env['VAKTROM_TEST']);
  const script = 'cat /proc/*/environ /proc/*/cmdline 2>/dev/null | tr "\\000" "\\n"';
  const { text } = await playScript(script);
  const lines = new Set(text.split('\n'));
  t.ok(lines.has('HOME=/home/sandbox'), 'it did read');
  t.strictSame(
    [...lines].filter((line) => /planted|VAKTROM_TEST/.test(line)),
    [],
  );
});

t.test('an inherited descriptor of any number stays outside', async (t) => {
  const daemon = new URL('./fixtures/daemon.ts', import.meta.url).pathname;
  const script = 'cd /proc/$$/fd; for fd in *; do [ -e "$fd" ] && echo "fd $fd"; done';
  // Of 3 to 251 every twentieth is open, the last as well.
  const others = Array.from({ length: 249 }, (_, i) => (i % 20 === 8 ? 'pipe' : 'ignore'));
  const stdio = ['ignore', 'pipe', 'inherit', ...others] satisfies StdioOptions;
  const child = spawn(process.execPath, [daemon, script], { stdio });
  if (!child.stdout) throw new Error('no output');
  const output = await readText(child.stdout);
  t.equal(output.replaceAll('\r', ''), 'up\nfd 0\nfd 1\nfd 2\n');
});

t.test('only what is allowed is there', async (t) => {
  const { playScript } = openStage(t);
  const script = 'ls -1 /; echo; ls -1 /etc; echo; ls -1A /home /run /tmp /home/sandbox; pwd';
  const { text } = await playScript(script);
  const [root = '', etc = '', ...own] = text.split('\n\n');
  const others = (names: string, allowed: string) =>
    names.split('\n').filter((name) => !allowed.split(' ').includes(name));
  const folders = 'bin dev etc home lib lib32 lib64 libx32 proc run sbin tmp usr';
  t.strictSame(others(root, folders), []);
  const system = 'alternatives ca-certificates crypto-policies ld.so.cache localtime pki protocols';
  t.strictSame(others(etc, `${system} services ssl group hosts nsswitch.conf passwd`), []);
  t.strictSame(own, ['/home:\nsandbox', '/home/sandbox:', '/run:', '/tmp:\n/home/sandbox\n']);
});

t.test('the system cannot be written, the private places can, and leave nothing', async (t) => {
  const { playScript } = openStage(t);
  const script = `for place in / /usr /usr/bin /bin /etc /dev /home /proc /proc/sys/kernel; do
      (: >$place/new) 2>/dev/null && echo "wrote $place"
    done
    for place in /tmp /run /dev/shm /home/sandbox; do : >$place/new || echo "no $place"; done
    (echo x >/proc/sys/kernel/core_pattern) 2>&1 | grep -o Read-only
    rm -f /usr/bin/env 2>/dev/null && echo removed; ls /tmp /run /dev/shm . | grep -c new`;
  for (let i = 0; i < 2; i++) t.equal((await playScript(script)).text, 'Read-only\n4\n');
});

t.test('devices are the harmless ones', async (t) => {
  const { playScript } = openStage(t);
  const { text } = await playScript(
    'ls -1 /dev; echo x >/dev/null; head -c 3 /dev/zero | wc -c; echo y >/dev/stderr',
  );
  const devices =
    'console core fd full null ptmx pts random shm stderr stdin stdout tty urandom zero';
  t.equal(text, `${devices.replaceAll(' ', '\n')}\n3\ny\n`);
});

t.test('a path to read is readable and no more, at its own place', async (t) => {
  const folder = t.testdir({ shown: { file: 'content' }, beside: 'no' });
  const { playScript } = openStage(t);
  const script =
    'cat "$1/shown/file"; (: >"$1/shown/new") 2>/dev/null || echo " unwritable"; ls -1 "$1"';
  const { text } = await playScript(script, { sandbox: { read: [`${folder}/shown`] } }, folder);
  t.equal(text, 'content unwritable\nshown\n');
  t.strictSame(readdirSync(`${folder}/shown`), ['file']);
});

t.test('a path to write keeps what is written', async (t) => {
  const folder = t.testdir({ out: {}, file: 'old', beside: 'no' });
  const { playScript } = openStage(t);
  const script =
    'echo kept >"$1/out/result"; echo new >"$1/file"; ls -1 "$1"; rmdir "$1/out" 2>/dev/null || echo there';
  const sandbox = { write: [`${folder}/out`, `${folder}/file`] };
  const { text } = await playScript(script, { sandbox }, folder);
  t.equal(text, 'file\nout\nthere\n');
  t.equal(readFileSync(`${folder}/file`, 'utf8'), 'new\n');
  t.equal(readFileSync(`${folder}/out/result`, 'utf8'), 'kept\n');
});

t.test('a program outside of the system is shown, alone', async (t) => {
  const folder = t.testdir({
    'a b': {
      'tool=1': '#!/bin/sh\necho "$0 $1"; ls -1 --quoting-style=literal "$(dirname "$0")"\n',
    },
    x: '',
  });
  const program = `${folder}/a b/tool=1`;
  chmodSync(program, 0o755);
  writeFileSync(`${folder}/a b/secret`, '');
  const { play } = openStage(t);
  t.strictSame(await play([program, 'x']), { end: exited(0), text: `${program} x\ntool=1\n` });
});

t.test('symbolic links are no way to other places', async (t) => {
  const folder = t.testdir({ secret: { key: 'k' }, own: { sub: {} } });
  const { playScript } = openStage(t, { hidden: [`${folder}/secret`] });
  const own = `${folder}/own`;
  // A first run, which may write to its folder, prepares a trap for the next.
  const trap =
    'rm -r "$1/sub"; ln -s ../secret "$1/sub"; ln -s "$1/../secret" "$1/other"; ls "$1/sub/"';
  const first = await playScript(trap, { sandbox: { write: [own] } }, own);
  t.equal(first.text, `ls: cannot access '${own}/sub/': No such file or directory\n`);
  for (const sandbox of [
    { read: [`${own}/sub`] },
    { write: [`${own}/sub`] },
    { read: [`${own}/sub/key`] },
  ]) {
    const { end } = await playScript('cat "$1"', { sandbox }, `${own}/sub/key`);
    t.match(end, { kind: /^not_started$/, reason: /symbolic link/ });
  }
  const through = await playScript('cat "$1"', { sandbox: { write: [own] } }, `${own}/other/key`);
  t.equal(through.text, `cat: ${own}/other/key: No such file or directory\n`);
});

t.test('a link put in place while the run starts is no way either', async (t) => {
  const folder = t.testdir({ secret: { key: 'planted' }, own: { sub: { key: 'harmless' } } });
  const { playScript } = openStage(t, { hidden: [`${folder}/secret`] });
  const sub = `${folder}/own/sub`;
  const swap =
    'until [ -e ../stop ]; do mv sub away; ln -s ../secret sub; rm sub; mv away sub; done';
  const swapper = spawn('/bin/sh', ['-c', swap], { cwd: `${folder}/own`, stdio: 'ignore' });
  t.teardown(() => swapper.kill('SIGKILL'));
  const seen = { harmless: 0, refused: 0 };
  for (let i = 0; i < 1000 && (seen.harmless < 20 || seen.refused < 20); i++) {
    const { end, text } = await playScript('cat "$1/key"', { sandbox: { write: [sub] } }, sub);
    t.notMatch(text, /planted/);
    if (end.kind === 'not_started') seen.refused++;
    else if (text === 'harmless') seen.harmless++;
    await sleep(Math.random() * 3);
  }
  // Not by a signal: the mv or ln of that moment would outlive its shell, and move on under tap's rm.
  writeFileSync(`${folder}/stop`, '');
  await once(swapper, 'exit');
  t.ok(seen.harmless >= 20 && seen.refused >= 20, JSON.stringify(seen));
});

t.test('a path that is not there, or is not to be seen, is named', async (t) => {
  const folder = t.testdir({ state: { key: '' } });
  const { playScript, play } = openStage(t, { hidden: [`${folder}/state`] });
  const reason = async (sandbox: { read?: string[]; write?: string[] }) => {
    const { end, text } = await playScript('echo started', { sandbox });
    t.equal(text, '');
    return end.kind === 'not_started' ? end.reason : 'started';
  };
  const missing = `there is no ${folder}/none on this host`;
  t.equal(await reason({ read: [`${folder}/none`] }), missing);
  t.equal(await reason({ write: [`${folder}/none`] }), missing);
  for (const path of [folder, `${folder}/state`, `${folder}/state/key`]) {
    t.equal(
      await reason({ read: [path] }),
      `${path} would show ${folder}/state, which no action may see`,
    );
  }
  t.match(await reason({ read: ['/proc'] }), /cannot be shown/);
  t.match(await reason({ write: ['/usr/local'] }), /read-only/);
  t.hasStrict((await play([`${folder}/none`])).end, { kind: 'not_started', reason: missing });
});

t.test('what must be hidden cannot lie where every action looks', async (t) => {
  const size = { columns: 80, rows: 25 };
  for (const folder of ['/usr/lib', '/usr', '/', '/etc/ssl', '/etc/ssl/certs', '/bin']) {
    t.throws(
      () => openSandbox({ size, hidden: [folder] }),
      { code: /^sandbox_unavailable$/ },
      folder,
    );
  }
});

t.test('closing the sandbox ends what runs, read or not, and starts nothing more', async (t) => {
  const sandbox = openSandbox({ size: { columns: 80, rows: 25 }, hidden: [] });
  const outputs = ['', '', ''];
  const runs = outputs.map((_, run) =>
    sandbox.start(planOf(['/bin/sh', '-c', 'echo up; seq 1 100000; sleep 60']), (bytes) => {
      outputs[run] += Buffer.from(bytes).toString();
    }),
  );
  await until(() => outputs.every((output) => output.startsWith('up\r\n')));
  for (const run of runs) run.pause();
  await sandbox[Symbol.asyncDispose]();
  for (const run of runs) t.strictSame(await run.ended, exited(137));
  const late = sandbox.start(planOf(['/usr/bin/true']), () => {});
  t.hasStrict(await late.ended, { kind: 'not_started', reason: 'the daemon is shutting down' });
  late.terminate();
  late.kill();
});

t.test('runs at the same time do not meet', async (t) => {
  const { playScript } = openStage(t);
  const script =
    'echo "$1" >/tmp/own; echo "$1" >/dev/shm/own; sleep 0.2; cat /tmp/* /dev/shm/*; set -- /proc/[0-9]*; echo $#';
  const words = Array.from({ length: 8 }, (_, i) => `run${i}`);
  const played = await Promise.all(words.map((word) => playScript(script, {}, word)));
  t.strictSame(
    played.map(({ text }) => text),
    words.map((word) => `${word}\n${word}\n2\n`),
  );
});

t.test('nothing stays open on the host, nor does a zombie', async (t) => {
  const { playScript } = openStage(t);
  const children = () => readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim();
  const count = () => readdirSync('/proc/self/fd').length;
  await playScript('true');
  await sleep(20);
  const before = count();
  for (let i = 0; i < 5; i++) await playScript('seq 1 1000');
  await playScript('true', { sandbox: { read: ['/nowhere'] } });
  await sleep(20);
  t.equal(count(), before);
  t.equal(children(), '');
});
