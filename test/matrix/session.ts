import t from 'tap';
import { Fault } from '../../src/base/errors.ts';
import type { Instant } from '../../src/base/ids.ts';
import { openHttp } from '../../src/matrix/http.ts';
import {
  endSession,
  formatSession,
  openBearer,
  parseSession,
  type Session,
} from '../../src/matrix/session.ts';
import { hangUp, json, openScriptedServer, type Reply } from '../support/scripted-server.ts';

const NOW: Instant = 1_800_000_000_000;
const SESSION: Session = {
  accessToken: 'first',
  renewal: { refreshToken: 'refresh-1', renewAt: NOW + 80_000 },
};
const SECOND = { access_token: 'second', refresh_token: 'refresh-2', expires_in_ms: 100_000 };

interface World {
  readonly saved: Session[];
  now: Instant;
}

async function open(session: Session, ...replies: readonly Reply[]) {
  const server = await openScriptedServer(...replies);
  const world: World = { saved: [], now: NOW };
  const signal = new AbortController().signal;
  const bearer = openBearer({
    ...{ homeserver: server.url, session, signal, now: () => world.now },
    async save(next) {
      world.saved.push(next);
    },
  });
  const asked = () =>
    server.received.map(({ method, url, body }) => `${method} ${url} ${body.toString()}`);
  return { server, world, bearer, signal, asked };
}

const REFRESH = 'POST /_matrix/client/v3/refresh {"refresh_token":"refresh-1"}';

t.test(
  'a token is renewed when most of its life is over, and kept before it is used',
  async (t) => {
    const { server, world, bearer, asked } = await open(SESSION, json(SECOND));
    t.equal(await bearer.token(), 'first');
    t.strictSame(asked(), []);
    world.now += 80_000;
    t.equal(await bearer.token(), 'second');
    t.strictSame(asked(), [REFRESH]);
    t.strictSame(world.saved, [
      {
        accessToken: 'second',
        renewal: { refreshToken: 'refresh-2', renewAt: world.now + 80_000 },
      },
    ]);
    await server[Symbol.asyncDispose]();
  },
);

t.test('those who ask at once share one renewal', async (t) => {
  const { server, bearer, asked } = await open(SESSION, json(SECOND));
  const renewals = [bearer.renew('first'), bearer.renew('first'), bearer.renew('first')];
  t.strictSame(await Promise.all(renewals), [true, true, true]);
  t.strictSame(asked(), [REFRESH]);
  await server[Symbol.asyncDispose]();
});

t.test('a refresh token that comes back alone is kept', async (t) => {
  const { server, world, bearer } = await open(SESSION, json({ access_token: 'second' }));
  t.ok(await bearer.renew('first'));
  t.equal(world.saved[0]?.renewal?.refreshToken, 'refresh-1');
  await server[Symbol.asyncDispose]();
});

t.test('refused for good, the session is over; no answer is no such thing', async (t) => {
  const over = await open(SESSION, json({ errcode: 'M_UNKNOWN_TOKEN' }, 401));
  t.equal(await over.bearer.renew('first'), false);
  const fixed = await open({ accessToken: 'first' }, json(SECOND));
  t.equal(await fixed.bearer.renew('first'), false);
  t.strictSame(fixed.asked(), []);
  for (const reply of [hangUp, json({}, 502), json({}, 429)]) {
    const away = await open(SESSION, reply, json(SECOND));
    await t.rejects(away.bearer.renew('first'));
    t.strictSame(away.world.saved, []);
    t.ok(await away.bearer.renew('first'), 'and is asked again');
    await away.server[Symbol.asyncDispose]();
  }
  for (const { server } of [over, fixed]) await server[Symbol.asyncDispose]();
});

t.test('a request whose token has expired is made again with the next one', async (t) => {
  const expired = json({ errcode: 'M_UNKNOWN_TOKEN', soft_logout: true }, 401);
  const { server, bearer, signal } = await open(SESSION, expired, json(SECOND), json({ ok: 1 }));
  const http = openHttp({ baseUrl: server.url, token: bearer, signal });
  t.strictSame(await http({ method: 'PUT', path: '/x', body: '{}' }), { ok: 1 });
  t.strictSame(
    server.received.map(({ url, headers }) => [url, headers.authorization]),
    [
      ['/x', 'Bearer first'],
      ['/_matrix/client/v3/refresh', undefined],
      ['/x', 'Bearer second'],
    ],
  );
  await server[Symbol.asyncDispose]();
});

