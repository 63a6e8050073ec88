import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { openSupervisor } from '../../src/system/supervisor.ts';
import { RecordingLog } from '../support/recording-log.ts';

/** A tool in the place of systemd-notify that writes down what it is told. */
async function openTool(t: Test, before = '') {
  const folder = t.testdir({ said: '' });
  const tool = join(folder, 'notify');
  await writeFile(
    tool,
    `#!/bin/sh\n${before}\nprintf '%s|' "$@" >>${folder}/said; echo >>${folder}/said\n`,
  );
  await chmod(tool, 0o755);
  const said = async () => (await readFile(join(folder, 'said'), 'utf8')).split('\n').slice(0, -1);
  return { tool, said };
}

function setEnvironment(t: Test, change: Readonly<Record<string, string>>): void {
  for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) {
    const before = process.env[name];
    const set = (value: string | undefined) => {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    };
    set(change[name]);
    t.teardown(() => set(before));
  }
}

const ASKED = { NOTIFY_SOCKET: '/run/systemd/notify' };

t.test('what it is told comes in order, one after the other', async (t) => {
  setEnvironment(t, ASKED);
  // The first takes longest: it must not be overtaken.
  const { tool, said } = await openTool(t, '[ "$1" = READY=1 ] && sleep 0.2');
  const supervisor = openSupervisor(new RecordingLog(), tool);
  await Promise.all([
    supervisor.tell({ ready: true, status: 'in sync; 1 running' }),
    supervisor.tell({ alive: true }),
    supervisor.tell({ stopping: true, status: 'bye' }),
  ]);
  t.strictSame(await said(), [
    'READY=1|STATUS=in sync; 1 running|',
    'WATCHDOG=1|',
    'STOPPING=1|STATUS=bye|',
  ]);
});

t.test('without a supervisor nothing is said and no sign of life is expected', async (t) => {
  setEnvironment(t, { WATCHDOG_USEC: '1000000' });
  const { tool, said } = await openTool(t);
  const supervisor = openSupervisor(new RecordingLog(), tool);
  await supervisor.tell({ ready: true });
  t.strictSame(await said(), []);
  t.equal(supervisor.patienceMs, undefined);
});

t.test('how long it waits for a sign of life is what systemd says, to this process', async (t) => {
  const patienceWith = (change: Readonly<Record<string, string>>) => {
    setEnvironment(t, { ...ASKED, ...change });
    return openSupervisor(new RecordingLog()).patienceMs;
  };
  t.equal(patienceWith({}), undefined);
  t.equal(patienceWith({ WATCHDOG_USEC: '180000000' }), 180_000);
  t.equal(patienceWith({ WATCHDOG_USEC: '180000000', WATCHDOG_PID: `${process.pid}` }), 180_000);
  t.equal(patienceWith({ WATCHDOG_USEC: '180000000', WATCHDOG_PID: '1' }), undefined);
  t.equal(patienceWith({ WATCHDOG_USEC: '0' }), undefined);
  t.equal(patienceWith({ WATCHDOG_USEC: 'soon' }), undefined);
});

t.test('a tool that fails is told in the journal, and is no fault', async (t) => {
  setEnvironment(t, ASKED);
  const log = new RecordingLog();
  await openSupervisor(log, '/nowhere/systemd-notify').tell({ ready: true });
  t.strictSame(log.messages, ['a notification to systemd failed']);
});
