/** Looks at one room, one after the other: an older answer never stands for a newer one. */
import t from 'tap';
import { openPostures } from '../../src/desk/postures.ts';
import type { Posture } from '../../src/policy/model.ts';
import type { RoomFacts } from '../../src/policy/posture.ts';
import { room, roomName } from '../support/ids.ts';
import { settle } from '../support/manual-clock.ts';
import { MemoryLedger } from '../support/memory-ledger.ts';
import { RecordingChat, TIDY } from '../support/recording-chat.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { housePolicy } from './fixtures/house-policy.ts';

const POSTURE: Posture = {
  ...{ encrypted: true, inviteOnly: true, membersInPolicy: false, noGuests: false },
  ...{ history: undefined, servers: undefined, maxMembers: undefined },
};
const NAMES = [roomName('danger'), roomName('other')] as const;

/** Answers when the test says so, in any order. */
class SlowChat extends RecordingChat {
  readonly asked: PromiseWithResolvers<RoomFacts>[] = [];

  override roomFacts(): Promise<RoomFacts> {
    const question = Promise.withResolvers<RoomFacts>();
    this.asked.push(question);
    return question.promise;
  }
}

function open() {
  const chat = new SlowChat();
  const rooms = new Map(
    NAMES.map((name) => [name, { name, id: room(`!${name}:example.org`), posture: POSTURE }]),
  );
  const policy = { ...housePolicy(), rooms };
  const postures = openPostures({
    ...{ chat, ledger: new MemoryLedger(), log: new RecordingLog(), policy: () => policy },
    nonce: () => 'nonce',
  });
  return { chat, postures };
}

t.test('a room is asked about again when the answer before has come', async (t) => {
  const { chat, postures } = open();
  const [danger] = NAMES;
  const looks = [postures.look(danger), postures.look(danger)];
  await settle();
  t.equal(chat.asked.length, 1);
  chat.asked[0]?.resolve({ ...TIDY, encrypted: false });
  await looks[0];
  t.equal(postures.drift(danger), 'the room is not encrypted');
  await settle();
  t.equal(chat.asked.length, 2);
  chat.asked[1]?.resolve(TIDY);
  await looks[1];
  t.equal(postures.drift(danger), undefined);
});

t.test('rooms do not wait for each other', async (t) => {
  const { chat, postures } = open();
  for (const name of NAMES) postures.look(name);
  await settle();
  t.equal(chat.asked.length, 2);
});
