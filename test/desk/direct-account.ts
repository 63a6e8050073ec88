/** Of several accounts of a person, the one that is told what is for nobody else. */
import t from 'tap';
import { Standing } from '../../src/audit/standing.ts';
import { openDirect } from '../../src/desk/direct.ts';
import type { Account } from '../../src/policy/model.ts';
import { person, user } from '../support/ids.ts';
import { MemoryLedger } from '../support/memory-ledger.ts';
import { RecordingChat } from '../support/recording-chat.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { housePolicy } from './fixtures/house-policy.ts';

const ALICE = person('alice');
const account = (name: string, identity?: string): Account => ({
  ...{ id: user(`@${name}:example.org`), identity },
});

async function openedFor(...accounts: readonly Account[]) {
  const chat = new RecordingChat();
  const policy = housePolicy();
  const one = policy.people.get(ALICE);
  if (!one) throw new Error('no alice');
  const people = new Map([...policy.people, [ALICE, { ...one, accounts }]]);
  const ledger = new MemoryLedger();
  const direct = openDirect({
    ...{ chat, ledger, standing: new Standing(), log: new RecordingLog() },
    policy: () => ({ ...policy, people }),
  });
  await direct.open(ALICE);
  return {
    opened: chat.opened.map(([who]) => who),
    recorded: ledger.written.map((e) => (e.type === 'direct' ? [e.person, e.account] : e.type)),
  };
}

t.test('the one whose identity is pinned, wherever it stands', async (t) => {
  const [plain, pinned] = [account('alice-old'), account('alice', 'KEY')];
  for (const accounts of [
    [plain, pinned],
    [pinned, plain],
  ])
    t.strictSame(await openedFor(...accounts), {
      opened: [pinned.id],
      recorded: [['alice', pinned.id]],
    });
});

t.test('the first, where none is pinned; nobody, where there is none', async (t) => {
  const [one, two] = [account('alice'), account('alice-old')];
  t.strictSame((await openedFor(one, two)).opened, [one.id]);
  t.strictSame(await openedFor(), { opened: [], recorded: [] });
});
