/** Device keys, one-time keys, and who is told that they changed. */
import type { Test } from 'tap';
import { type JsonObject, listAt, objectAt, textAt } from '../../../src/demo/homeserver/json.ts';
import {
  newDevice,
  type RawDevice,
  refused,
  roomOf,
  type ServerUnderTest,
  signIn,
} from '../raw.ts';

const next = (answer: JsonObject): string => textAt(answer, 'next_batch') ?? '';
const changedIn = (answer: JsonObject) => listAt(objectAt(answer, 'device_lists'), 'changed');
const leftIn = (answer: JsonObject) => listAt(objectAt(answer, 'device_lists'), 'left');

/** Keys that no client would believe, which is not for the server to say. */
export const deviceKeys = ({ userId, deviceId }: RawDevice, key = 'first'): JsonObject => ({
  user_id: userId,
  device_id: deviceId,
  algorithms: ['m.olm.v1.curve25519-aes-sha2', 'm.megolm.v1.aes-sha2'],
  keys: { [`curve25519:${deviceId}`]: key, [`ed25519:${deviceId}`]: key },
  signatures: { [userId]: { [`ed25519:${deviceId}`]: 'signature' } },
});

const oneTimeKey = (id: string, key = id) => ({
  [`signed_curve25519:${id}`]: { key, signatures: {} },
});

const claimFrom = (claimer: RawDevice, { userId, deviceId }: RawDevice) =>
  claimer.get('POST /keys/claim', {
    one_time_keys: { [userId]: { [deviceId]: 'signed_curve25519' } },
  });

