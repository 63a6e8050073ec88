/** Who may come, go and send; state; transaction ids. */
import type { Test } from 'tap';
import { listAt, textAt } from '../../../src/demo/homeserver/json.ts';
import {
  newAccount,
  newDevice,
  refused,
  roomOf,
  type ServerUnderTest,
  signIn,
  unique,
} from '../raw.ts';

const FORBIDDEN = { status: 403, errcode: 'M_FORBIDDEN' };
const TEXT = { msgtype: 'm.text', body: 'hello' };

export async function testRooms(t: Test, server: ServerUnderTest): Promise<void> {
  const [alice, bob, carol] = [
    await newDevice(server),
    await newDevice(server),
    await newDevice(server),
  ];

  await t.test('an invited person is no member until joining', async (t) => {
    const roomId = await alice.createRoom({ invite: [bob.userId] });
    const send = `PUT /rooms/${roomId}/send/m.room.message`;
    refused(t, await bob.ask(`${send}/${unique()}`, TEXT), FORBIDDEN);
    refused(t, await bob.ask(`GET /rooms/${roomId}/messages?dir=b`), FORBIDDEN);
    t.strictSame(await bob.get(`POST /join/${roomId}`, {}), { room_id: roomId });
    await bob.get(`${send}/${unique()}`, TEXT);
    const { joined_rooms } = await bob.get('GET /joined_rooms');
    t.ok(Array.isArray(joined_rooms) && joined_rooms.includes(roomId));
    t.strictSame(await bob.get(`POST /rooms/${roomId}/join`, {}), { room_id: roomId }, 'again');
  });

  await t.test('who is not in the room can do nothing in it', async (t) => {
    const roomId = await roomOf(alice, bob);
    const room = `/rooms/${roomId}`;
    const eventId = await alice.say(roomId, 'secret');
    for (const call of [
      `POST ${room}/join`,
      `POST ${room}/leave`,
      `PUT ${room}/send/m.room.message/${unique()}`,
      `PUT ${room}/state/x.test/`,
      `GET ${room}/state`,
      `GET ${room}/state/m.room.name/`,
      `GET ${room}/members`,
      `GET ${room}/joined_members`,
      `GET ${room}/messages?dir=b`,
      `GET ${room}/context/${eventId}`,
    ])
      refused(t, await carol.ask(call, call.startsWith('GET') ? undefined : TEXT), FORBIDDEN);
    refused(t, await carol.ask(`POST ${room}/invite`, { user_id: carol.userId }), FORBIDDEN);
    t.not((await carol.ask(`GET ${room}/event/${eventId}`)).status, 200);
  });

  await t.test('a room that is not there looks like one that is closed', async (t) => {
    const room = '/rooms/!none:localhost';
    refused(t, await alice.ask(`PUT ${room}/send/m.room.message/${unique()}`, TEXT), FORBIDDEN);
    refused(t, await alice.ask(`GET ${room}/state`), FORBIDDEN);
    t.equal((await alice.ask('POST /join/!none:localhost', {})).status, 404);
  });

  await t.test('anybody joins a public room', async (t) => {
    const roomId = await alice.createRoom({ preset: 'public_chat' });
    await carol.get(`POST /join/${roomId}`, {});
    t.match(await carol.say(roomId, 'here I am'), /^\$/);
  });

  await t.test('power levels decide on state, removal and redaction', async (t) => {
    const roomId = await roomOf(alice, bob, carol);
    const room = `/rooms/${roomId}`;
    const eventId = await alice.say(roomId, 'mine');
    refused(t, await bob.ask(`PUT ${room}/state/m.room.name/`, { name: 'x' }), FORBIDDEN);
    refused(t, await bob.ask(`POST ${room}/kick`, { user_id: carol.userId }), FORBIDDEN);
    refused(t, await bob.ask(`PUT ${room}/redact/${eventId}/${unique()}`, {}), FORBIDDEN);
    refused(t, await bob.ask(`PUT ${room}/state/x.test/${alice.userId}`, {}), FORBIDDEN);
    await alice.get(`PUT ${room}/state/m.room.name/`, { name: 'x' });
    await alice.get(`POST ${room}/kick`, { user_id: carol.userId, reason: 'test' });
    refused(t, await carol.ask(`POST ${room}/join`, {}), FORBIDDEN);
    refused(t, await alice.ask(`POST ${room}/kick`, { user_id: carol.userId }), FORBIDDEN);
  });

  await t.test('the banned come back only after they were unbanned and invited', async (t) => {
    const roomId = await roomOf(alice, bob);
    const room = `/rooms/${roomId}`;
    await alice.get(`POST ${room}/ban`, { user_id: bob.userId });
    t.equal((await bob.ask(`POST ${room}/join`, {})).status, 403);
    t.equal((await alice.ask(`POST ${room}/invite`, { user_id: bob.userId })).status, 403);
    await alice.get(`POST ${room}/unban`, { user_id: bob.userId });
    await alice.get(`POST ${room}/invite`, { user_id: bob.userId });
    await bob.get(`POST ${room}/join`, {});
  });

  await t.test('only a room that was left is forgotten', async (t) => {
    const roomId = await roomOf(alice, bob);
    const early = await bob.ask(`POST /rooms/${roomId}/forget`, {});
    refused(t, early, { status: 400, errcode: 'M_UNKNOWN' });
    await bob.get(`POST /rooms/${roomId}/leave`, {});
    t.strictSame(await bob.get(`POST /rooms/${roomId}/forget`, {}), {});
  });

  await t.test('an invitation names somebody who is not in the room', async (t) => {
    const roomId = await roomOf(alice, bob);
    const invite = `POST /rooms/${roomId}/invite`;
    refused(t, await alice.ask(invite, { user_id: bob.userId }), FORBIDDEN);
    const missing = { status: 400, errcode: 'M_MISSING_PARAM' };
    refused(t, await alice.ask(invite, {}), missing);
    const invalid = { status: 400, errcode: 'M_INVALID_PARAM' };
    refused(t, await alice.ask(invite, { user_id: 'bob' }), invalid);
  });

  await t.test('a new room begins with its preset, overridden by its initial state', async (t) => {
    const algorithm = 'm.megolm.v1.aes-sha2';
    const roomId = await alice.createRoom({
      name: 'Ops',
      topic: 'levers',
      initial_state: [
        { type: 'm.room.encryption', state_key: '', content: { algorithm } },
        { type: 'm.room.history_visibility', content: { history_visibility: 'joined' } },
      ],
      power_level_content_override: { events_default: 50 },
    });
    const state = (type: string) => alice.get(`GET /rooms/${roomId}/state/${type}/`);
    t.hasStrict(await state('m.room.create'), { room_version: '11' });
    t.hasStrict(await state('m.room.join_rules'), { join_rule: 'invite' });
    t.hasStrict(await state('m.room.encryption'), { algorithm });
    t.hasStrict(await state('m.room.history_visibility'), { history_visibility: 'joined' });
    t.hasStrict(await state('m.room.name'), { name: 'Ops' });
    t.hasStrict(await state('m.room.topic'), { topic: 'levers' });
    t.match(await state('m.room.power_levels'), {
      users: { [alice.userId]: 100 },
      events_default: 50,
    });
    const missing = await alice.ask(`GET /rooms/${roomId}/state/m.room.avatar/`);
    refused(t, missing, { status: 404, errcode: 'M_NOT_FOUND' });
  });

  await t.test('state that changes nothing makes no event', async (t) => {
    const name = `PUT /rooms/${await alice.createRoom()}/state/m.room.name/`;
    const first = await alice.get(name, { name: 'a' });
    t.strictSame(await alice.get(name, { name: 'a' }), first);
    t.notSame(await alice.get(name, { name: 'b' }), first);
  });

  await t.test('members are listed by membership', async (t) => {
    const roomId = await roomOf(alice, bob);
    await alice.get(`POST /rooms/${roomId}/invite`, { user_id: carol.userId });
    const named = async (query: string) => {
      const { chunk } = await alice.get(`GET /rooms/${roomId}/members?${query}`);
      return listAt({ chunk: chunk ?? [] }, 'chunk').map((member) => Object(member).state_key);
    };
    t.same(new Set(await named('membership=join')), new Set([alice.userId, bob.userId]));
    t.same(await named('membership=invite'), [carol.userId]);
    t.same(await named('not_membership=join'), [carol.userId]);
  });

  await t.test('a transaction id counts once for a device', async (t) => {
    const account = await newAccount(server);
    const phone = await signIn(server, account, 'PHONE');
    const laptop = await signIn(server, account, 'LAPTOP');
    const roomId = await phone.createRoom();
    const call = `PUT /rooms/${roomId}/send/m.room.message/${unique()}`;
    const first = await phone.get(call, TEXT);
    t.strictSame(await phone.get(call, { ...TEXT, body: 'other' }), first);
    t.notSame(await laptop.get(call, TEXT), first, 'another device');
    const phoneAgain = await signIn(server, account, 'PHONE');
    t.strictSame(await phoneAgain.get(call, TEXT), first, 'the same device, another token');
    const redact = `PUT /rooms/${roomId}/redact/${textAt(first, 'event_id')}/${unique()}`;
    t.strictSame(await phone.get(redact, {}), await phone.get(redact, {}));
  });

  await t.test('an event has at most 64 KiB', async (t) => {
    const roomId = await alice.createRoom();
    const call = `PUT /rooms/${roomId}/send/m.room.message/${unique()}`;
    const answer = await alice.ask(call, { ...TEXT, body: 'x'.repeat(66_000) });
    refused(t, answer, { status: 413, errcode: 'M_TOO_LARGE' });
    await alice.say(roomId, 'x'.repeat(60_000));
  });

  await t.test('receipts and typing are taken from members', async (t) => {
    const roomId = await roomOf(alice, bob);
    const eventId = await alice.say(roomId, 'hello');
    const room = `/rooms/${roomId}`;
    await bob.get(`POST ${room}/receipt/m.read/${eventId}`, {});
    await bob.get(`PUT ${room}/typing/${bob.userId}`, { typing: true, timeout: 1000 });
    await bob.get(`POST ${room}/read_markers`, { 'm.fully_read': eventId });
    const denied = await carol.ask(`PUT ${room}/typing/${carol.userId}`, { typing: false });
    refused(t, denied, FORBIDDEN);
  });
}
