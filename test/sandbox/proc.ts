import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import t from 'tap';
import { namespaceOf, readProcess, signalProcess } from '../../src/sandbox/proc.ts';

const NOBODY_HAS = 2 ** 22 + 1; // above the highest process id there can be

t.test('a process can be read and signalled', async (t) => {
  const child = spawn('/bin/sleep', ['60'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  t.equal(readProcess(pid, 'comm'), 'sleep\n');
  t.equal(namespaceOf(pid), readlinkSync('/proc/self/ns/pid'));
  signalProcess(pid, 'SIGTERM');
  t.strictSame(await once(child, 'exit'), [null, 'SIGTERM']);
});

t.test('a process that is gone is no error', async (t) => {
  t.equal(readProcess(NOBODY_HAS, 'comm'), '');
  t.equal(namespaceOf(NOBODY_HAS), '');
  signalProcess(NOBODY_HAS, 'SIGKILL');
});
