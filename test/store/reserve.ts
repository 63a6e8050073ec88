import { appendFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { allocate, diskFull, isDiskFull } from '../../src/store/reserve.ts';

t.test('what is reserved belongs to the file, and does not show in it', async (t) => {
  const path = join(t.testdir(), 'file');
  await writeFile(path, 'text');
  t.equal(await allocate(path, 4, 1 << 20), 'reserved');
  const { size, blocks } = await stat(path);
  t.equal(size, 4);
  t.ok(blocks * 512 >= 1 << 20, `${blocks} blocks`);
  await appendFile(path, ' and more');
  t.equal((await stat(path)).size, 13);
});

t.test('where nothing can be reserved, that is no fault', async (t) => {
  t.equal(await allocate('/dev/null', 0, 4096), 'unsupported');
});

t.test('an error says that the disk is full, or it says something else', async (t) => {
  const error = (code: string) => Object.assign(new Error(code), { code });
  t.ok(isDiskFull(error('ENOSPC')));
  t.ok(isDiskFull(error('EDQUOT')));
  t.notOk(isDiskFull(error('EIO')));
  t.notOk(isDiskFull(new Error('ENOSPC')));
  const cause = error('ENOSPC');
  t.hasStrict(diskFull(cause), { code: 'disk_full', cause });
});
