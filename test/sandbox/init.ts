import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { watchInit } from '../../src/sandbox/init.ts';
import { exited, openStage, until } from './fixtures/stage.ts';

const namespaceOf = (pid: number | string) =>
  Number(readlinkSync(`/proc/${pid}/ns/pid`).replaceAll(/\D/g, ''));

async function startSleep(): Promise<ChildProcess & { pid: number }> {
  const child = spawn('/bin/sleep', ['60'], { stdio: 'ignore' });
  await once(child, 'spawn');
  if (child.pid === undefined) throw new Error('no sleep');
  return Object.assign(child, { pid: child.pid });
}

t.test('a process of another namespace is left alone', async (t) => {
  const stranger = await startSleep();
  const init = watchInit(stranger.pid, namespaceOf('self') + 1);
  init.kill();
  t.equal(init.terminate(), false);
  await init.gone();
  await sleep(50);
  t.equal(stranger.signalCode, null);
  stranger.kill('SIGKILL');
});

t.test('killing it is seen to be done', async (t) => {
  const child = await startSleep();
  const init = watchInit(child.pid, namespaceOf('self'));
  t.equal(init.terminate(), false, 'it has no child that is number 2');
  init.kill();
  await init.gone();
  init.kill();
  if (child.signalCode === null) await once(child, 'exit');
  t.equal(child.signalCode, 'SIGKILL');
});

t.test('of a sandbox it ends the action alone, or everything', async (t) => {
  const stage = openStage(t);
  const { run, text } = stage.start('trap "echo told; exit 7" TERM; sleep 60 & echo up; wait');
  await until(() => text() === 'up\n');
  run.terminate();
  t.strictSame(await run.ended, exited(7));
  t.equal(text(), 'up\ntold\n');
});
