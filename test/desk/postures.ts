import t from 'tap';
import { openPostures } from '../../src/desk/postures.ts';
import type { Room } from '../../src/policy/model.ts';
import { room, roomName } from '../support/ids.ts';
import { MemoryLedger } from '../support/memory-ledger.ts';
import { RecordingChat, TIDY } from '../support/recording-chat.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { housePolicy } from './fixtures/house-policy.ts';

const DANGER = roomName('danger');
const DANGER_ID = room('!danger:example.org');
const OPS = roomName('ops');

function open() {
  const chat = new RecordingChat();
  const ledger = new MemoryLedger();
  const posture: NonNullable<Room['posture']> = {
    ...{ encrypted: true, inviteOnly: true, membersInPolicy: false, noGuests: false },
    ...{ history: undefined, servers: undefined, maxMembers: undefined },
  };
  const danger = { name: DANGER, id: DANGER_ID, posture };
  const before = housePolicy();
  const policy = { ...before, rooms: new Map([...before.rooms, [DANGER, danger]]) };
  let count = 0;
  const parts = { chat, ledger, policy: () => policy, log: new RecordingLog() };
  const postures = openPostures({ ...parts, nonce: () => `${count++}` });
  const types = () => ledger.written.map(({ type }) => type);
  return { chat, postures, types };
}

t.test('a room that was not looked at yet is not as demanded', async (t) => {
  const { postures, types } = open();
  t.equal(postures.drift(DANGER), 'it was not looked at yet');
  t.equal(postures.drift(OPS), undefined, 'of one without demands, nothing is demanded');
  await postures.look(DANGER);
  t.equal(postures.drift(DANGER), undefined);
  t.strictSame(types(), [], 'and what is as it should be is no news');
});

t.test('a room that drifts is closed, once and on record, until it is as demanded', async (t) => {
  const { chat, postures, types } = open();
  chat.facts.set(DANGER_ID, { ...TIDY, joinRule: 'public' });
  await postures.look(DANGER);
  await postures.look(DANGER);
  t.equal(postures.drift(DANGER), 'people can join without an invitation (join rule public)');
  t.strictSame(types(), ['room.closed']);
  t.strictSame(chat.textsIn(DANGER_ID), [
    'This room is closed for changes: people can join without an invitation (join rule public).',
  ]);
  chat.facts.set(DANGER_ID, TIDY);
  await postures.look(DANGER);
  t.equal(postures.drift(DANGER), undefined);
  t.strictSame(types(), ['room.closed', 'room.opened']);
  t.equal(
    chat.textsIn(DANGER_ID).at(-1),
    'This room is as the policy demands it again: changes can be asked for.',
  );
});

t.test('a room that cannot be looked at is closed', async (t) => {
  const { chat, postures } = open();
  chat.isAway = true;
  await postures.look(DANGER);
  t.match(postures.drift(DANGER), /its state cannot be read/);
});

t.test('the answer to an older question does not stand for a newer one', async (t) => {
  const { chat, postures } = open();
  const release = chat.hold();
  const first = postures.look(DANGER);
  const second = postures.look(DANGER);
  chat.facts.set(DANGER_ID, { ...TIDY, encrypted: false });
  release();
  await Promise.all([first, second]);
  t.equal(postures.drift(DANGER), 'the room is not encrypted');
});
