/** A test that is killed leaves no process, and its folder only until the next one begins. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openOwnFolder } from '../../src/demo/folder.ts';
import { eventually } from '../people/eventually.ts';

t.test('a daemon ends with the test that started it', async (t) => {
  const fixture = join(import.meta.dirname, 'fixtures', 'house-to-kill.ts');
  // Not in /tmp: other tests remove what they find abandoned there.
  const parent = t.testdir();
  const test = spawn(process.execPath, [fixture], {
    env: { ...process.env, TMPDIR: parent },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(test.stdout, 'data')) as [Buffer];
  const [pid = '', folder = ''] = String(said).trim().split(' ');
  t.ok(existsSync(`/proc/${pid}`), 'it runs');
  test.kill('SIGKILL');
  await eventually(() => (existsSync(`/proc/${pid}`) ? undefined : true));
  t.ok(existsSync(folder));
  const next = await openOwnFolder('next', parent);
  t.notOk(existsSync(folder));
  await next[Symbol.asyncDispose]();
});
