import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type Entry, formatEntry } from '../../src/audit/entry.ts';
import { formatVerifierKey } from '../../src/audit/note.ts';
import { auditVerify } from '../../src/cli/audit.ts';
import { Guardroom } from '../support/guardroom.ts';
import { signer } from '../support/signer.ts';
import { noteOver } from '../support/small-log.ts';
import { SoftPasskey } from '../support/soft-passkey.ts';

const party = { id: 'localhost', origin: 'http://localhost:8480' };

/** What the log has of a deployment that bob has signed off with his passkey. */
async function makeEntries(): Promise<readonly Entry[]> {
  const room = new Guardroom(party);
  const bob = new SoftPasskey(party);
  await room.enrol('bob', bob);
  await room.ask('deploy', { service: 'web' });
  const token = room.told('bob');
  const asked = await room.ceremonies.begin(token, { act: 'approve', typed: '' });
  if (!asked.ok) throw new Error(asked.error);
  await room.ceremonies.finish(token, { answer: bob.get(asked.value.options), remark: '' });
  return room.ledger.written;
}

/** Signed by the log's own key, as somebody who has taken it could. */
async function verify(t: Test, entries: readonly Entry[], change = {}) {
  const log = join(t.testdir(), 'audit');
  await mkdir(log);
  const lines = entries.map(formatEntry);
  await writeFile(join(log, 'log.jsonl'), lines.map((line) => `${line}\n`).join(''));
  await writeFile(join(log, 'checkpoints'), `${noteOver(lines)}\n`);
  const out: string[] = [];
  const io = { out: (line: string) => void out.push(line), err: () => {}, ask: undefined };
  const options = { log, key: formatVerifierKey(signer), json: false, receipts: true, ...change };
  return { code: await auditVerify(options, io), out };
}

t.test('the signatures of passkeys are counted where all of them hold', async (t) => {
  const { code, out } = await verify(t, await makeEntries());
  t.equal(code, 0);
  t.match(out, [/^intact: /, /^receipts: 1 signature of passkeys, all good$/]);
});

t.test('a forged one is named, though the log is signed as it is', async (t) => {
  const entries = await makeEntries();
  const at = entries.findIndex(({ type }) => type === 'approval');
  const forged = entries.map((entry) =>
    entry.type === 'approval' ? { ...entry, actor: { ...entry.actor, person: 'dave' } } : entry,
  );
  const { code, out } = await verify(t, forged);
  t.equal(code, 1);
  t.match(out, [
    /^intact: /,
    new RegExp(`^entry ${at}, a passkey's receipt: dave had no such passkey$`),
    /^BAD RECEIPTS: 1 finding, 1 signature checked$/,
  ]);
  t.equal((await verify(t, forged, { receipts: false })).code, 0, 'only where it is asked for');
  const json = await verify(t, forged, { json: true });
  t.hasStrict(JSON.parse(json.out.join()), {
    verdict: 'intact',
    receipts: { checked: 1, bad: [{ seq: at, why: 'dave had no such passkey' }] },
  });
});