t.test('a server that refuses every new token is not asked for ever', async (t) => {
  const expired = json({ errcode: 'M_UNKNOWN_TOKEN', soft_logout: true }, 401);
  const { server, bearer, signal } = await open(SESSION, expired, json(SECOND), expired);
  const http = openHttp({ baseUrl: server.url, token: bearer, signal });
  await t.rejects(http({ method: 'GET', path: '/x' }), { code: /^homeserver_refused$/ });
  t.equal(server.received.length, 3);
  await server[Symbol.asyncDispose]();
});

t.test('an answer without a token is none, and spoils nothing', async (t) => {
  const { server, world, bearer } = await open(SESSION, json({}), json(SECOND));
  await t.rejects(bearer.renew('first'), { code: /^homeserver_unreachable$/ });
  t.strictSame(world.saved, []);
  t.ok(await bearer.renew('first'), 'and is asked again');
  await server[Symbol.asyncDispose]();
});

t.test('an authorization server that forgot the client ends the session', async (t) => {
  const challenge = { 'www-authenticate': 'Basic realm="clients"' };
  await using server = await openScriptedServer(json({ error: 'invalid_client' }, 401, challenge));
  const oauth = {
    ...{ issuer: server.url, clientId: 'c', tokenEndpoint: `${server.url}/token` },
    revocationEndpoint: `${server.url}/revoke`,
  };
  const session = { accessToken: 'first', renewal: { refreshToken: 'r', renewAt: NOW, oauth } };
  const { signal } = new AbortController();
  const save = () => Promise.reject(new Error('there is nothing to keep'));
  const bearer = openBearer({
    ...{ homeserver: server.url, session, signal, save, now: () => NOW },
  });
  t.equal(await bearer.renew('first'), false);
  await t.rejects(endSession(server.url, session), {
    code: /^homeserver_refused$/,
    message: /was refused \(401\): it does not know this client any more$/,
  });
});

t.test(
  'while the disk is full, a request is tried again until its token can be kept',
  async (t) => {
    const expired = json({ errcode: 'M_UNKNOWN_TOKEN', soft_logout: true }, 401);
    const replies = [expired, json(SECOND), expired, json(SECOND), json({ ok: 1 })];
    await using server = await openScriptedServer(...replies);
    const { signal } = new AbortController();
    const failures = [new Fault('disk_full', 'there is no space left on the disk')];
    const save = async (): Promise<void> => {
      const failure = failures.pop();
      if (failure) throw failure;
    };
    const bearer = openBearer({
      ...{ homeserver: server.url, session: SESSION, signal, save, now: () => NOW },
    });
    const told: string[] = [];
    const onRetry = (why: string) => void told.push(why);
    const http = openHttp({ baseUrl: server.url, token: bearer, signal, onRetry });
    t.strictSame(await http({ method: 'GET', path: '/x' }), { ok: 1 });
    t.strictSame(told, ['there is no space left on the disk']);
  },
);

t.test('what could not be kept is not used', async (t) => {
  await using server = await openScriptedServer(json(SECOND));
  const { signal } = new AbortController();
  const save = () => Promise.reject(new Error('the disk is full'));
  const bearer = openBearer({
    ...{ homeserver: server.url, session: SESSION, signal, save, now: () => NOW },
  });
  await t.rejects(bearer.renew('first'), { message: /^the disk is full$/ });
  t.equal(await bearer.token(), 'first');
});

t.test('a session is signed out; one that is over already is fine', async (t) => {
  await using server = await openScriptedServer(
    json({}),
    json({ errcode: 'M_UNKNOWN_TOKEN' }, 401),
  );
  await endSession(server.url, { accessToken: 'first' });
  await endSession(server.url, { accessToken: 'first' });
  t.strictSame(
    server.received.map(({ url, headers }) => [url, headers.authorization]),
    [
      ['/_matrix/client/v3/logout', 'Bearer first'],
      ['/_matrix/client/v3/logout', 'Bearer first'],
    ],
  );
});

t.test('what is kept is what comes back, and nothing else does', async (t) => {
  const oauth = {
    ...{ issuer: 'https://a/', clientId: 'c', tokenEndpoint: 'https://a/token' },
    revocationEndpoint: 'https://a/revoke',
  };
  const sessions: readonly Session[] = [
    { accessToken: 'a' },
    SESSION,
    { accessToken: 'a', renewal: { refreshToken: 'r', renewAt: 1, oauth } },
  ];
  for (const session of sessions) t.strictSame(parseSession(formatSession(session)), session);
  for (const text of [
    ...['', '[]', 'null', '{}', '{"accessToken":""}', '{"accessToken":7}'],
    '{"accessToken":"a","renewal":{"refreshToken":"r"}}',
    '{"accessToken":"a","renewal":{"refreshToken":"","renewAt":1}}',
    '{"accessToken":"a","renewal":{"refreshToken":"r","renewAt":1,"oauth":{"issuer":"i"}}}',
  ])
    t.equal(parseSession(text), undefined, text);
});
