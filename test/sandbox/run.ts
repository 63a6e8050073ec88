import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { planBwrap } from '../../src/execution/bwrap.ts';
import { findEquipment } from '../../src/sandbox/host.ts';
import { killOrphans } from '../../src/sandbox/orphans.ts';
import { namespaceOf, readProcess } from '../../src/sandbox/proc.ts';
import { SandboxRun } from '../../src/sandbox/run.ts';
import { exited, launchOf, openStage, planOf, until } from './fixtures/stage.ts';

t.test('the exit code is the action’s', async (t) => {
  const { playScript } = openStage(t);
  for (const code of [0, 1, 2, 7, 125, 126, 127, 128, 255]) {
    const { end } = await playScript(`exit ${code}`);
    t.strictSame(end, exited(code));
  }
});

t.test('a signal is 128 and its number, as bubblewrap reports it', async (t) => {
  const { playScript } = openStage(t);
  t.strictSame((await playScript('kill -TERM $$')).end, exited(143));
  t.strictSame((await playScript('kill -SEGV $$')).end, exited(139));
});

t.test('what cannot be executed was not started, and one line says why', async (t) => {
  const folder = t.testdir({ text: 'no program', bad: '#!/nowhere/interpreter\n' });
  const { play, playScript } = openStage(t);
  const reason = async (program: string) => {
    const { end } = await play([program], { sandbox: { read: [folder] } });
    return end.kind === 'not_started' ? end.reason : undefined;
  };
  t.equal(await reason('/usr/bin/none'), 'bwrap: execvp /usr/bin/none: No such file or directory');
  t.equal(await reason(`${folder}/text`), `bwrap: execvp ${folder}/text: Permission denied`);
  t.equal(await reason('/usr/bin'), 'bwrap: execvp /usr/bin: Permission denied');
  t.equal(
    await reason(`${folder}/none`),
    `bwrap: execvp ${folder}/none: No such file or directory`,
  );
  const forged = await playScript('echo "bwrap: execvp /x: No such file"; exit 1');
  t.strictSame(forged.end, exited(1), 'an action cannot claim that it was not started');
});

t.test('all of a large output arrives, through a reader that is paused', async (t) => {
  const { sandbox } = openStage(t);
  const play = async (count: number, pauseMs: number) => {
    const chunks: Uint8Array[] = [];
    const script = `stty -opost; seq 1 ${count}`;
    const run = sandbox.start(planOf(['/bin/sh', '-c', script]), (bytes) => chunks.push(bytes));
    run.pause();
    let ended = false;
    void run.ended.then(() => {
      ended = true;
    });
    await sleep(pauseMs);
    t.notOk(ended, 'it does not end before the last byte is taken');
    run.resume();
    t.strictSame(await run.ended, exited(0));
    const expected = Array.from({ length: count }, (_, n) => `${n + 1}\n`).join('');
    t.ok(Buffer.concat(chunks).toString() === expected, `all ${count} lines`);
  };
  // 4 KB and 14 KB, which the kernel holds, so that the action is gone long before; and 110 KB.
  const counts = [1000, 3000, 20_000];
  const runs = counts.flatMap((count) =>
    Array.from({ length: 8 }, (_, i) => play(count, 300 + i * 300)),
  );
  await Promise.all(runs);
});

t.test('output of the last moment is there when the end is known', async (t) => {
  const { playScript } = openStage(t);
  for (let i = 0; i < 20; i++) {
    const { end, text } = await playScript('head -c 3000 /dev/zero | tr "\\000" x; exit 3');
    t.strictSame(end, exited(3));
    t.equal(text.length, 3000);
  }
});

t.test('SIGTERM reaches the action itself, which may tidy up', async (t) => {
  const { start } = openStage(t);
  const { run, text } = start(
    'trap "echo tidy; exit 7" TERM; echo up; while :; do sleep 0.05; done',
  );
  await until(() => text() === 'up\n');
  run.terminate();
  t.strictSame(await run.ended, exited(7));
  t.equal(text(), 'up\ntidy\n');
  run.terminate();
  run.kill();
});

t.test('SIGTERM ends an action that does not care', async (t) => {
  const { start } = openStage(t);
  const { run, text } = start('echo up; exec sleep 60');
  await until(() => text() === 'up\n');
  run.terminate();
  t.strictSame(await run.ended, exited(143));
});

t.test('SIGKILL ends everything, whatever it does', async (t) => {
  const { start } = openStage(t);
  const script =
    'trap "" TERM HUP INT; (trap "" TERM HUP; sleep 60) & setsid sleep 60 & echo up; wait';
  const { run, text } = start(script);
  await until(() => text() === 'up\n');
  run.terminate();
  await sleep(50);
  run.kill();
  t.strictSame(await run.ended, exited(137));
});

t.test('stopping at any moment of the start ends it', async (t) => {
  const { start } = openStage(t);
  for (let i = 0; i < 40; i++) {
    const { run } = start('sleep 60');
    if (i > 0) await sleep(i / 2);
    if (i % 2) run.terminate();
    else run.kill();
    const end = await run.ended;
    if (end.kind === 'not_started') t.equal(end.reason, 'it was stopped before it had started');
    else t.equal(end.code, i % 2 ? 143 : 137);
  }
});

t.test('a bubblewrap that never says where it is can be stopped', async (t) => {
  const args = ['-c', 'cat <&6; cat <&4; exit 1'];
  const command = { args, options: [], files: ['x'], paths: [], forwards: [] };
  const run = new SandboxRun(launchOf(command, { bwrap: '/bin/sh' }));
  await sleep(50);
  run.terminate();
  const reason = 'it was stopped before it had started';
  t.strictSame(await run.ended, { kind: 'not_started', reason });
});

