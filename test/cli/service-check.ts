import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { checkPolicyIsSafe, serviceUser } from '../../src/cli/service-check.ts';
import type { Directory } from '../../src/config/directory.ts';

/** A set-up of ours, of which a daemon of some other user could read everything. */
async function openSetUp(t: Test) {
  const root = t.testdir({ 'vaktrom.yaml': '', policies: { 'policy.yaml': '' }, state: {} });
  const policyPath = join(root, 'policies', 'policy.yaml');
  const statePath = join(root, 'state');
  await chmod(root, 0o750);
  await chmod(join(root, 'policies'), 0o750);
  for (const file of [join(root, 'vaktrom.yaml'), policyPath]) await chmod(file, 0o640);
  const { uid, gid } = await stat(root);
  return { directory: { root, policyPath, statePath } as Directory, uid, gid };
}

t.test('a policy that the daemon can only read is safe', async (t) => {
  const { directory, uid, gid } = await openSetUp(t);
  const daemon = { uid: uid + 1, groups: [gid] };
  t.equal(await checkPolicyIsSafe(directory, daemon), directory.policyPath);
});

t.test('each way to change it is found, and named with its mend', async (t) => {
  const { directory, uid, gid } = await openSetUp(t);
  const { root, policyPath } = directory;
  const [ofGroup, stranger] = [
    { uid: uid + 1, groups: [gid] },
    { uid: uid + 1, groups: [gid + 1] },
  ];
  const unsafe = (path: string) => ({
    code: 'file_unsafe',
    message: `the daemon can write ${path}; mend it: chown root ${path} && chmod g-w,o-w ${path}`,
  });
  t.has(
    await t.rejects(checkPolicyIsSafe(directory, { uid, groups: [] })),
    unsafe(root),
    'its own',
  );
  for (const path of [policyPath, join(root, 'policies'), join(root, 'vaktrom.yaml'), root]) {
    const { mode } = await stat(path);
    await chmod(path, mode | 0o020);
    t.has(await t.rejects(checkPolicyIsSafe(directory, ofGroup)), unsafe(path), 'by its group');
    await t.resolves(checkPolicyIsSafe(directory, stranger), 'of another group');
    await chmod(path, mode | 0o002);
    t.has(await t.rejects(checkPolicyIsSafe(directory, stranger)), unsafe(path), 'as everybody');
    await chmod(path, mode);
  }
});

t.test('what belongs to people is no service, unless a unit runs it', async (t) => {
  const { directory, uid } = await openSetUp(t);
  await mkdir(join(directory.root, 'other'));
  await writeFile(join(directory.root, 'other', 'file'), '');
  const isSystem = uid > 0 && uid < 1000;
  const outside = await serviceUser(directory, false);
  t.equal(outside?.uid, isSystem ? uid : undefined);
  const inside = await serviceUser(directory, true);
  t.equal(inside?.uid, uid === 0 ? undefined : uid);
  // Everybody can look at a folder of a user of the system, if there is one.
  const statePath = '/var/cache/man';
  const man = await stat(statePath).catch(() => undefined);
  if (man && man.uid > 0 && man.uid < 1000)
    t.strictSame(await serviceUser({ ...directory, statePath }, false), {
      uid: man.uid,
      groups: [man.gid],
    });
});
