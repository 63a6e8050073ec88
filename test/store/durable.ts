import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import {
  createFile,
  makePrivateFolder,
  openAppendFile,
  replaceFile,
} from '../../src/store/durable.ts';

const pathIn = (t: Test): string => join(t.testdir(), 'file');
const modeOf = async (path: string): Promise<string> =>
  ((await stat(path)).mode & 0o777).toString(8);

t.test('a file is replaced whole, and nothing is left beside it', async (t) => {
  const path = pathIn(t);
  await replaceFile(path, 'one');
  await replaceFile(path, Buffer.from('two'));
  t.equal(await readFile(path, 'utf8'), 'two');
  t.strictSame(await readdir(dirname(path)), ['file']);
});

t.test('what cannot take the place of the old is cleared away', async (t) => {
  const path = pathIn(t);
  await mkdir(join(path, 'a folder with something in it'), { recursive: true });
  await t.rejects(replaceFile(path, 'text'));
  t.strictSame(await readdir(dirname(path)), ['file']);
  await t.rejects(replaceFile(join(path, 'no', 'such', 'folder'), 'text'), { code: /^ENOENT$/ });
});

t.test('a file is created once', async (t) => {
  const path = pathIn(t);
  await createFile(path, 'one');
  await t.rejects(createFile(path, 'two'), { code: /^EEXIST$/ });
  t.equal(await readFile(path, 'utf8'), 'one');
});

t.test('files and folders are for their owner alone, whatever the umask', async (t) => {
  const path = join(t.testdir(), 'outer', 'inner', 'file');
  const umask = process.umask(0);
  try {
    await makePrivateFolder(dirname(path));
    await createFile(path, '');
    t.equal(await modeOf(path), '600');
    await replaceFile(path, 'more');
    t.equal(await modeOf(path), '600');
    t.equal(await modeOf(dirname(path)), '700');
    t.equal(await modeOf(dirname(dirname(path))), '700', 'those above it too');
  } finally {
    process.umask(umask);
  }
});

t.test('a folder that is there is left as it is', async (t) => {
  const folder = join(t.testdir(), 'folder');
  await mkdir(folder, { mode: 0o755 });
  await makePrivateFolder(folder);
  t.equal(await modeOf(folder), '755');
});

t.test('appends add up, and the file is cut to the given size first', async (t) => {
  const path = pathIn(t);
  await writeFile(path, 'kept and cut');
  {
    await using file = await openAppendFile(path, 4);
    t.equal(await readFile(path, 'utf8'), 'kept');
    await file.append(' one');
    await file.append(Buffer.from(' two é'));
  }
  t.equal(await readFile(path, 'utf8'), 'kept one two é');
});

t.test('a file that is shorter than it should be is not made longer', async (t) => {
  const path = pathIn(t);
  await writeFile(path, 'short');
  await t.rejects(openAppendFile(path, 6), /5 bytes, not 6/);
  t.equal(await readFile(path, 'utf8'), 'short');
  await t.rejects(openAppendFile(`${path}.absent`, 0), { code: /^ENOENT$/ });
});

t.test('a file that failed once refuses from then on', async (t) => {
  const path = pathIn(t);
  await writeFile(path, '');
  const file = await openAppendFile(path, 0);
  await file[Symbol.asyncDispose]();
  await t.rejects(file.append('on a closed file'));
  await t.rejects(file.append('again'), /failed before/);
});

t.test('a full disk is told', async (t) => {
  // Every write to this device fails with ENOSPC.
  const file = await openAppendFile('/dev/full', 0);
  await t.rejects(file.append('text'), { code: /^ENOSPC$/ });
  await t.rejects(file.append('text'), /failed before/);
  await file[Symbol.asyncDispose]();
});

t.test('room is reserved ahead of the end, and again when half of it is used', async (t) => {
  const path = pathIn(t);
  await writeFile(path, 'four');
  const asked: (readonly unknown[])[] = [];
  await using file = await openAppendFile(path, 4, async (...args) => {
    asked.push(args);
    return 'reserved';
  });
  await file.reserve(10);
  await file.reserve(10);
  await file.append('x'.repeat(10));
  await file.reserve(10);
  t.strictSame(asked, [[path, 4, 20]]);
  await file.append('x');
  await file.reserve(10);
  t.strictSame(asked[1], [path, 15, 20]);
});

t.test('room that could not be reserved is asked for again', async (t) => {
  const path = pathIn(t);
  await writeFile(path, '');
  let isFull = true;
  await using file = await openAppendFile(path, 0, async () => {
    if (isFull) throw new Error('full');
    return 'unsupported';
  });
  await t.rejects(file.reserve(10), /full/);
  isFull = false;
  await t.resolves(file.reserve(10), 'where nothing can be reserved, it goes on all the same');
});
