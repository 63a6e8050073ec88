/** What root does as another user; without root there is nobody else to be. */
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { asOwnerOf, asUser, findUser, ownerOf } from '../../src/cli/owner.ts';
import { Interrupted } from '../../src/cli/signals.ts';
import { asRoot, isRoot } from '../support/as-root.ts';

const NOBODY = { uid: 65534, gid: 65534 };

/** A folder that everybody may enter, with one in it that is nobody's. */
async function openFolders(t: Test) {
  const root = await mkdtemp(join(tmpdir(), 'vaktrom-owner-'));
  t.teardown(() => rm(root, { recursive: true }));
  await chmod(root, 0o755);
  const theirs = join(root, 'theirs');
  await mkdir(theirs);
  await chown(theirs, NOBODY.uid, NOBODY.gid);
  return { root, theirs };
}

const ids = () => [process.geteuid?.(), process.getegid?.(), process.getgroups?.()];

t.test(
  'whose a path is decides what of it can be changed',
  asRoot('only root can be somebody else'),
  async (t) => {
    const { root, theirs } = await openFolders(t);
    t.strictSame(await ownerOf(theirs), NOBODY);
    t.strictSame(await ownerOf(join(theirs, 'not', 'there')), NOBODY);
    t.equal(await ownerOf(root), undefined);
    t.equal(await ownerOf('/usr/bin'), undefined);
    // If they replace one of their folders by a link, it counts as theirs, even if it leads to root's.
    await symlink('/etc', join(theirs, 'link'));
    t.strictSame(await ownerOf(join(theirs, 'link', 'passwd')), NOBODY);
    await symlink(theirs, join(root, 'ours'));
    t.strictSame(await ownerOf(join(root, 'ours', 'file')), NOBODY);
  },
);

t.test(
  'what is done as somebody is done with their rights, and belongs to them',
  asRoot('only root can be somebody else'),
  async (t) => {
    const { root, theirs } = await openFolders(t);
    const before = ids();
    await writeFile(join(root, 'secret'), 'of root', { mode: 0o600 });
    await symlink(join(root, 'secret'), join(theirs, 'link'));
    const done = await asUser(NOBODY, async () => {
      t.strictSame(ids(), [NOBODY.uid, NOBODY.gid, [NOBODY.gid]]);
      await t.rejects(writeFile(join(theirs, 'link'), 'theirs'), { code: /^EACCES$/ });
      await t.rejects(writeFile(join(root, 'file'), ''), { code: /^EACCES$/ });
      await writeFile(join(theirs, 'file'), '');
      return asUser(NOBODY, async () => 'done');
    });
    t.equal(done, 'done');
    t.strictSame(ids(), before);
    const { uid, gid } = await stat(join(theirs, 'file'));
    t.strictSame({ uid, gid }, NOBODY);
    t.equal(await readFile(join(root, 'secret'), 'utf8'), 'of root');

    await t.rejects(
      asOwnerOf(theirs, () => Promise.reject(new Error('failed'))),
      { message: /^failed$/ },
    );
    t.strictSame(ids(), before, 'also after it has failed');
    await asOwnerOf(root, async () => t.strictSame(ids(), before));
  },
);

t.test(
  'what a signal cut off does not go on as root',
  asRoot('only root can be somebody else'),
  async (t) => {
    const [, egid, groups] = ids();
    await t.rejects(
      asUser(NOBODY, () => Promise.reject(new Interrupted('SIGINT'))),
      { code: /^interrupted$/ },
    );
    t.equal(process.geteuid?.(), NOBODY.uid);
    process.seteuid?.(0);
    process.setegid?.(egid as number);
    process.setgroups?.(groups as number[]);
  },
);

t.test('a user is looked up by name, and root is none', async (t) => {
  t.strictSame(await findUser('nobody'), NOBODY);
  await t.rejects(findUser('root'), { code: /^usage$/, message: /not root/ });
  for (const name of ['no-such-user', '0', '', '--help', '65534'])
    await t.rejects(findUser(name), { code: /^usage$/, message: /there is no user/ });
});

t.test('whoever is not root can only be themselves', async (t) => {
  if (isRoot) return;
  t.equal(await asOwnerOf('/', async () => process.geteuid?.()), process.geteuid?.());
});
