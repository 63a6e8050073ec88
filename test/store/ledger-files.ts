import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import t from 'tap';
import { Tree } from '../../src/audit/tree.ts';
import { createLedger, readEntries, readLedger, signHead } from '../../src/store/ledger-files.ts';
import { newLedgerFolder, reasonsOf, say } from '../support/ledger-folder.ts';
import { signer } from '../support/signer.ts';

t.test('a new log is empty, signed, and for its owner alone', async (t) => {
  const { directory, log, checkpoints } = await newLedgerFolder(t);
  t.equal(await readFile(log, 'utf8'), '');
  t.equal(await readFile(checkpoints, 'utf8'), signHead(signer, new Tree()));
  for (const [path, mode] of [
    [directory, 0o700],
    [log, 0o600],
    [checkpoints, 0o600],
  ] as const)
    t.equal((await stat(path)).mode & 0o777, mode);
});

t.test('a log is not made where there is one', async (t) => {
  const { directory } = await newLedgerFolder(t);
  await t.rejects(createLedger(directory, signer), { code: /^EEXIST$/ });
});

t.test('a log is read back as far as its last checkpoint covers it', async (t) => {
  const folder = await newLedgerFolder(t);
  const ledger = await folder.open();
  await ledger.append(say('a'), say('b'));
  await ledger[Symbol.asyncDispose]();
  const found = await readLedger(folder.directory, signer, () => {});
  t.equal(found.tree.size, 2);
  t.equal(found.note, ledger.head().note);
  t.equal(found.logBytes, (await stat(folder.log)).size);
  t.equal(found.checkpointBytes, (await stat(folder.checkpoints)).size);
});

t.test('entries are read up to a number, which have to be there', async (t) => {
  const folder = await newLedgerFolder(t);
  const ledger = await folder.open();
  await ledger.append(say('a'), say('b'));
  await ledger[Symbol.asyncDispose]();
  const read = async (count: number) => {
    const entries = [];
    for await (const { entry } of readEntries(folder.log, count)) entries.push(entry);
    return reasonsOf(entries);
  };
  t.strictSame(await read(0), []);
  t.strictSame(await read(1), ['a']);
  t.strictSame(await read(2), ['a', 'b']);
  await t.rejects(read(3), { code: /^audit_head_mismatch$/, message: /2 entries, 3 were signed/ });
});

t.test('what cannot be read is not what was signed', async (t) => {
  const { log, directory } = await newLedgerFolder(t);
  await t.rejects(
    readLedger(dirname(directory), signer, () => {}),
    {
      code: /^audit_head_mismatch$/,
      cause: { code: /^ENOENT$/ },
    },
  );
  await t.rejects(readEntries(`${log}.absent`, 1)[Symbol.asyncIterator]().next(), {
    code: /^audit_head_mismatch$/,
  });
});
