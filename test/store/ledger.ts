import { appendFile, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import t, { type Test } from 'tap';
import type { Entry } from '../../src/audit/entry.ts';
import { sha256Hex } from '../../src/base/bytes.ts';
import { openAppendFile } from '../../src/store/durable.ts';
import type { Ledger } from '../../src/store/ledger.ts';
import { type FaultyFile, faultyFiles } from '../support/faulty-file.ts';
import { type LedgerFolder, newLedgerFolder, reasonsOf, say } from '../support/ledger-folder.ts';
import { otherSigner } from '../support/signer.ts';

async function entriesOf(ledger: Ledger): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of ledger.entries()) entries.push(entry);
  return entries;
}

t.test('entries are numbered, kept and found again', async (t) => {
  const folder = await newLedgerFolder(t);
  {
    await using ledger = await folder.open({ openFile: openAppendFile });
    t.equal(await ledger.append(say('a')), 0);
    t.equal(await ledger.append(say('b'), say('c')), 1);
    t.equal(await ledger.append(say('d')), 3);
    t.equal(ledger.head().size, 4);
    t.match(ledger.head().note, /^test\.example\/log\n4\n.{44}\n\n— test\.example\/log .*\n$/);
    t.strictSame(reasonsOf(await entriesOf(ledger)), ['a', 'b', 'c', 'd']);
    t.strictSame(folder.told, await entriesOf(ledger), 'all were told of');
    t.hasStrict(folder.told[3], { v: 1, seq: 3, ts: '2026-01-05T10:00:00.000Z', boot: 'test' });
  }
  await using again = await folder.open({ boot: 'next' });
  t.strictSame(reasonsOf(folder.told.slice(4)), ['a', 'b', 'c', 'd'], 'and are again at the start');
  t.equal(await again.append(say('e')), 4);
  t.hasStrict(await folder.verify(), { verdict: 'intact', entries: 5 });
});

t.test('appends that come together share a commit, and keep their order', async (t) => {
  const folder = await newLedgerFolder(t);
  await using ledger = await folder.open();
  const names = Array.from({ length: 100 }, (_, i) => `${i}`);
  const numbers = await Promise.all(names.map((name) => ledger.append(say(name), say(`${name}+`))));
  t.strictSame(
    numbers,
    names.map((_, i) => 2 * i),
  );
  t.strictSame(
    reasonsOf(folder.told),
    names.flatMap((name) => [name, `${name}+`]),
  );
  const notes = (await readFile(folder.checkpoints, 'utf8')).split('\n\n').length >> 1;
  t.ok(notes <= 3, `${notes} checkpoints`);
});

t.test('an entry is told of before its append is acknowledged', async (t) => {
  const folder = await newLedgerFolder(t);
  await using ledger = await folder.open();
  const first = ledger.append(say('a')).then(() => reasonsOf(folder.told));
  t.strictSame(await first, ['a']);
});

t.test('what cannot be an entry is refused alone', async (t) => {
  const folder = await newLedgerFolder(t);
  await using ledger = await folder.open();
  const results = await Promise.allSettled([
    ledger.append(say('a')),
    ledger.append(say('x'.repeat(70_000))),
    ledger.append(say('b'), say('half a \ud83d')),
    ledger.append(),
    ledger.append(say('c')),
  ]);
  t.strictSame(
    results.map((r) => (r.status === 'fulfilled' ? r.value : r.reason.name)),
    [0, 'RangeError', 'TypeError', 'RangeError', 1],
  );
  t.strictSame(reasonsOf(folder.told), ['a', 'c']);
  await t.rejects(ledger.append(), RangeError, 'also when there is nothing else to write');
  t.hasStrict(await folder.verify(), { verdict: 'intact', entries: 2 });
});

// Each step that can fail, failing before, in the middle of, and after what it writes.
const FAULTS: readonly FaultyFile[] = (['log.jsonl', 'checkpoints'] as const).flatMap((file) =>
  (['before', 'torn', 'after'] as const).flatMap((when) =>
    [1, 2, 3].map((append) => ({ file, append, when })),
  ),
);

