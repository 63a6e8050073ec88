import t, { type Test } from 'tap';
import { openHomeserver } from '../../../src/demo/homeserver/homeserver.ts';
import { isObject, objectAt } from '../../../src/demo/homeserver/json.ts';
import { Reply } from '../../../src/demo/homeserver/request.ts';
import { ask, roomIn, signIn, V3 } from '../../contract/raw.ts';

const SERVER_NAME = 'localhost';

async function server(t: Test) {
  const homeserver = await openHomeserver({ serverName: SERVER_NAME });
  t.teardown(() => homeserver[Symbol.asyncDispose]());
  const { accounts } = homeserver.state;
  const underTest = {
    baseUrl: homeserver.url,
    register: async (name: string, password: string) => accounts.register(name, password),
  };
  accounts.register('alice', 'pw');
  const alice = await signIn(underTest, { name: 'alice', password: 'pw' });
  return { homeserver, underTest, alice };
}

t.test('it listens on the loopback interface only, on the port that was asked for', async (t) => {
  const { homeserver } = await server(t);
  t.match(homeserver.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  const port = Number(new URL(homeserver.url).port);
  await t.rejects(openHomeserver({ serverName: SERVER_NAME, port }), { code: /^EADDRINUSE$/ });
});

t.test('people register themselves', async (t) => {
  const { underTest } = await server(t);
  const register = (body: Record<string, string | object>) =>
    ask(underTest, `POST ${V3}/register`, { body: JSON.parse(JSON.stringify(body)) });
  const auth = { type: 'm.login.dummy' };
  const bob = { username: 'bob', password: 'pw' };
  t.hasStrict(await register(bob), {
    status: 401,
    body: { flows: [{ stages: ['m.login.dummy'] }] },
  });
  t.match(await register({ ...bob, auth }), {
    status: 200,
    body: { access_token: /^[\w-]{22}$/ },
  });
  t.hasStrict(await register({ ...bob, auth }), { body: { errcode: 'M_USER_IN_USE' } });
  const odd = await register({ username: 'Bob!', password: 'pw', auth });
  t.hasStrict(odd, { body: { errcode: 'M_INVALID_USERNAME' } });
});

t.test('an event that in-process code appends reaches a waiting client as it is', async (t) => {
  const { homeserver, alice } = await server(t);
  const roomId = await alice.createRoom();
  const waiting = alice.sync(await alice.now(), { timeoutMs: 10_000 });
  const forged = {
    type: 'm.room.encrypted',
    sender: '@mallory:elsewhere',
    content: { algorithm: 'none' },
    event_id: '$forged',
    origin_server_ts: 1,
  };
  homeserver.state.rooms.at(roomId)?.append(forged);
  const timeline = objectAt(roomIn(await waiting, 'join', roomId), 'timeline');
  t.hasStrict(timeline, { events: [forged] });
});

t.test('keys that in-process code sets are the keys that clients are told', async (t) => {
  const { homeserver, alice } = await server(t);
  const device = homeserver.state.accounts.at(alice.userId)?.devices.get(alice.deviceId);
  t.ok(device);
  if (!device) return;
  const since = await alice.now();
  device.keys = { user_id: '@other:localhost', keys: {} };
  device.account.crossSigning.set('master_key', { keys: { 'ed25519:x': 'x' } });
  homeserver.state.accounts.devicesChanged(device.account);
  t.hasStrict(await alice.sync(since), { device_lists: { changed: [alice.userId] } });
  t.hasStrict(await alice.get('POST /keys/query', { device_keys: { [alice.userId]: [] } }), {
    device_keys: { [alice.userId]: { [alice.deviceId]: { user_id: '@other:localhost' } } },
    master_keys: { [alice.userId]: { keys: { 'ed25519:x': 'x' } } },
  });
});

t.test('a hook answers in place of the server, as often as it likes', async (t) => {
  const { homeserver, alice } = await server(t);
  let left = 2;
  const limited = { errcode: 'M_LIMIT_EXCEEDED', error: 'Too many', retry_after_ms: 5 };
  using _hook = homeserver.intercept(({ path }, next) =>
    path.endsWith('/createRoom') && left-- > 0 ? new Reply(429, limited) : next(),
  );
  const create = () => alice.ask('POST /createRoom', {});
  t.hasStrict(await create(), { status: 429, body: limited });
  t.equal((await alice.ask('GET /joined_rooms')).status, 200);
  t.equal((await create()).status, 429);
  t.equal((await create()).status, 200);
});

t.test('a hook sees what was asked and changes what is answered, the latest first', async (t) => {
  const { homeserver, alice } = await server(t);
  const seen: string[] = [];
  homeserver.intercept(async (request, next) => {
    seen.push(`${request.method} ${request.path} ${request.token === alice.token}`);
    const { status, body } = await next();
    return new Reply(status, isObject(JSON.parse(JSON.stringify(body))) ? { inner: true } : []);
  });
  const outer = homeserver.intercept(async (_, next) => {
    const { status, body } = await next();
    return new Reply(status, { outer: JSON.stringify(body) });
  });
  const whoami = () => alice.get('GET /account/whoami');
  t.strictSame(await whoami(), { outer: '{"inner":true}' });
  outer[Symbol.dispose]();
  outer[Symbol.dispose]();
  t.strictSame(await whoami(), { inner: true });
  t.same(new Set(seen), new Set([`GET ${V3}/account/whoami true`]));
});

t.test('a hook that fails breaks the connection, one that hangs leaves it hanging', async (t) => {
  const { homeserver, alice } = await server(t);
  const whoami = () => alice.get('GET /account/whoami');
  const failing = homeserver.intercept(() => Promise.reject(new Error('on purpose')));
  await t.rejects(whoami(), TypeError);
  failing[Symbol.dispose]();
  const asked = Promise.withResolvers<void>();
  const hanging = homeserver.intercept(() => {
    asked.resolve();
    return Promise.withResolvers<Reply>().promise;
  });
  const hung = whoami();
  await asked.promise;
  const first = await Promise.race([hung, new Promise((soon) => setTimeout(soon, 100, 'nothing'))]);
  t.equal(first, 'nothing');
  hanging[Symbol.dispose]();
  t.hasStrict(await whoami(), { user_id: alice.userId });
  const broken = t.rejects(hung, TypeError);
  await homeserver[Symbol.asyncDispose]();
  await broken;
});

t.test('closing does not wait for those who wait', async (t) => {
  const { homeserver, alice } = await server(t);
  const waiting = alice.sync(await alice.now(), { timeoutMs: 1e9 }).catch(() => 'broken off');
  await homeserver[Symbol.asyncDispose]();
  t.equal(await waiting, 'broken off');
});

t.test('a body of more than an upload may have is refused', async (t) => {
  const { underTest, alice } = await server(t);
  const upload = (length: number) =>
    ask(underTest, 'POST /_matrix/media/v3/upload', {
      token: alice.token,
      bytes: new Uint8Array(length),
    });
  const limit = 50 * 1024 * 1024;
  t.hasStrict(await upload(limit + 1), { status: 413, body: { errcode: 'M_TOO_LARGE' } });
  t.equal((await upload(limit)).status, 200);
});

t.test('a path that is not percent-encoded text is refused', async (t) => {
  const { underTest } = await server(t);
  const answer = await ask(underTest, `GET ${V3}/rooms/%FF/state`);
  t.hasStrict(answer, { status: 400, body: { errcode: 'M_INVALID_PARAM' } });
});
