import { appendFile, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { formatVerifierKey } from '../../src/audit/note.ts';
import {
  type AuditOptions,
  auditHead,
  auditShow,
  auditVerify,
  defaultAuditPaths,
} from '../../src/cli/audit.ts';
import type { Io } from '../../src/cli/io.ts';
import { type LedgerFolder, newLedgerFolder, say } from '../support/ledger-folder.ts';
import { otherSigner, signer } from '../support/signer.ts';

const KEY = formatVerifierKey(signer);

interface Audited extends LedgerFolder {
  readonly head: string;
}

/** A log of four entries, one of them with a control sequence and a mark of direction in it. */
async function newLog(t: Test): Promise<Audited> {
  const folder = await newLedgerFolder(t);
  await using ledger = await folder.open();
  await ledger.append(say('a'));
  await ledger.append(say('b\x1b[31m\u202e'), say('c'));
  await ledger.append(say('d'));
  return { ...folder, head: ledger.head().note };
}

type Command = (options: AuditOptions, io: Io) => Promise<number>;

async function run(command: Command, { directory }: LedgerFolder, change = {}) {
  const out: string[] = [];
  const io: Io = { out: (line) => out.push(line), err: () => {}, ask: undefined };
  const code = await command({ log: directory, key: KEY, json: false, ...change }, io);
  return { code, out };
}

t.test('an intact log is said to be, with its root', async (t) => {
  const folder = await newLog(t);
  const root = folder.head.split('\n')[2];
  t.strictSame(await run(auditVerify, folder), {
    code: 0,
    out: [`intact: 4 entries, signed by test.example/log as ${root}`],
  });
  const { out } = await run(auditVerify, folder, { json: true });
  t.strictSame(JSON.parse(out.join()), {
    verdict: 'intact',
    entries: 4,
    head: { origin: 'test.example/log', size: 4, root },
    findings: [],
  });
});

t.test('the key may be in a file', async (t) => {
  const folder = await newLog(t);
  const key = join(folder.directory, 'key');
  await writeFile(key, `${KEY}\n`);
  t.equal((await run(auditVerify, folder, { key })).code, 0);
  await writeFile(key, 'no key');
  await t.rejects(run(auditVerify, folder, { key }), { code: /^usage$/ });
  await t.rejects(run(auditVerify, folder, { key: `${key}.absent` }), {
    code: /^audit_incomplete$/,
  });
});

t.test('a log that was tampered with is said to be, entry by entry', async (t) => {
  const folder = await newLog(t);
  const lines = (await readFile(folder.log, 'utf8')).split('\n');
  await writeFile(folder.log, lines.toSpliced(1, 1).join('\n'));
  t.strictSame(await run(auditVerify, folder), {
    code: 1,
    out: ['entry 1 is missing', 'TAMPERED: 3 entries, 1 finding'],
  });
  const { out, code } = await run(auditVerify, folder, { json: true });
  t.equal(code, 1);
  t.hasStrict(JSON.parse(out.join()), {
    verdict: 'tampered',
    findings: [{ kind: 'missing', from: 1, to: 1 }],
  });
});

t.test("with another log's key, nothing is proven", async (t) => {
  const { code, out } = await run(auditVerify, await newLog(t), {
    key: formatVerifierKey(otherSigner),
  });
  t.equal(code, 1);
  t.match(out.join('\n'), /number 1 is not signed by.*\n.*there is none that counts\nTAMPERED/s);
});

t.test('an unfinished commit is told apart from an attack', async (t) => {
  const folder = await newLog(t);
  await appendFile(folder.log, '{"torn');
  const { code, out } = await run(auditVerify, folder);
  t.equal(code, 3);
  t.match(out, [
    /^6 bytes of an unfinished entry at the end$/,
    /^incomplete: 4 entries; what is covered is intact, signed by/,
  ]);
});

t.test('no byte of the files can be changed, put in or taken out unseen', async (t) => {
  const folder = await newLedgerFolder(t);
  {
    await using ledger = await folder.open();
    await ledger.append(say('a'));
    await ledger.append(say('b'), say('c'));
  }
  let count = 0;
  for (const path of [folder.log, folder.checkpoints]) {
    const bytes = await readFile(path);
    for (let at = 0; at < bytes.length; at++) {
      const [before, after] = [bytes.subarray(0, at), bytes.subarray(at + 1)];
      const other = [(bytes[at] ?? 0) ^ (1 << (at % 8)), 0x0a, 0x20][at % 3] ?? 0;
      const removed = Buffer.concat([before, after]);
      const inserted = Buffer.concat([before, Uint8Array.of(other), bytes.subarray(at)]);
      const edited = Buffer.concat([before, Uint8Array.of(other), after]);
      const otherwise = [removed, inserted, before][count++ % 3] ?? before;
      for (const content of other === bytes[at] ? [otherwise] : [edited, otherwise]) {
        await writeFile(path, content);
        const { verdict } = await folder.verify();
        if (verdict === 'intact') t.fail(`${path}: a change at byte ${at} is not seen`);
      }
    }
    await writeFile(path, bytes);
  }
  t.hasStrict(await folder.verify(), { verdict: 'intact' });
  t.ok(count > 700, `${count} bytes`);
});

t.test('what is missing or no file cannot be told', async (t) => {
  const breaks: readonly ((folder: LedgerFolder) => Promise<unknown>)[] = [
    ({ log }) => rm(log),
    ({ checkpoints }) => rm(checkpoints),
    async ({ log }) => {
      await rm(log);
      await mkdir(log);
    },
  ];
  for (const break_ of breaks) {
    const folder = await newLog(t);
    await break_(folder);
    await t.rejects(run(auditVerify, folder), { name: /^Fault$/, code: /^audit_incomplete$/ });
  }
});

t.test('entries are shown one a line, and nothing in them reaches the terminal', async (t) => {
  const { code, out } = await run(auditShow, await newLog(t));
  t.equal(code, 0);
  t.equal(out.length, 4);
  t.equal(out[0], '     0  2026-01-05T10:00:00.000Z  shutdown       reason=a');
  t.match(out[1], /reason=b\\u\{1b\}\[31m\\u\{202e\}$/);
});

t.test('as JSON they are what is stored', async (t) => {
  const folder = await newLog(t);
  const { out } = await run(auditShow, folder, { json: true });
  t.equal(`${out.join('\n')}\n`, await readFile(folder.log, 'utf8'));
});

t.test('a line that is no entry is shown to be none', async (t) => {
  const folder = await newLog(t);
  await appendFile(folder.log, 'hello \x1b]0;x\x07\n{"torn');
  const { out } = await run(auditShow, folder);
  t.strictSame(out.slice(4), ['? hello \\u{1b}]0;x\\u{7} is not JSON']);
});

t.test('the head is the last whole note', async (t) => {
  const folder = await newLog(t);
  t.strictSame(await run(auditHead, folder), {
    code: 0,
    out: folder.head.trimEnd().split('\n'),
  });
  const { out } = await run(auditHead, folder, { json: true });
  t.strictSame(JSON.parse(out.join()), { note: folder.head });
  await appendFile(folder.checkpoints, 'torn \x1b[31m');
  t.strictSame((await run(auditHead, folder)).out, folder.head.trimEnd().split('\n'));
  await appendFile(folder.checkpoints, '\n\n— x y\n\n');
  t.match((await run(auditHead, folder)).out[0], /^torn \\u\{1b\}\[31m$/);
  await truncate(folder.checkpoints, 0);
  await t.rejects(run(auditHead, folder), { code: /^audit_incomplete$/ });
});

t.test('the log and the key of a vaktrom directory are where they are put', async (t) => {
  t.strictSame(defaultAuditPaths('/etc/vaktrom', '/var/lib/vaktrom'), {
    log: '/var/lib/vaktrom/audit',
    key: '/etc/vaktrom/audit.pub',
  });
});