t.test('what an action leaves running dies with it, and is gone at its end', async (t) => {
  const { playScript } = openStage(t);
  // Without the terminal, and one with so much memory that it takes a while to die.
  const hoard = 'const memory = Buffer.alloc(6e8, 1); setTimeout(() => memory, 1e6)';
  const script = `exec 2>/dev/null
    for i in 1 2 3 4 5 6 7 8; do (setsid sleep 60 </dev/null >/dev/null &) ; done
    (setsid "$NODE" -e '${hoard}' </dev/null >/dev/null &) ; nohup sleep 60 & sleep 0.7
    readlink /proc/self/ns/pid; exit 5`;
  const change = { env: { NODE: process.execPath }, sandbox: { read: [process.execPath] } };
  for (let i = 0; i < 3; i++) {
    const { end, text } = await playScript(script, change);
    const namespace = text.trim();
    t.match(namespace, /^pid:\[[0-9]+\]$/);
    const left = readdirSync('/proc').filter((pid) => namespaceOf(Number(pid)) === namespace);
    t.strictSame({ end, left: left.filter(isAlive) }, { end: exited(5), left: [] });
  }
});

const isAlive = (pid: string) => /^State:\s[^ZX]/m.test(readProcess(pid, 'status'));
const commandOf = (pid: string) => readProcess(pid, 'cmdline').replaceAll('\0', ' ').trim();

t.test('what is typed reaches the action, and is shown as a terminal shows it', async (t) => {
  const { start } = openStage(t);
  const { run, text } = start(
    'read -r name; echo "hello $name"; stty -echo; echo ok; read -r more; echo "$more"',
  );
  run.write('wörld\n');
  await until(() => text().includes('ok'));
  run.write('unseen\n');
  t.strictSame(await run.ended, exited(0));
  t.equal(text(), 'wörld\nhello wörld\nok\nunseen\n');
  run.write('too late');
});

t.test('what the action does to its terminal does not keep the end from being known', async (t) => {
  const { playScript } = openStage(t);
  for (const trick of [
    'stty olcuc',
    'stty -opost',
    'stty line 1',
    'exec >/dev/null 2>&1 </dev/null',
  ]) {
    const { end } = await playScript(`${trick}; echo bye; exit 4`);
    t.strictSame(end, exited(4), trick);
  }
});

const SECONDS = 100_000 + process.pid;
const SLEEPS = `sleep\0${SECONDS}\0`;

t.test('a process outside that holds the terminal does not keep the run from ending', async (t) => {
  const { start } = openStage(t);
  const { run, text } = start(`echo first; exec sleep ${SECONDS}`);
  await until(() => text().includes('first'));
  const find = () =>
    readdirSync('/proc').find((id) => readProcess(Number(id), 'cmdline') === SLEEPS);
  await until(() => find() !== undefined);
  const held = openSync(`/proc/${find()}/fd/1`, constants.O_RDWR | constants.O_NOCTTY);
  const flood = setInterval(() => {
    try {
      writeSync(held, 'flood\n');
    } catch {} // hung up
  }, 100);
  run.kill();
  t.strictSame(await run.ended, exited(137));
  clearInterval(flood);
  closeSync(held);
});

t.test('a daemon that is killed takes its actions with it', async (t) => {
  const mark = `7${process.pid}`;
  const running = () =>
    readdirSync('/proc').filter((pid) => commandOf(pid).includes(`sleep ${mark}`));
  const killDaemon = async (wait: () => Promise<void>) => {
    const daemon = new URL('./fixtures/daemon.ts', import.meta.url).pathname;
    const child = spawn(process.execPath, [daemon, `exec sleep ${mark}`]);
    await once(child.stdout, 'data'); // it is about to start
    await wait();
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  await killDaemon(() => until(() => running().some((pid) => commandOf(pid) === `sleep ${mark}`)));
  t.pass('it did run');
  await until(() => running().length === 0);
  for (let delayMs = 0; delayMs < 24; delayMs += 2) {
    await killDaemon(() => sleep(delayMs));
    await sleep(100);
    await until(() => {
      killOrphans('/usr/bin/bwrap'); // as the next daemon does, for one killed in a bad moment
      return running().length === 0;
    });
  }
});

t.test('bytes pass unchanged', async (t) => {
  const { sandbox } = openStage(t);
  const chunks: Uint8Array[] = [];
  const plan = planOf(['/bin/sh', '-c', 'stty raw; head -c 200000 /usr/bin/bash']);
  const run = sandbox.start(plan, (bytes) => chunks.push(bytes));
  t.strictSame(await run.ended, exited(0));
  t.ok(Buffer.concat(chunks).equals(readFileSync('/usr/bin/bash').subarray(0, 200_000)));
});

t.test('a start that bubblewrap gives up half-way ends, and leaves nothing', async (t) => {
  const bwrap = new URL('./fixtures/half-made-bwrap', import.meta.url).pathname;
  const command = planBwrap(planOf(['/usr/bin/true']), findEquipment());
  if (!command.ok) throw new Error(command.error);
  t.teardown(() => killOrphans(bwrap)); // had it left something
  const { ended } = new SandboxRun(launchOf(command.value, { bwrap }));
  t.strictSame(await ended, {
    kind: 'not_started',
    reason: 'bwrap: capset failed: Operation not permitted',
  });
  t.strictSame(
    readdirSync('/proc').filter((pid) => commandOf(pid).startsWith(bwrap)),
    [],
  );
});
