import { readFileSync } from 'node:fs';
import t from 'tap';
import { planBwrap } from '../../src/execution/bwrap.ts';
import { spawnBwrap } from '../../src/sandbox/bwrap-process.ts';
import { findEquipment } from '../../src/sandbox/host.ts';
import { watchInit } from '../../src/sandbox/init.ts';
import { killOrphans } from '../../src/sandbox/orphans.ts';
import { readProcess } from '../../src/sandbox/proc.ts';
import { openTerminal } from '../../src/sandbox/terminal.ts';
import { exited, openStage, planOf, until } from './fixtures/stage.ts';

const parentOf = (pid: number): number =>
  // Nothing, once it is gone: another test that runs beside this one removes orphans, too.
  Number(readProcess(pid, 'status').match(/^PPid:\t(.*)$/m)?.[1]);

t.test('a sandbox that lost its bubblewrap before it was tied to it is removed', async (t) => {
  const equipment = findEquipment();
  const command = planBwrap(planOf(['/usr/bin/true']), equipment);
  if (!command.ok) throw new Error(command.error);
  const terminal = openTerminal({ columns: 80, rows: 25 }, () => {});
  // It gets no files, so it waits where nothing ties its life to another's yet.
  using bwrap = spawnBwrap({
    ...equipment,
    command: command.value,
    device: terminal.device,
    paths: [],
  });
  terminal.release();
  for await (const status of bwrap.status) {
    if (status.kind !== 'made') continue;
    const init = watchInit(status.pid, status.pidNamespace);
    await until(() => readFileSync(`/proc/${init.pid}/uid_map`, 'utf8') !== '');
    const monitor = parentOf(init.pid);
    killOrphans(equipment.bwrap);
    t.equal(parentOf(init.pid), monitor, 'it is no orphan yet');
    process.kill(monitor, 'SIGKILL');
    await until(() => parentOf(init.pid) !== monitor);
    killOrphans(equipment.bwrap);
    await init.gone();
  }
  await terminal.closed;
});

t.test('a sandbox that runs is left alone', async (t) => {
  const { start } = openStage(t);
  const { run, text } = start('echo up; read -r more; exit 9');
  await until(() => text() === 'up\n');
  killOrphans('/usr/bin/bwrap');
  killOrphans('/bin/sleep');
  run.write('go on\n');
  t.strictSame(await run.ended, exited(9));
});
