/** `sync`: nothing is lost, nothing comes twice, and a waiting client is woken. */
import type { Test } from 'tap';
import {
  isObject,
  type JsonObject,
  listAt,
  objectAt,
  textAt,
} from '../../../src/demo/homeserver/json.ts';
import { newDevice, roomIn, roomOf, type ServerUnderTest, signIn, unique } from '../raw.ts';

/** Whoever waits that long was not woken. */
const LONG_MS = 300_000;

const eventsOf = (section: JsonObject): readonly JsonObject[] =>
  listAt(section, 'events').filter(isObject);
const timelineOf = (answer: JsonObject, roomId: string): readonly JsonObject[] =>
  eventsOf(objectAt(roomIn(answer, 'join', roomId), 'timeline'));
const bodiesOf = (answer: JsonObject, roomId: string) =>
  timelineOf(answer, roomId)
    .map((event) => textAt(objectAt(event, 'content'), 'body'))
    .filter((body) => body !== undefined);
const next = (answer: JsonObject): string => textAt(answer, 'next_batch') ?? '';

export async function testSync(t: Test, server: ServerUnderTest): Promise<void> {
  await t.test('an invitation shows the room and who invites', async (t) => {
    const [alice, bob] = [await newDevice(server), await newDevice(server)];
    const since = await bob.now();
    const algorithm = 'm.megolm.v1.aes-sha2';
    const encryption = { type: 'm.room.encryption', state_key: '', content: { algorithm } };
    const roomId = await alice.createRoom({
      name: 'Ops',
      invite: [bob.userId],
      initial_state: [encryption],
    });
    for (const answer of [await bob.sync(since), await bob.sync()]) {
      const shown = eventsOf(objectAt(roomIn(answer, 'invite', roomId), 'invite_state'));
      const find = (type: string, stateKey = '') =>
        shown.find((e) => textAt(e, 'type') === type && textAt(e, 'state_key') === stateKey);
      t.hasStrict(find('m.room.name'), { content: { name: 'Ops' } });
      t.hasStrict(find('m.room.encryption'), { content: { algorithm } });
      t.hasStrict(find('m.room.member', alice.userId), { content: { membership: 'join' } });
      const own = { sender: alice.userId, content: { membership: 'invite' } };
      t.hasStrict(find('m.room.member', bob.userId), own);
    }
  });

  await t.test(
    'joining shows the room with all its state, leaving shows the leaving',
    async (t) => {
      const [alice, bob] = [await newDevice(server), await newDevice(server)];
      const roomId = await roomOf(alice, bob);
      const first = await bob.sync();
      const known = [
        ...eventsOf(objectAt(roomIn(first, 'join', roomId), 'state')),
        ...timelineOf(first, roomId),
      ].map((event) => textAt(event, 'type'));
      for (const type of ['create', 'member', 'power_levels', 'join_rules'])
        t.ok(known.includes(`m.room.${type}`), type);
      await alice.say(roomId, 'last words');
      await bob.get(`POST /rooms/${roomId}/leave`, {});
      await alice.say(roomId, 'not for bob');
      const left = await bob.sync(next(first));
      const events = eventsOf(objectAt(roomIn(left, 'leave', roomId), 'timeline'));
      t.equal(textAt(events[0] ?? {}, 'sender'), alice.userId);
      t.hasStrict(events.at(-1), { state_key: bob.userId, content: { membership: 'leave' } });
      t.equal(events.length, 2);
      t.strictSame((await bob.sync(next(left)))['rooms'], undefined);
      t.strictSame((await bob.sync())['rooms'], undefined, 'an initial sync has no left rooms');
    },
  );

  await t.test('an invitation that is declined, a kick and a return are all told', async (t) => {
    const [alice, bob] = [await newDevice(server), await newDevice(server)];
    const roomId = await alice.createRoom({ invite: [bob.userId] });
    const invited = await bob.sync();
    await bob.get(`POST /rooms/${roomId}/leave`, {});
    const declined = await bob.sync(next(invited));
    t.ok(Object.keys(roomIn(declined, 'leave', roomId)).length > 0);
    await alice.get(`POST /rooms/${roomId}/invite`, { user_id: bob.userId });
    await bob.get(`POST /rooms/${roomId}/join`, {});
    const back = await bob.sync(next(declined));
    t.ok(timelineOf(back, roomId).length > 0);
    await alice.get(`POST /rooms/${roomId}/kick`, { user_id: bob.userId, reason: 'test' });
    const kicked = roomIn(await bob.sync(next(back)), 'leave', roomId);
    t.hasStrict(eventsOf(objectAt(kicked, 'timeline')).at(-1), {
      sender: alice.userId,
      content: { membership: 'leave', reason: 'test' },
    });
  });

  await t.test('syncing on from each token gives every message once, in order', async (t) => {
    const [alice, bob] = [await newDevice(server), await newDevice(server)];
    const roomId = await roomOf(alice, bob);
    const said: string[] = [];
    const heard: string[] = [];
    let since = await bob.now();
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < round; i++) {
        said.push(`${round}.${i}`);
        await alice.say(roomId, `${round}.${i}`);
      }
      const answer = await bob.sync(since);
      heard.push(...bodiesOf(answer, roomId));
      const lost = await bob.sync(since);
      t.same(bodiesOf(lost, roomId), bodiesOf(answer, roomId), 'asked again with the same token');
      since = next(answer);
    }
    t.same(heard, said);
  });

  await t.test('a gap is marked, and the page before it joins on', async (t) => {
    const [alice, bob] = [await newDevice(server), await newDevice(server)];
    const roomId = await roomOf(alice, bob);
    const since = await bob.now();
    for (let i = 0; i < 5; i++) await alice.say(roomId, `message ${i}`);
    const filter = { room: { timeline: { limit: 2 } } };
    const room = roomIn(await bob.sync(since, { filter }), 'join', roomId);
    const timeline = objectAt(room, 'timeline');
    t.equal(timeline['limited'], true);
    t.same(
      eventsOf(timeline).map((e) => textAt(objectAt(e, 'content'), 'body')),
      ['message 3', 'message 4'],
    );
    const from = textAt(timeline, 'prev_batch');
    const page = await bob.get(`GET /rooms/${roomId}/messages?dir=b&limit=3&from=${from}`);
    t.hasStrict(page, {
      chunk: [
        { content: { body: 'message 2' } },
        { content: { body: 'message 1' } },
        { content: { body: 'message 0' } },
      ],
    });
  });

  await t.test('state that fell into a gap is told beside the timeline', async (t) => {
    const [alice, bob] = [await newDevice(server), await newDevice(server)];
    const roomId = await roomOf(alice, bob);
    const since = await bob.now();
    await alice.get(`PUT /rooms/${roomId}/state/m.room.topic/`, { topic: 'new' });
    for (let i = 0; i < 3; i++) await alice.say(roomId, `message ${i}`);
    const filter = { room: { timeline: { limit: 2 } } };
    const room = roomIn(await bob.sync(since, { filter }), 'join', roomId);
    t.hasStrict(eventsOf(objectAt(room, 'state')), [
      { type: 'm.room.topic', content: { topic: 'new' } },
    ]);
  });

  await t.test('a transaction id is shown to the device that used it, only', async (t) => {
    const alice = await newDevice(server);
    const other = await signIn(server, alice.account);
    const roomId = await alice.createRoom();
    const [since, otherSince] = [await alice.now(), await other.now()];
    const txnId = unique();
    const message = { msgtype: 'm.text', body: 'hello' };
    await alice.get(`PUT /rooms/${roomId}/send/m.room.message/${txnId}`, message);
    const [own] = timelineOf(await alice.sync(since), roomId);
    t.hasStrict(own, { unsigned: { transaction_id: txnId } });
    const [seen] = timelineOf(await other.sync(otherSince), roomId);
    t.hasStrict(seen, { content: message });
    t.notOk('transaction_id' in objectAt(seen ?? {}, 'unsigned'));
  });

  await t.test('a redaction comes as an event of its own', async (t) => {
    const [alice, bob] = [await newDevice(server), await newDevice(server)];
    const roomId = await roomOf(alice, bob);
    const eventId = await alice.say(roomId, 'oops');
    const since = await bob.now();
    await alice.get(`PUT /rooms/${roomId}/redact/${eventId}/${unique()}`, {});
    t.hasStrict(timelineOf(await bob.sync(since), roomId), [
      { type: 'm.room.redaction', redacts: eventId, content: { redacts: eventId } },
    ]);
    t.notOk(bodiesOf(await bob.sync(), roomId).includes('oops'));
  });

  await t.test('a waiting sync is woken by a message, at once', async (t) => {
    const [alice, bob] = [await newDevice(server), await newDevice(server)];
    const roomId = await roomOf(alice, bob);
    const startedAt = Date.now();
    const waiting = bob.sync(await bob.now(), { timeoutMs: LONG_MS });
    await alice.say(roomId, 'wake up');
    t.same(bodiesOf(await waiting, roomId), ['wake up']);
    t.ok(Date.now() - startedAt < LONG_MS / 2);
  });

  await t.test('a waiting sync is woken by a to-device message and by account data', async (t) => {
    const alice = await newDevice(server);
    const since = await alice.now();
    const first = alice.sync(since, { timeoutMs: LONG_MS });
    const messages = { [alice.userId]: { [alice.deviceId]: { n: 1 } } };
    await alice.get(`PUT /sendToDevice/x.test/${unique()}`, { messages });
    const woken = await first;
    t.hasStrict(woken, { to_device: { events: [{ type: 'x.test', content: { n: 1 } }] } });
    const second = alice.sync(next(woken), { timeoutMs: LONG_MS });
    await alice.get(`PUT /user/${alice.userId}/account_data/x.test`, { n: 2 });
    t.hasStrict(await second, {
      account_data: { events: [{ type: 'x.test', content: { n: 2 } }] },
    });
  });

  await t.test('a sync with nothing to say waits as long as it was told to', async (t) => {
    const alice = await newDevice(server);
    const since = await alice.now();
    const startedAt = Date.now();
    const answer = await alice.sync(since, { timeoutMs: 300 });
    t.ok(Date.now() - startedAt >= 290);
    t.same(
      ['rooms', 'to_device', 'device_lists', 'account_data'].filter((key) => key in answer),
      [],
    );
    t.match(answer, { next_batch: String, device_one_time_keys_count: {} });
  });

  await t.test('to-device messages stay until the token after them is used', async (t) => {
    const [alice, bob] = [await newDevice(server), await newDevice(server)];
    const phone = await signIn(server, bob.account);
    const since = await bob.now();
    const send = `PUT /sendToDevice/x.test/${unique()}`;
    const to = (content: JsonObject) => ({ messages: { [bob.userId]: content } });
    await alice.get(send, to({ [bob.deviceId]: { n: 1 } }));
    await alice.get(send, to({ [bob.deviceId]: { n: 'the same transaction' } }));
    await alice.get(`PUT /sendToDevice/x.test/${unique()}`, to({ '*': { n: 2 } }));
    await alice.get(`PUT /sendToDevice/x.test/${unique()}`, to({ '*': { n: 3 }, NONE: {} }));
    const heard = (answer: JsonObject) =>
      eventsOf(objectAt(answer, 'to_device')).map((event) => objectAt(event, 'content')['n']);
    const first = await bob.sync(since);
    t.same(heard(first), [1, 2]);
    t.equal(textAt(eventsOf(objectAt(first, 'to_device'))[0] ?? {}, 'sender'), alice.userId);
    t.same(heard(await bob.sync(since)), [1, 2], 'the answer was lost');
    t.same(heard(await bob.sync(next(first))), []);
    t.same(heard(await bob.sync(since)), [], 'acknowledged by now');
    t.same(heard(await phone.sync()), [2]);
  });

  await t.test('a malformed token is refused', async (t) => {
    const alice = await newDevice(server);
    t.match(await alice.ask('GET /sync?since=none'), {
      status: 400,
      body: { errcode: String },
    });
  });
}
