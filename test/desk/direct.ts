import t from 'tap';
import { Standing } from '../../src/audit/standing.ts';
import { openDirect } from '../../src/desk/direct.ts';
import { line } from '../../src/output/block.ts';
import { person, room } from '../support/ids.ts';
import { settle } from '../support/manual-clock.ts';
import { MemoryLedger } from '../support/memory-ledger.ts';
import { RecordingChat } from '../support/recording-chat.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { housePolicy } from './fixtures/house-policy.ts';

const ALICE = person('alice');
const BOB = person('bob');

/** A homeserver that gives out rooms as it likes. */
class Liar extends RecordingChat {
  gives = room('!new:example.org');

  override async openDirect() {
    return this.gives;
  }
}

function open() {
  const chat = new Liar();
  const standing = new Standing();
  const ledger = new MemoryLedger({ onEntry: (entry) => standing.note(entry) });
  const log = new RecordingLog();
  const direct = openDirect({ chat, ledger, standing, log, policy: () => housePolicy() });
  return { chat, ledger, log, direct, standing };
}

t.test('a direct room is made once, and is on record before anything is said there', async (t) => {
  const { chat, direct, ledger } = open();
  const rooms = await Promise.all([direct.open(ALICE), direct.open(ALICE)]);
  t.strictSame(rooms, [chat.gives, chat.gives]);
  t.equal(await direct.open(ALICE), chat.gives);
  t.equal(ledger.written.length, 1);
  t.equal(await direct.open(person('nobody')), undefined);
});

t.test('a shared room that is given out as a new one does not become a direct room', async (t) => {
  const { chat, direct, ledger, log } = open();
  chat.gives = room('!ops:example.org');
  await t.rejects(direct.open(ALICE), { code: /^homeserver_refused$/ });
  direct.tell(ALICE, 'key', [line('for alice only')]);
  await settle();
  t.strictSame([chat.posts, ledger.written], [[], []], 'nothing is said, and nothing remembered');
  t.hasStrict(log.messages, ['not told directly']);
});

t.test('nor does the direct room of somebody else', async (t) => {
  const { direct } = open();
  await direct.open(ALICE);
  await t.rejects(direct.open(BOB), { code: /^homeserver_refused$/ });
});

t.test('nor is one room given to two people who ask at the same time', async (t) => {
  const { direct, standing, ledger } = open();
  const both = await Promise.allSettled([direct.open(ALICE), direct.open(BOB)]);
  t.strictSame(
    both.map((one) => (one.status === 'fulfilled' ? one.value : one.reason.code)),
    [room('!new:example.org'), 'homeserver_refused'],
  );
  t.equal(standing.directRoomOf('bob'), undefined);
  t.equal(ledger.written.length, 1);
});

t.test('a new one takes the place of the one before', async (t) => {
  const { chat, direct, standing, log } = open();
  await direct.open(ALICE);
  direct.tellAnew(ALICE, 'first', [line('in the same room')]);
  await settle();
  t.strictSame(
    [chat.posts, log.messages],
    [[], ['not told directly']],
    'the old one is no new one',
  );
  t.equal(standing.directRoomOf('alice'), chat.gives);
  chat.gives = room('!newer:example.org');
  direct.tellAnew(ALICE, 'second', [line('in the new room')]);
  for (let turns = 0; turns < 5; turns++) await settle();
  t.strictSame(chat.textsIn(chat.gives), ['in the new room']);
  t.equal(await direct.open(ALICE), chat.gives);
  t.equal(chat.posts.length, 1);
  chat.gives = room('!new:example.org');
  await t.rejects(direct.open(BOB), { code: /^homeserver_refused$/ }, 'it was that of alice');
});

t.test(
  'what is told until something happens is blanked then, and failing to is no secret',
  async (t) => {
    const { chat, direct, log } = open();
    const takeBack = direct.tellUntil(ALICE, 'key', [line('a secret')]);
    takeBack(); // at once: before it was even sent
    await direct.open(ALICE);
    await settle();
    t.equal(chat.posts.length, 1);
    t.hasStrict(chat.redacted, [{ room: chat.gives }]);
    const takeBackNext = direct.tellUntil(ALICE, 'other', [line('another')]);
    await settle();
    chat.isAway = true;
    takeBackNext();
    await settle();
    t.hasStrict(log.messages, ['not taken back']);
  },
);
