import t from 'tap';
import type { EntryBody } from '../../src/audit/body.ts';
import { describeUnreadable, findUnreadable } from '../../src/cli/unreadable.ts';
import { fileNames } from '../../src/daemon.ts';
import { openOwnFolder } from '../../src/demo/folder.ts';
import { makeSigningKey, readSigningKey } from '../../src/store/keys.ts';
import { openLedger } from '../../src/store/ledger.ts';
import { createLedger } from '../../src/store/ledger-files.ts';

const DAY_MS = 24 * 3600_000;
const NOW = Date.parse('2026-03-01T12:00:00Z');
const refused = (sender: string, code: string): EntryBody => ({
  ...{ type: 'refused', sender, code, source: { room: '!r:x', event: '$e', session: 's' } },
});

t.test('sessions that could not be read lately, by sender and cause', async (t) => {
  const own = await openOwnFolder('unreadable');
  t.teardown(() => own[Symbol.asyncDispose]());
  const statePath = own.path;
  const signer = readSigningKey(makeSigningKey('example.org/vaktrom/test'));
  const directory = fileNames.audit(statePath);
  await createLedger(directory, signer);
  let now = NOW - 8 * DAY_MS;
  {
    await using ledger = await openLedger({
      ...{ directory, signer, boot: 'b', now: () => now, onEntry() {} },
    });
    await ledger.append(refused('@old:x', 'missing_key'));
    now = NOW - DAY_MS;
    await ledger.append(refused('@alice:x', 'unsigned_device'), refused('@alice:x', 'clear_text'));
    now = NOW - 1000;
    await ledger.append(refused('@alice:x', 'unsigned_device'));
    now = NOW - 2000; // clocks do go back
    await ledger.append(refused('@bob:x', 'missing_key'));
  }
  const found = await findUnreadable({ statePath }, NOW);
  t.hasStrict(found, [
    { sender: '@alice:x', code: 'unsigned_device', count: 2, lastAt: '2026-03-01T11:59:59.000Z' },
    { sender: '@bob:x', code: 'missing_key', count: 1 },
  ]);
  t.equal(found.length, 2);
  t.match(found.map(describeUnreadable), [
    /^@alice:x: 2 sessions could not be read .* not signed by its owner: they verify that session/,
    /^@bob:x: 1 session could not be read .*vaktrom identity verify/,
  ]);
});