for (const fault of FAULTS)
  t.test(`a crash at append ${fault.append} to ${fault.file}, ${fault.when} it`, async (t) => {
    const folder = await newLedgerFolder(t);
    const acknowledged = await appendUntilFailure(t, folder, fault);
    t.equal(acknowledged.length, fault.append - 1);

    const before = folder.told.length;
    await using ledger = await folder.open();
    const found = reasonsOf(folder.told.slice(before));
    t.strictSame(
      found.slice(0, acknowledged.length),
      acknowledged,
      'what was acknowledged is there',
    );
    // Only an entry under a signed checkpoint can have become true without anybody having been told.
    const isSigned = fault.file === 'checkpoints' && fault.when === 'after';
    const isCut = !isSigned && !(fault.file === 'log.jsonl' && fault.when === 'before');
    const lost = `entry ${fault.append}`;
    t.strictSame(found.slice(acknowledged.length), [
      ...(isSigned ? [lost] : []),
      ...(isCut ? ['log.recovered'] : []),
    ]);
    if (isCut) await isKept(t, folder, lost);
    t.equal(await ledger.append(say('on')), found.length, 'and it goes on');
    t.hasStrict(await folder.verify(), { verdict: 'intact', findings: [] });
  });

/** Appends one by one until the disk fails; what was acknowledged. */
async function appendUntilFailure(
  t: Test,
  folder: LedgerFolder,
  fault: FaultyFile,
): Promise<string[]> {
  const ledger = await folder.open({ openFile: faultyFiles(fault) });
  const acknowledged: string[] = [];
  for (let i = 1; i <= 5; i++)
    await ledger.append(say(`entry ${i}`)).then(
      () => acknowledged.push(`entry ${i}`),
      (error) => t.has(error, { name: 'Fatal', code: 'audit_append_failed' }),
    );
  t.equal(ledger.head().size, acknowledged.length, 'the head is of what was acknowledged');
  t.strictSame(reasonsOf(folder.told), acknowledged, 'and nothing else was told of');
  await ledger[Symbol.asyncDispose]();
  return acknowledged;
}

/** The bytes that were cut off are in a file that the log names. */
async function isKept(t: Test, { directory, told }: LedgerFolder, lost: string): Promise<void> {
  const recovered = told.at(-1);
  if (recovered?.type !== 'log.recovered') throw new Error('no recovery is on record');
  const kept = await readFile(join(directory, recovered.kept));
  t.hasStrict(recovered, { bytes: kept.length, sha256: sha256Hex(kept) });
  t.ok(kept.toString('utf8').includes(lost.slice(0, 5)));
}

t.test('a recovery that was itself cut short is made good', async (t) => {
  const folder = await newLedgerFolder(t);
  await writeTail(folder, 'torn');
  // The tail has been kept and cut off, but the entry that says so could not be written.
  const fault = { file: 'log.jsonl', append: 1, when: 'before' } as const;
  await t.rejects(folder.open({ openFile: faultyFiles(fault) }), { code: /^audit_append_failed$/ });
  t.equal(await readFile(folder.log, 'utf8'), '');

  await using _ledger = await folder.open();
  t.hasStrict(folder.told, [{ type: 'log.recovered', bytes: 4 }]);
  t.equal((await readdir(folder.directory)).length, 3, 'and the tail is kept once');
});

t.test('the same tail is kept and named once, another one again', async (t) => {
  const folder = await newLedgerFolder(t);
  for (const tail of ['torn', 'torn again']) {
    await writeTail(folder, tail);
    await (await folder.open())[Symbol.asyncDispose]();
    await (await folder.open())[Symbol.asyncDispose]();
  }
  const named = folder.told.filter((e) => e.type === 'log.recovered').map((e) => e.kept);
  t.equal(new Set(named).size, 2);
  await using last = await folder.open();
  t.equal(last.head().size, 2);
});

const writeTail = ({ log }: LedgerFolder, tail: string): Promise<void> => appendFile(log, tail);

