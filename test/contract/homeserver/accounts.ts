/** Signing in and out, what an account keeps on the server, and how errors look. */
import type { Test } from 'tap';
import { listAt, textAt } from '../../../src/demo/homeserver/json.ts';
import { eventually } from '../../people/eventually.ts';
import {
  ask,
  newAccount,
  newDevice,
  refused,
  type ServerUnderTest,
  signIn,
  unique,
  V3,
} from '../raw.ts';

const NOT_FOUND = { status: 404, errcode: 'M_NOT_FOUND' };
const FORBIDDEN = { status: 403, errcode: 'M_FORBIDDEN' };
const UNKNOWN_TOKEN = { status: 401, errcode: 'M_UNKNOWN_TOKEN' };

export async function testAccounts(t: Test, server: ServerUnderTest): Promise<void> {
  await t.test('versions and login types are told to anybody', async (t) => {
    const versions = await ask(server, 'GET /_matrix/client/versions');
    t.ok(listAt(versions.body, 'versions').includes('v1.11'));
    const login = await ask(server, `GET ${V3}/login`);
    t.hasStrict(login.body, { flows: [{ type: 'm.login.password' }] });
  });

  await t.test('a request is refused with the code that the specification gives', async (t) => {
    const { token } = await newDevice(server);
    const whoami = `GET ${V3}/account/whoami`;
    refused(t, await ask(server, whoami), { status: 401, errcode: 'M_MISSING_TOKEN' });
    refused(t, await ask(server, whoami, { token: 'none' }), UNKNOWN_TOKEN);
    const create = `POST ${V3}/createRoom`;
    const notJson = { status: 400, errcode: 'M_NOT_JSON' };
    const badJson = { status: 400, errcode: 'M_BAD_JSON' };
    refused(t, await ask(server, create, { token, bytes: '{' }), notJson);
    refused(t, await ask(server, create, { token, bytes: '[]' }), badJson);
    refused(t, await ask(server, create, { token, body: { preset: 'none' } }), badJson);
    const unrecognised = { errcode: 'M_UNRECOGNIZED' };
    refused(t, await ask(server, `GET ${V3}/none`), { status: 404, ...unrecognised });
    refused(t, await ask(server, `DELETE ${V3}/login`), { status: 405, ...unrecognised });
  });

  await t.test('a missing token is reported before a malformed body', async (t) => {
    const answer = await ask(server, `POST ${V3}/createRoom`, { bytes: '{' });
    refused(t, answer, { status: 401, errcode: 'M_MISSING_TOKEN' });
  });

  await t.test('a password signs a device in, a wrong one does not', async (t) => {
    const account = await newAccount(server);
    const device = await signIn(server, account);
    t.hasStrict(await device.get('GET /account/whoami'), {
      user_id: device.userId,
      device_id: device.deviceId,
    });
    const identifier = { type: 'm.id.user', user: account.name };
    const login = { type: 'm.login.password', identifier, password: 'wrong' };
    refused(t, await ask(server, `POST ${V3}/login`, { body: login }), FORBIDDEN);
  });

  await t.test(
    'a device id that is given is kept, and signing in again keeps the device',
    async (t) => {
      const account = await newAccount(server);
      const first = await signIn(server, account, 'KITCHEN');
      const second = await signIn(server, account, 'KITCHEN');
      t.equal(first.deviceId, 'KITCHEN');
      t.not(first.token, second.token);
      const { devices } = await second.get('GET /devices');
      t.ok(
        Array.isArray(devices) && devices.some((device) => Object(device).device_id === 'KITCHEN'),
      );
    },
  );

  await t.test('signing out ends the token and the device', async (t) => {
    const account = await newAccount(server);
    const gone = await signIn(server, account);
    const stays = await signIn(server, account);
    await gone.get('POST /logout', {});
    refused(t, await gone.ask('GET /account/whoami'), UNKNOWN_TOKEN);
    refused(t, await gone.ask('GET /sync'), UNKNOWN_TOKEN);
    refused(t, await stays.ask(`GET /devices/${gone.deviceId}`), NOT_FOUND);
    t.hasStrict(await stays.get(`GET /devices/${stays.deviceId}`), { device_id: stays.deviceId });
  });

  await t.test('signing out everywhere ends every token', async (t) => {
    const account = await newAccount(server);
    const devices = [await signIn(server, account), await signIn(server, account)];
    await devices[0]?.get('POST /logout/all', {});
    for (const device of devices)
      refused(t, await device.ask('GET /account/whoami'), UNKNOWN_TOKEN);
  });

  await t.test('a device is deleted with the password only', async (t) => {
    const account = await newAccount(server);
    const keeper = await signIn(server, account);
    const doomed = await signIn(server, account);
    const asked = await keeper.ask(`DELETE /devices/${doomed.deviceId}`, {});
    t.hasStrict(asked, { status: 401, body: { flows: [{ stages: ['m.login.password'] }] } });
    const auth = {
      type: 'm.login.password',
      session: textAt(asked.body, 'session') ?? '',
      identifier: { type: 'm.id.user', user: account.name },
      password: account.password,
    };
    const wrong = { auth: { ...auth, password: 'wrong' } };
    const again = await keeper.ask(`DELETE /devices/${doomed.deviceId}`, wrong);
    t.hasStrict(again, { status: 401, body: { errcode: 'M_FORBIDDEN' } });
    t.match(again, { body: { session: String } });
    await keeper.get(`DELETE /devices/${doomed.deviceId}`, { auth });
    refused(t, await doomed.ask('GET /account/whoami'), UNKNOWN_TOKEN);
  });

  await t.test('a profile is changed by its owner and shown in the rooms', async (t) => {
    const alice = await newDevice(server);
    const roomId = await alice.createRoom();
    await alice.get(`PUT /profile/${alice.userId}/displayname`, { displayname: 'Alice L.' });
    for (const path of ['', '/displayname'])
      t.hasStrict(await alice.get(`GET /profile/${alice.userId}${path}`), {
        displayname: 'Alice L.',
      });
    await eventually(async () => {
      const { joined } = await alice.get(`GET /rooms/${roomId}/joined_members`);
      return JSON.stringify(joined).includes('Alice L.') || undefined;
    });
    const other = await newDevice(server);
    const denied = await other.ask(`PUT /profile/${alice.userId}/displayname`, { displayname: '' });
    t.hasStrict(denied.body, { errcode: 'M_FORBIDDEN' });
  });

  await t.test('account data is kept for its owner, by account and by room', async (t) => {
    const alice = await newDevice(server);
    const own = `/user/${alice.userId}`;
    const room = `${own}/rooms/${await alice.createRoom()}`;
    for (const place of [own, room]) {
      refused(t, await alice.ask(`GET ${place}/account_data/x.test`), NOT_FOUND);
      await alice.get(`PUT ${place}/account_data/x.test`, { place });
      t.strictSame(await alice.get(`GET ${place}/account_data/x.test`), { place });
    }
    const other = await newDevice(server);
    refused(t, await other.ask(`PUT ${own}/account_data/x.test`, {}), FORBIDDEN);
  });

  await t.test('a filter is kept under an id', async (t) => {
    const alice = await newDevice(server);
    const filter = { room: { timeline: { limit: 3 } } };
    const stored = await alice.get(`POST /user/${alice.userId}/filter`, filter);
    const filterId = textAt(stored, 'filter_id');
    t.hasStrict(await alice.get(`GET /user/${alice.userId}/filter/${filterId}`), filter);
    refused(t, await alice.ask(`GET /user/${alice.userId}/filter/99`), NOT_FOUND);
    for (const none of ['99', '{'])
      t.match(await alice.ask(`GET /sync?filter=${none}`), {
        status: 400,
        body: { errcode: String },
      });
  });

  await t.test('what an account does not have is not found', async (t) => {
    const alice = await newDevice(server);
    refused(t, await alice.ask('GET /room_keys/version'), NOT_FOUND);
    t.equal((await alice.ask(`GET /profile/@${unique()}:localhost`)).status, 404);
    t.match(await alice.get('GET /pushrules/'), { global: {} });
    t.hasStrict(await alice.get('GET /capabilities'), {
      capabilities: { 'm.room_versions': { available: { '11': 'stable' } } },
    });
  });
}
