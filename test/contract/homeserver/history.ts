/** Reading back what was said: events, context, pages, relations, redactions. */
import type { Test } from 'tap';
import {
  isObject,
  type JsonObject,
  listAt,
  objectAt,
  textAt,
} from '../../../src/demo/homeserver/json.ts';
import {
  newDevice,
  type RawDevice,
  refused,
  roomOf,
  type ServerUnderTest,
  unique,
} from '../raw.ts';

const NOT_FOUND = { status: 404, errcode: 'M_NOT_FOUND' };

const chunkOf = (page: JsonObject): readonly JsonObject[] => listAt(page, 'chunk').filter(isObject);
const bodyOf = (event: JsonObject) => textAt(objectAt(event, 'content'), 'body');

export async function testHistory(t: Test, server: ServerUnderTest): Promise<void> {
  const alice = await newDevice(server);
  const bob = await newDevice(server);
  const roomId = await roomOf(alice, bob);
  const room = `/rooms/${roomId}`;

  await t.test('an event is read by its id', async (t) => {
    const eventId = await alice.say(roomId, 'hello');
    t.hasStrict(await bob.get(`GET ${room}/event/${eventId}`), {
      event_id: eventId,
      room_id: roomId,
      sender: alice.userId,
      type: 'm.room.message',
      content: { msgtype: 'm.text', body: 'hello' },
    });
    t.match(await bob.get(`GET ${room}/event/${eventId}`), { origin_server_ts: Number });
    refused(t, await bob.ask(`GET ${room}/event/$none`), NOT_FOUND);
  });

  await t.test('pages join without a gap or an overlap, in both directions', async (t) => {
    const { roomId, bodies } = await roomWithMessages(alice, 7);
    const backwards = await allPages(alice, roomId, 'b');
    t.same(backwards.map(bodyOf).filter(Boolean), bodies.toReversed());
    const forwards = await allPages(alice, roomId, 'f');
    t.same(forwards.map(bodyOf).filter(Boolean), bodies);
    t.same(
      forwards.map((event) => textAt(event, 'event_id')),
      backwards.map((event) => textAt(event, 'event_id')).reverse(),
    );
  });

  await t.test('the context of an event is what stands before and after it', async (t) => {
    const { roomId, eventIds } = await roomWithMessages(alice, 5);
    const context = await alice.get(`GET /rooms/${roomId}/context/${eventIds[2]}?limit=2`);
    const named = (key: string) => listAt(context, key).map((event) => Object(event).event_id);
    t.hasStrict(context, { event: { event_id: eventIds[2] } });
    t.same(named('events_before'), [eventIds[1]]);
    t.same(named('events_after'), [eventIds[3]]);
    refused(t, await alice.ask(`GET /rooms/${roomId}/context/$none`), NOT_FOUND);
  });

  await t.test('relations are found by the event they point to, newest first', async (t) => {
    const root = await alice.say(roomId, 'root');
    const relates = (rel_type: string, more: JsonObject = {}) => ({
      'm.relates_to': { rel_type, event_id: root, ...more },
    });
    const reply = await bob.say(roomId, 'in thread', relates('m.thread'));
    const send = `PUT ${room}/send/m.reaction/${unique()}`;
    const reaction = await bob.get(send, relates('m.annotation', { key: 'x' }));
    const relations = `GET /_matrix/client/v1${room}/relations/${root}`;
    const found = async (path: string) =>
      chunkOf(await alice.get(relations + path)).map((event) => textAt(event, 'event_id'));
    t.same(await found(''), [textAt(reaction, 'event_id'), reply]);
    t.same(await found('/m.thread'), [reply]);
    t.same(await found('/m.thread/m.reaction'), []);
  });

  await t.test('a redacted event keeps its place and loses its content', async (t) => {
    const eventId = await bob.say(roomId, 'wrong room');
    const redaction = await bob.get(`PUT ${room}/redact/${eventId}/${unique()}`, {
      reason: 'oops',
    });
    const left = await alice.get(`GET ${room}/event/${eventId}`);
    const { content } = left;
    t.strictSame(content, {});
    const because = { event_id: textAt(redaction, 'event_id'), content: { reason: 'oops' } };
    t.hasStrict(left, { sender: bob.userId, unsigned: { redacted_because: because } });
    const [latest] = chunkOf(await alice.get(`GET ${room}/messages?dir=b&limit=1`));
    t.hasStrict(latest, {
      type: 'm.room.redaction',
      redacts: eventId,
      content: { redacts: eventId },
    });
  });

  await t.test('who left reads up to the leaving and no further', async (t) => {
    const guest = await newDevice(server);
    const roomId = await roomOf(alice, guest);
    await alice.say(roomId, 'before');
    await guest.get(`POST /rooms/${roomId}/leave`, {});
    await alice.say(roomId, 'after');
    const seen = (await allPages(guest, roomId, 'b')).map(bodyOf);
    t.ok(seen.includes('before'));
    t.notOk(seen.includes('after'));
  });
}

async function roomWithMessages(device: RawDevice, count: number) {
  const roomId = await device.createRoom();
  const bodies = Array.from({ length: count }, (_, i) => `message ${i}`);
  const eventIds: string[] = [];
  for (const body of bodies) eventIds.push(await device.say(roomId, body));
  return { roomId, bodies, eventIds };
}

/** Every event of the room, three at a time. */
async function allPages(device: RawDevice, roomId: string, dir: 'b' | 'f'): Promise<JsonObject[]> {
  const events: JsonObject[] = [];
  for (let from = ''; ; ) {
    const page = await device.get(`GET /rooms/${roomId}/messages?dir=${dir}&limit=3${from}`);
    events.push(...chunkOf(page));
    const end = textAt(page, 'end');
    if (end === undefined || chunkOf(page).length === 0) return events;
    from = `&from=${end}`;
  }
}
