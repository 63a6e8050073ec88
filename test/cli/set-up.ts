/** What `vaktrom init` leaves in a folder that is somebody's already. */
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { House } from '../story/house.ts';
import { openLoopback } from '../story/loopback-server.ts';

t.test('git takes no secret, whatever is ignored there already', async (t) => {
  await using server = await openLoopback();
  await using house = await House.open(server);
  const git = (...args: readonly string[]): string =>
    execFileSync('git', args, {
      ...{ cwd: house.folder, encoding: 'utf8' },
      env: { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null', HOME: t.testdir() },
    });
  git('init', '--quiet');
  await mkdir(house.dir);
  const theirs = '*.log\n!secrets/**\n!state/**\n';
  await writeFile(join(house.dir, '.gitignore'), theirs);
  const made = await house.init('version: 1\npeople: {}\nrooms: {}\nactions: {}\n');
  t.equal(made.code, 0, made.stderr);
  git('add', '--all', 'vaktrom');
  t.strictSame(git('ls-files').trim().split('\n'), [
    'vaktrom/.gitignore',
    'vaktrom/audit.pub',
    'vaktrom/policy.schema.json',
    'vaktrom/policy.yaml',
    'vaktrom/vaktrom.schema.json',
    'vaktrom/vaktrom.yaml',
  ]);
  t.equal(await readFile(join(house.dir, '.gitignore'), 'utf8'), theirs);
});
