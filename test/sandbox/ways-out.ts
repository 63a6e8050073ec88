import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { findWaysOut } from '../../src/sandbox/ways-out.ts';

/** A folder with a short path, as sockets need it; `listen` puts one there. */
async function openFolder(t: Test) {
  const root = await mkdtemp(join(tmpdir(), 'vaktrom-ways-'));
  t.teardown(() => rm(root, { recursive: true }));
  const listen = async (name: string): Promise<string> => {
    const path = join(root, name);
    const server = createServer().listen(path);
    await new Promise((resolve) => server.once('listening', resolve));
    t.teardown(() => server.close());
    return path;
  };
  return { root, listen };
}

t.test('sockets and pipes are found, at any depth', async (t) => {
  const { root, listen } = await openFolder(t);
  await mkdir(join(root, 'a', 'b', 'c'), { recursive: true });
  await writeFile(join(root, 'a', 'file'), '');
  const clean = await findWaysOut([root]);
  t.strictSame([...clean], [[root, { found: [], isPartial: false }]]);
  const socket = await listen('a/b/c/s');
  const pipe = join(root, 'pipe');
  execFileSync('mkfifo', [pipe]);
  await symlink('a', join(root, 'link'));
  const paths = [root, socket, pipe, join(root, 'a', 'file'), join(root, 'link'), join(root, 'no')];
  t.strictSame(
    [...(await findWaysOut(paths))].map(([, { found }]) => found),
    [[pipe, socket], [socket], [pipe], [], [], []],
  );
});

t.test('no more is looked at than is worth it, and that is said', async (t) => {
  const { root } = await openFolder(t);
  const [many, few] = [join(root, 'many'), join(root, 'few')];
  for (const folder of [many, few]) await mkdir(folder);
  for (let i = 0; i < 20; i++) await writeFile(join(many, `${i}`), '');
  const partial = async (paths: readonly string[], most: number) =>
    [...(await findWaysOut(paths, most)).values()].map(({ isPartial }) => isPartial);
  t.strictSame(await partial([many], 20), [false]);
  t.strictSame(await partial([many], 19), [true]);
  t.strictSame(await partial([few, many, few], 19), [false, true]);
  t.strictSame(await partial([many, few], 19), [true, true], 'all paths together');
  await rm(many, { recursive: true });
  await mkdir(many);
  for (let i = 0; i < 5; i++) execFileSync('mkfifo', [join(many, `${i}`)]);
  t.equal((await findWaysOut([many])).get(many)?.found.length, 3);
});
