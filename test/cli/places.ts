import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { openPlaces } from '../../src/cli/places.ts';
import { asRoot, isRoot } from '../support/as-root.ts';

const NOBODY = 65534;
const AS_ROOT = asRoot('only root sets up a service');

/** A folder that belongs to root, like all above it. */
async function openHost(t: Test): Promise<string> {
  const host = await mkdtemp(join(tmpdir(), 'vaktrom-places-'));
  t.teardown(() => rm(host, { recursive: true }));
  const { mode } = await stat(host);
  t.equal(mode & 0o777, 0o700);
  await mkdir(join(host, 'open'), { mode: 0o755 });
  return host;
}

const described = async (path: string): Promise<string> => {
  const { uid, gid, mode } = await stat(path);
  return `${uid}:${gid} ${(mode & 0o7777).toString(8)}`;
};

t.test('without a service, both are one folder and belong to the user who asks', async (t) => {
  const dir = join(t.testdir(), 'ops');
  const places = await openPlaces({ dir });
  t.hasStrict(places, { root: dir, data: dir, state: 'state', secrets: 'secrets' });
  t.equal((await described(dir)).split(' ')[1], '700');
  t.equal(await places.asDaemon(async () => process.geteuid?.()), process.geteuid?.());
  const file = join(dir, 'file');
  await writeFile(file, '', { mode: 0o600 });
  await places.finish(file, true);
  t.equal((await described(file)).split(' ')[1], '600', 'files stay as they are');
  await t.rejects(openPlaces({ dir, data: '/elsewhere' }), { code: /^usage$/ });
});

t.test('a folder that others may write to holds no settings', async (t) => {
  const dir = t.testdir();
  await chmod(dir, 0o775); // as mkdir makes it with umask 002
  t.has(await t.rejects(openPlaces({ dir })), {
    ...{ code: 'file_unsafe', message: `others may write ${dir}; mend it: chmod g-w ${dir}` },
  });
  await chmod(dir, 0o755);
  t.equal((await openPlaces({ dir })).root, dir);
});

t.test('for a service, settings belong to root and data to the daemon', AS_ROOT, async (t) => {
  const host = await openHost(t);
  // The daemon has to be able to pass.
  const open = join(tmpdir(), `${host.split('/').at(-1)}-open`);
  await mkdir(open, { mode: 0o755 });
  t.teardown(() => rm(open, { recursive: true }));
  const [dir, data] = [join(open, 'etc'), join(open, 'lib')];
  for (const round of ['made', 'there already']) {
    const places = await openPlaces({ dir, data, serviceUser: 'nobody' });
    t.equal(await described(dir), `0:${NOBODY} 750`, round);
    t.equal(await described(data), `${NOBODY}:${NOBODY} 700`, round);
    t.hasStrict(places, { root: dir, data, state: `${data}/state`, secrets: `${data}/secrets` });
    t.equal(await places.asDaemon(async () => process.geteuid?.()), NOBODY);
    const [policy, schema] = [join(dir, 'policy'), join(dir, 'schema')];
    for (const file of [policy, schema]) await writeFile(file, '', { mode: 0o600 });
    await places.finish(policy, false);
    await places.finish(schema, true);
    t.equal(await described(policy), `0:${NOBODY} 640`);
    t.equal(await described(schema), `0:${NOBODY} 644`);
  }
});

t.test('folders that the daemon could exchange are refused', AS_ROOT, async (t) => {
  const host = await openHost(t);
  const service = { serviceUser: 'nobody' };
  const theirs = join(host, 'theirs');
  await mkdir(theirs);
  await chown(theirs, NOBODY, NOBODY);
  for (const dir of [theirs, join(theirs, 'etc')])
    t.has(await t.rejects(openPlaces({ dir, data: join(host, 'lib'), ...service })), {
      code: 'file_unsafe',
      message: `${dir} has to be root's, and all folders above it`,
    });
  t.strictSame(await readdir(theirs), [], 'and nothing was made there');
  const dir = join(host, 'etc');
  const roots = join(host, 'roots');
  await mkdir(roots);
  await t.rejects(openPlaces({ dir, data: roots, ...service }), { code: /^file_unsafe$/ });
  await symlink(roots, join(theirs, 'link'));
  const data = join(theirs, 'link', 'lib');
  await t.rejects(openPlaces({ dir, data, ...service }), { code: /^file_unsafe$/ });
  t.strictSame(await readdir(roots), [], 'nor here');
});

t.test('a service is set up by root, for another user', async (t) => {
  const dir = join(t.testdir(), 'etc');
  const message = isRoot ? /user of its own, not root/ : /^--service-user is for root$/;
  await t.rejects(openPlaces({ dir, serviceUser: 'root' }), { code: /^usage$/, message });
});
