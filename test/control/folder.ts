import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { holdFolder, makeControlFolder } from '../../src/control/folder.ts';

t.test('the folder of the socket is for all to enter and for nobody to list', async (t) => {
  const place = t.testdir();
  const folder = join(place, 'new');
  t.equal(await makeControlFolder(folder), folder);
  t.equal(statSync(folder).mode & 0o7777, 0o711);
  chmodSync(folder, 0o777);
  await makeControlFolder(folder);
  t.equal(statSync(folder).mode & 0o7777, 0o711, 'the mode is set again');
});

t.test('what is not a folder of the daemon’s own is not used', async (t) => {
  const place = t.testdir({ file: 'x', theirs: {} });
  symlinkSync(join(place, 'theirs'), join(place, 'link'));
  const unsafe = { code: /^file_unsafe$/ };
  await t.rejects(makeControlFolder(join(place, 'link')), unsafe, 'a link');
  await t.rejects(makeControlFolder(join(place, 'file')), { code: /^EEXIST$/ }, 'a file');
  const own = process.getuid?.() ?? 0;
  t.intercept(process, 'getuid', { value: () => own + 1 });
  await t.rejects(makeControlFolder(join(place, 'theirs')), unsafe, 'that of somebody else');
});

t.test('a folder is held as it is, and no link is followed to it', async (t) => {
  const place = t.testdir({ real: {} });
  symlinkSync(join(place, 'real'), join(place, 'link'));
  await using held = await holdFolder(join(place, 'real'));
  t.ok(held.fd > 0);
  await t.rejects(holdFolder(join(place, 'link')), { code: /^ENOTDIR$/ });
  mkdirSync(join(place, 'more'));
  writeFileSync(join(place, 'file'), '');
  await t.rejects(holdFolder(join(place, 'file')), { code: /^ENOTDIR$/ });
});
