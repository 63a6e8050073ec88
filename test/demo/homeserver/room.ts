import t from 'tap';
import { Room } from '../../../src/demo/homeserver/room.ts';
import { Stream } from '../../../src/demo/homeserver/stream.ts';

const ALICE = '@alice:localhost';
const BOB = '@bob:localhost';

function newRoom() {
  const stream = new Stream();
  const room = new Room('!room:localhost', stream);
  const member = (userId: string, membership: string) =>
    room.append({
      type: 'm.room.member',
      sender: userId,
      state_key: userId,
      content: { membership },
    });
  const say = (body: string) =>
    room.append({ type: 'm.room.message', sender: ALICE, content: { body } });
  return { stream, room, member, say };
}

t.test('any event goes in, with the id and the time that it claims', async (t) => {
  const { room } = newRoom();
  const forged = {
    type: 'm.room.message',
    sender: '@stranger:elsewhere',
    content: { body: 'hello' },
    event_id: '$forged',
    origin_server_ts: 1,
  };
  t.strictSame(room.append(forged), forged);
  t.strictSame(room.find('$forged')?.event, forged);
});

t.test('an event without id and time gets its own', async (t) => {
  const { say } = newRoom();
  const [one, two] = [say('one'), say('two')];
  t.match(one, { event_id: /^\$.{22}$/, origin_server_ts: Number });
  t.not(one.event_id, two.event_id);
});

t.test('entries between two positions are those after the first, up to the second', async (t) => {
  const { room, stream, say } = newRoom();
  say('one');
  const after = stream.position;
  say('two');
  stream.advance(); // something in another room
  say('three');
  const upTo = stream.position;
  say('four');
  const bodies = room.between(after, upTo).map(({ event }) => event.content);
  t.strictSame(bodies, [{ body: 'two' }, { body: 'three' }]);
  t.equal(room.between(stream.position).length, 0);
});

t.test('the state and the members are known as they were at every position', async (t) => {
  const { room, stream, member } = newRoom();
  member(ALICE, 'join');
  const alone = stream.position;
  member(BOB, 'invite');
  member(BOB, 'join');
  const together = stream.position;
  member(BOB, 'leave');
  t.same(room.joined(alone), [ALICE]);
  t.same(room.joined(together), [ALICE, BOB]);
  t.same(room.joined(), [ALICE]);
  t.equal(room.membership(BOB, alone), 'leave');
  t.equal(room.membership(BOB, together), 'join');
  t.equal(room.state(together).length, 2);
});

t.test('a state event remembers what it took the place of', async (t) => {
  const { room, member } = newRoom();
  const invite = member(BOB, 'invite');
  const join = member(BOB, 'join');
  t.strictSame(room.find(join.event_id)?.replaces, invite);
  t.equal(room.find(invite.event_id)?.replaces, undefined);
});

t.test('a redaction empties the event and leaves what the room stands on', async (t) => {
  const { room, member, say } = newRoom();
  const join = member(BOB, 'join');
  const message = say('oops');
  for (const redacts of [join.event_id, message.event_id])
    room.append({ type: 'm.room.redaction', sender: ALICE, content: { redacts } });
  t.strictSame(room.find(message.event_id)?.event.content, {});
  t.hasStrict(room.find(message.event_id)?.redactedBecause, { type: 'm.room.redaction' });
  t.strictSame(room.find(join.event_id)?.event.content, { membership: 'join' });
  t.equal(room.membership(BOB), 'join');
});