t.test('a log that is not what was signed is not opened', async (t) => {
  const tamper: Readonly<Record<string, (folder: LedgerFolder) => Promise<unknown>>> = {
    edited: async ({ log }) => writeFile(log, (await readFile(log, 'utf8')).replace('"b"', '"x"')),
    'made no JSON': async ({ log }) =>
      writeFile(log, (await readFile(log, 'utf8')).replace('"b"', 'b')),
    'cut off': ({ log }) => truncate(log, 100),
    emptied: ({ log }) => truncate(log, 0),
    'replaced by a folder': async ({ log }) => {
      await rm(log);
      await mkdir(log);
    },
    'without checkpoints': ({ checkpoints }) => truncate(checkpoints, 0),
    'with a damaged checkpoint': async ({ checkpoints }) =>
      writeFile(checkpoints, (await readFile(checkpoints, 'utf8')).replace(/\n3\n/, '\n2\n')),
    'with a line put in': async ({ log }) => writeFile(log, `{}\n${await readFile(log, 'utf8')}`),
  };
  for (const [how, change] of Object.entries(tamper)) {
    const folder = await newLedgerFolder(t);
    const ledger = await folder.open();
    await ledger.append(say('a'), say('b'), say('c'));
    await ledger[Symbol.asyncDispose]();
    await change(folder);
    await t.rejects(folder.open(), { name: /^Fatal$/, code: /^audit_head_mismatch$/ }, how);
  }
});

t.test("another log's key does not open it", async (t) => {
  const folder = await newLedgerFolder(t);
  await t.rejects(folder.open({ signer: otherSigner }), { code: /^audit_head_mismatch$/ });
});

t.test(
  'a log that was changed while it is open is not passed on as if it were the log',
  async (t) => {
    const folder = await newLedgerFolder(t);
    await using ledger = await folder.open();
    await ledger.append(say('a'), say('b'));
    await writeFile(folder.log, 'gone\n');
    await t.rejects(entriesOf(ledger), { code: /^audit_head_mismatch$/ });
    await truncate(folder.log, 0);
    await t.rejects(entriesOf(ledger), { code: /^audit_head_mismatch$/ });
  },
);

t.test('reading back does not see what came later', async (t) => {
  const folder = await newLedgerFolder(t);
  await using ledger = await folder.open();
  await ledger.append(say('a'));
  const reading = ledger.entries()[Symbol.asyncIterator]();
  t.hasStrict((await reading.next()).value, { reason: 'a' });
  await ledger.append(say('b'));
  t.ok((await reading.next()).done);
});

t.test('a mountain of unsigned bytes is not swallowed', async (t) => {
  const folder = await newLedgerFolder(t);
  await truncate(folder.log, 65 * 1024 ** 2);
  await t.rejects(folder.open(), { code: /^audit_head_mismatch$/, message: /nobody signed/ });
});

t.test('room is reserved for both files', async (t) => {
  const folder = await newLedgerFolder(t);
  const reserved: string[] = [];
  const openFile = async (path: string, size: number) => ({
    ...(await faultyFiles()(path, size)),
    reserve: async (bytes: number) => void reserved.push(`${basename(path)} ${bytes}`),
  });
  await using ledger = await folder.open({ openFile });
  await ledger.reserve();
  t.strictSame(reserved.toSorted(), ['checkpoints 524288', 'log.jsonl 2097152']);
});

t.test('a turn is the end of the commit that is under way, whatever comes of it', async (t) => {
  const folder = await newLedgerFolder(t);
  const writing = Promise.withResolvers<void>();
  const openFile = async (path: string, size: number) => {
    const file = await faultyFiles()(path, size);
    const append: typeof file.append = async (data) => {
      await writing.promise;
      return file.append(data);
    };
    return { ...file, append };
  };
  await using ledger = await folder.open({ openFile });
  await ledger.turn();
  const appended = ledger.append(say('a')).then(
    () => 'kept',
    () => 'failed',
  );
  await Promise.resolve();
  await Promise.resolve();
  const turn = ledger.turn().then(() => 'turn');
  t.equal(
    await Promise.race([turn, new Promise((soon) => setTimeout(soon, 50, 'waiting'))]),
    'waiting',
  );
  writing.reject(new Error('EIO'));
  t.equal(await appended, 'failed');
  t.equal(await turn, 'turn');
});
