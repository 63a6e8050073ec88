import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import t from 'tap';
import { isHostRoot, openPidsGroup, removeOldGroups } from '../../src/sandbox/cgroup.ts';

const ROOTS = ['/sys/fs/cgroup/pids', '/sys/fs/cgroup'].filter((root) => existsSync(root));
const groups = () =>
  ROOTS.flatMap((root) => readdirSync(root).map((name) => `${root}/${name}`)).filter((path) =>
    path.includes(`/vaktrom-${process.pid}-`),
  );

async function startSleep() {
  const child = spawn('/bin/sleep', ['60'], { stdio: 'ignore' });
  await once(child, 'spawn');
  return child;
}

if (isHostRoot()) {
  t.test(
    'root moves a process into a group with a ceiling, and out of the way again',
    async (t) => {
      const child = await startSleep();
      const group = await openPidsGroup(child.pid ?? 0, 7);
      const [path = ''] = groups();
      t.equal(readFileSync(`${path}/pids.max`, 'utf8'), '7\n');
      t.equal(readFileSync(`${path}/cgroup.procs`, 'utf8'), `${child.pid}\n`);
      child.kill('SIGKILL');
      await group[Symbol.asyncDispose]();
      t.strictSame(groups(), []);
    },
  );

  t.test('a group is not left behind by a failure', async (t) => {
    await t.rejects(openPidsGroup(2 ** 22 + 1, 7), /run the daemon as a user of its own/);
    t.strictSame(groups(), []);
  });

  t.test('groups of daemons that are gone are removed, and no others', async (t) => {
    const root = ROOTS.find((folder) => existsSync(`${folder}/cgroup.procs`)) ?? '';
    const old = `${root}/vaktrom-${2 ** 22 + 1}-1`;
    const own = `${root}/vaktrom-${process.pid}-own`;
    mkdirSync(old);
    mkdirSync(own);
    removeOldGroups();
    t.notOk(existsSync(old));
    t.ok(existsSync(own));
    rmdirSync(own);
  });
} else {
  t.test('nobody but root can make groups, and is told what to do', async (t) => {
    const child = await startSleep();
    await t.rejects(openPidsGroup(child.pid ?? 0, 7), /run the daemon as a user of its own/);
    child.kill('SIGKILL');
    removeOldGroups();
  });
}