export async function testKeys(t: Test, server: ServerUnderTest): Promise<void> {
  await t.test('uploaded device keys are told to whoever asks', async (t) => {
    const [alice, bob] = [await newDevice(server), await newDevice(server)];
    const keys = deviceKeys(alice);
    await alice.get('POST /keys/upload', { device_keys: keys });
    const asked = { device_keys: { [alice.userId]: [], '@nobody:localhost': [] } };
    const answer = await bob.get('POST /keys/query', asked);
    const told = objectAt(objectAt(objectAt(answer, 'device_keys'), alice.userId), alice.deviceId);
    t.hasStrict(told, keys);
    t.match(answer, { failures: {}, master_keys: {} });
    const none = await bob.get('POST /keys/query', { device_keys: { [alice.userId]: ['NONE'] } });
    t.strictSame(objectAt(none, 'device_keys'), { [alice.userId]: {} });
    const malformed = { status: 400, errcode: 'M_BAD_JSON' };
    refused(t, await bob.ask('POST /keys/query', {}), malformed);
    const others = { device_keys: { ...keys, device_id: 'OTHER' } };
    refused(t, await alice.ask('POST /keys/upload', others), malformed);
  });

  await t.test(
    'a one-time key is claimed once, then the fallback key again and again',
    async (t) => {
      const [alice, bob] = [await newDevice(server), await newDevice(server)];
      const since = await alice.now();
      const counts = await alice.get('POST /keys/upload', {
        one_time_keys: { ...oneTimeKey('A'), ...oneTimeKey('B') },
        fallback_keys: oneTimeKey('F'),
      });
      t.strictSame(counts, { one_time_key_counts: { signed_curve25519: 2 } });
      t.hasStrict(await alice.sync(since), {
        device_one_time_keys_count: { signed_curve25519: 2 },
        device_unused_fallback_key_types: ['signed_curve25519'],
      });
      const claimed = async () => {
        const keys = objectAt(await claimFrom(bob, alice), 'one_time_keys');
        return Object.keys(objectAt(objectAt(keys, alice.userId), alice.deviceId));
      };
      t.same([...(await claimed()), ...(await claimed())].sort(), [
        'signed_curve25519:A',
        'signed_curve25519:B',
      ]);
      t.same(await claimed(), ['signed_curve25519:F']);
      t.same(await claimed(), ['signed_curve25519:F']);
      const used = await alice.sync(since);
      t.match(used, { device_one_time_keys_count: { signed_curve25519: 0 } });
      t.strictSame(used['device_unused_fallback_key_types'], []);
      await alice.get('POST /keys/upload', { fallback_keys: oneTimeKey('G') });
      t.hasStrict(await alice.sync(since), {
        device_unused_fallback_key_types: ['signed_curve25519'],
      });
      t.same(await claimed(), ['signed_curve25519:G']);
    },
  );

  await t.test('claims that race get different keys', async (t) => {
    const [alice, bob, carol] = [
      await newDevice(server),
      await newDevice(server),
      await newDevice(server),
    ];
    const keys = ['A', 'B', 'C', 'D'].map((id) => oneTimeKey(id));
    await alice.get('POST /keys/upload', { one_time_keys: Object.assign({}, ...keys) });
    const claimers = [bob, carol, bob, carol];
    const answers = await Promise.all(claimers.map((claimer) => claimFrom(claimer, alice)));
    t.equal(new Set(answers.map((answer) => JSON.stringify(answer))).size, 4);
  });

  await t.test('a one-time key id is not used for two keys', async (t) => {
    const alice = await newDevice(server);
    await alice.get('POST /keys/upload', { one_time_keys: oneTimeKey('A') });
    await alice.get('POST /keys/upload', { one_time_keys: oneTimeKey('A') });
    const clash = await alice.ask('POST /keys/upload', { one_time_keys: oneTimeKey('A', 'other') });
    refused(t, clash, { status: 400, errcode: 'M_UNKNOWN' });
  });

  await t.test('nothing is claimed from who has nothing', async (t) => {
    const alice = await newDevice(server);
    const nothing = { one_time_keys: {}, failures: {} };
    t.strictSame(await claimFrom(alice, alice), nothing);
    const nobody = { one_time_keys: { '@nobody:localhost': { X: 'signed_curve25519' } } };
    t.strictSame(await alice.get('POST /keys/claim', nobody), nothing);
  });

  await t.test('people in a room are told of a new, a changed and a removed device', async (t) => {
    const [alice, bob, stranger] = [
      await newDevice(server),
      await newDevice(server),
      await newDevice(server),
    ];
    await roomOf(alice, bob);
    const strangerSince = await stranger.now();
    let since = await alice.now();
    const told = async () => {
      const answer = await alice.sync(since);
      since = next(answer);
      return changedIn(answer);
    };
    const phone = await signIn(server, bob.account);
    await phone.get('POST /keys/upload', { device_keys: deviceKeys(phone) });
    t.same(await told(), [bob.userId], 'new');
    await phone.get('POST /keys/upload', { device_keys: deviceKeys(phone) });
    t.same(await told(), [], 'the same keys again');
    await phone.get('POST /keys/upload', { device_keys: deviceKeys(phone, 'second') });
    t.same(await told(), [bob.userId], 'changed');
    await phone.get(`PUT /devices/${phone.deviceId}`, { display_name: 'Phone' });
    t.same(await told(), [bob.userId], 'renamed');
    const query = { device_keys: { [bob.userId]: [] } };
    const named = { unsigned: { device_display_name: 'Phone' } };
    t.hasStrict(await alice.get('POST /keys/query', query), {
      device_keys: { [bob.userId]: { [phone.deviceId]: named } },
    });
    await phone.get('POST /logout', {});
    t.same(await told(), [bob.userId], 'removed');
    t.same(changedIn(await stranger.sync(strangerSince)), []);
    const keys = await alice.get('POST /keys/query', query);
    t.notOk(phone.deviceId in objectAt(objectAt(keys, 'device_keys'), bob.userId));
  });

  await t.test('a waiting sync is woken by a device list', async (t) => {
    const [alice, bob] = [await newDevice(server), await newDevice(server)];
    await roomOf(alice, bob);
    const waiting = alice.sync(await alice.now(), { timeoutMs: 10_000 });
    await bob.get('POST /keys/upload', { device_keys: deviceKeys(bob) });
    t.same(changedIn(await waiting), [bob.userId]);
  });

  await t.test('an account is told of its own devices', async (t) => {
    const alice = await newDevice(server);
    const since = await alice.now();
    await signIn(server, alice.account);
    t.same(changedIn(await alice.sync(since)), [alice.userId]);
  });

  await t.test('who joins and who was there hear of each other, and of the parting', async (t) => {
    const [alice, bob] = [await newDevice(server), await newDevice(server)];
    const roomId = await alice.createRoom({ invite: [bob.userId] });
    const [aliceBefore, bobBefore] = [await alice.now(), await bob.now()];
    await bob.get(`POST /rooms/${roomId}/join`, {});
    const [aliceMet, bobMet] = [await alice.sync(aliceBefore), await bob.sync(bobBefore)];
    t.ok(changedIn(aliceMet).includes(bob.userId));
    t.ok(changedIn(bobMet).includes(alice.userId));
    await bob.get(`POST /rooms/${roomId}/leave`, {});
    t.same(leftIn(await alice.sync(next(aliceMet))), [bob.userId]);
    t.same(leftIn(await bob.sync(next(bobMet))), [alice.userId]);
  });

  await t.test('leaving one of two rooms in common is no parting', async (t) => {
    const [alice, bob] = [await newDevice(server), await newDevice(server)];
    await roomOf(alice, bob);
    const roomId = await roomOf(alice, bob);
    const since = await alice.now();
    await bob.get(`POST /rooms/${roomId}/leave`, {});
    t.same(leftIn(await alice.sync(since)), []);
  });

  await t.test('changes between two tokens can be asked for', async (t) => {
    const [alice, bob] = [await newDevice(server), await newDevice(server)];
    await roomOf(alice, bob);
    const from = await alice.now();
    await bob.get('POST /keys/upload', { device_keys: deviceKeys(bob) });
    const to = await alice.now();
    const changes = await alice.get(`GET /keys/changes?from=${from}&to=${to}`);
    t.strictSame(changes, { changed: [bob.userId], left: [] });
  });
}
