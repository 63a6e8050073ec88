import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { killOrphans } from '../../src/sandbox/orphans.ts';
import { exited, openStage, planOf, until } from './fixtures/stage.ts';

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

t.test('all of a large output arrives, through a reader that is slow or paused', async (t) => {
  const { sandbox } = openStage(t);
  const expected = Array.from({ length: 20_000 }, (_, n) => `${n + 1}\n`).join('');
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
    await run.ended;
    return Buffer.concat(chunks).toString();
  };
  const runs = Array.from({ length: 24 }, (_, i) => {
    const count = i % 2 ? 20_000 : 12_000; // more than the kernel holds, and less
    return play(count, 100 + i * 100).then(
      (text) => text === expected.slice(0, text.length) && count,
    );
  });
  for (const [i, count] of (await Promise.all(runs)).entries())
    t.equal(count, i % 2 ? 20_000 : 12_000);
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

t.test('what an action leaves running dies with it, and is gone at its end', async (t) => {
  const { playScript } = openStage(t);
  const mark = `6${process.pid}`; // a time to sleep that nobody else sleeps
  const script = `(setsid sh -c "sleep ${mark} </dev/null >/dev/null 2>&1 & exit") &
    (sleep ${mark} & sleep ${mark} &) ; nohup sleep ${mark} >/dev/null 2>&1 & echo started; exit 5`;
  const before = performance.now();
  for (let i = 0; i < 5; i++) {
    t.strictSame(await playScript(script), { end: exited(5), text: 'started\n' });
    const left = readdirSync('/proc').filter((pid) => commandOf(pid) === `sleep ${mark}`);
    t.strictSame(left, []);
  }
  t.ok(performance.now() - before < 20_000);
});

const commandOf = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
};

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

t.test('a daemon that is killed takes its actions with it', async (t) => {
  const mark = `7${process.pid}`;
  const running = () =>
    readdirSync('/proc').filter((pid) => commandOf(pid).includes(`sleep ${mark}`));
  const killDaemon = async (delayMs: number) => {
    const daemon = new URL('./fixtures/daemon.ts', import.meta.url).pathname;
    const child = spawn(process.execPath, [daemon, `exec sleep ${mark}`]);
    await once(child.stdout, 'data'); // it is about to start
    await sleep(delayMs);
    const count = running().length;
    child.kill('SIGKILL');
    await once(child, 'exit');
    return count;
  };
  t.ok((await killDaemon(400)) > 1, 'it did run');
  await until(() => running().length === 0);
  for (let delayMs = 0; delayMs < 24; delayMs += 2) {
    await killDaemon(delayMs);
    await sleep(100);
    killOrphans('/usr/bin/bwrap'); // as the next daemon does, for one killed in a bad moment
    await until(() => running().length === 0);
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
