import t from 'tap';
import { createRoom } from '../../../src/demo/homeserver/create-room.ts';
import { authorise, readableUntil } from '../../../src/demo/homeserver/room-rules.ts';
import { emptyState } from '../../../src/demo/homeserver/state.ts';

const [ALICE, BOB, CAROL] = ['@alice:localhost', '@bob:localhost', '@carol:localhost'];

/** Alice's room with Bob in it, and what the rules say to an event. */
function room() {
  const state = emptyState('localhost');
  const room = createRoom(state, state.accounts.register('alice', 'pw'), {});
  const membership = (sender: string, state_key: string, membership: string) => ({
    type: 'm.room.member',
    sender,
    state_key,
    content: { membership },
  });
  room.append(membership(ALICE, BOB, 'invite'));
  room.append(membership(BOB, BOB, 'join'));
  const may = (draft: Parameters<typeof authorise>[1]) => {
    try {
      authorise(room, draft);
      return true;
    } catch {
      return false;
    }
  };
  return { room, membership, may };
}

t.test('a membership changes only as the rules say', async (t) => {
  const { membership, may } = room();
  const cases: readonly (readonly [string, string, string, boolean])[] = [
    [CAROL, CAROL, 'join', false],
    [ALICE, CAROL, 'join', false],
    [ALICE, CAROL, 'invite', true],
    [BOB, CAROL, 'invite', true],
    [CAROL, CAROL, 'invite', false],
    [BOB, BOB, 'leave', true],
    [CAROL, CAROL, 'leave', false],
    [ALICE, BOB, 'leave', true],
    [BOB, ALICE, 'leave', false],
    [ALICE, CAROL, 'leave', false],
    [ALICE, CAROL, 'ban', true],
    [BOB, CAROL, 'ban', false],
    [ALICE, ALICE, 'ban', false],
    [ALICE, BOB, 'owner', false],
  ];
  for (const [sender, target, to, allowed] of cases)
    t.equal(may(membership(sender, target, to)), allowed, `${sender} makes ${target} ${to}`);
});

t.test('a level that the room sets for a type is the one that counts', async (t) => {
  const { room: it, may } = room();
  const say = { type: 'm.room.message', sender: BOB, content: {} };
  t.equal(may(say), true);
  it.append({
    type: 'm.room.power_levels',
    sender: ALICE,
    state_key: '',
    content: { users: { [BOB]: 10 }, events: { 'm.room.message': 20 } },
  });
  t.equal(may(say), false);
  t.equal(may({ ...say, type: 'm.reaction' }), true);
  t.equal(may({ ...say, type: 'm.room.topic', state_key: '' }), false, 'state needs 50');
});

t.test('a room is read by members, and by who left up to the leaving', async (t) => {
  const { room: it, membership } = room();
  t.equal(readableUntil(it, BOB), Number.POSITIVE_INFINITY);
  it.append(membership(BOB, BOB, 'leave'));
  t.equal(readableUntil(it, BOB), it.memberEntry(BOB)?.position);
  t.throws(() => readableUntil(it, CAROL), { message: /M_FORBIDDEN/ });
  it.append(membership(ALICE, CAROL, 'invite'));
  t.throws(() => readableUntil(it, CAROL), { message: /M_FORBIDDEN/ });
});
