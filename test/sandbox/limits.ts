import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import t from 'tap';
import { limitSandbox } from '../../src/sandbox/limits.ts';
import { exited, openStage } from './fixtures/stage.ts';

const limits = { timeoutMs: 0, outputBytes: 0, memoryBytes: 123_456_789, processes: 10 };

t.test('a process gets its ceilings from outside', async (t) => {
  const child = spawn('/bin/sleep', ['60'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const limited = await limitSandbox(child.pid ?? 0, limits);
  const text = readFileSync(`/proc/${child.pid}/limits`, 'utf8');
  t.match(text, /^Max core file size +0 +0 /m);
  t.match(text, /^Max data size +123456789 +123456789 /m);
  t.match(text, /^Max processes +11 +11 /m, 'one more for the first process of the sandbox');
  t.match(text, /^Max open files +1024 +1024 /m);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await limited[Symbol.asyncDispose]();
});

t.test('a ceiling that cannot be put is an error', async (t) => {
  await t.rejects(limitSandbox(2 ** 22 + 1, limits), /prlimit|No such process|ESRCH/);
});

t.test('inside, memory ends at the ceiling', async (t) => {
  const stage = openStage(t);
  const script = 'x=$(head -c 100000000 /dev/zero | tr "\\000" a); printf %s "$x" | wc -c';
  const change = { limits: { memoryBytes: 64_000_000 } };
  const played = await stage.playScript(script, change);
  t.notMatch(played.text, /100000000/);
  t.equal((await stage.playScript(script)).text, '100000000\n');
});

t.test('inside, memory that is a file ends there too', async (t) => {
  const stage = openStage(t);
  const change = { limits: { memoryBytes: 1 << 20 } };
  for (const folder of ['/tmp', '/home/sandbox', '/dev/shm', '/run']) {
    const script = `head -c 3000000 /dev/zero >${folder}/big; stat -c %s ${folder}/big`;
    const { text } = await stage.playScript(script, change);
    t.match(text, /No space left on device/, folder);
    t.match(text, /^1048576$/m, folder);
  }
});

t.test('processes are counted in the sandbox alone, and end at the ceiling', async (t) => {
  const stage = openStage(t);
  const script = 'for i in 1 2 3 4 5 6 7 8 9; do sleep 5 & done; echo "$i"; kill -9 -1';
  const within = await stage.playScript(script, { limits: { processes: 10 } });
  t.match(within.text, /^9$/m);
  const beyond = await stage.playScript(script, { limits: { processes: 9 } });
  t.match(beyond.text, /Cannot fork|Resource temporarily unavailable/);
});

t.test('a fork bomb stays in its sandbox', async (t) => {
  const stage = openStage(t);
  const script = 'exec 2>/dev/null; bomb() { bomb | bomb & }; bomb; bomb; bomb; read -r forever';
  const bomb = stage.start(`exec bash -c '${script}'`, { limits: { processes: 32 } });
  for (let i = 0; i < 5; i++) {
    const { end } = await stage.play(['/usr/bin/true']);
    t.strictSame(end, exited(0), 'others run beside it');
  }
  const [, running] = readFileSync('/proc/loadavg', 'utf8').split(' ')[3]?.split('/') ?? [];
  t.ok(Number(running) < 2000, `${running} processes on the host`);
  bomb.run.kill();
  t.strictSame(await bomb.run.ended, exited(137));
});

t.test('no core is dumped and files are limited', async (t) => {
  const { playScript } = openStage(t);
  const { text } = await playScript('ulimit -c; ulimit -n; ulimit -c 1 2>&1; kill -SEGV $$');
  t.match(text, /^0\n1024\n.*(ulimit|limit)/);
});
