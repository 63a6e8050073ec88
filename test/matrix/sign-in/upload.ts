/** Whom a homeserver asks before it takes the bot's identity, and what becomes of it. */
import t from 'tap';
import { openHttp } from '../../../src/matrix/http.ts';
import type { Guide } from '../../../src/matrix/sign-in/guide.ts';
import { uploadIdentity } from '../../../src/matrix/sign-in/upload.ts';
import { user } from '../../support/ids.ts';
import { PATIENCE_MS } from '../../support/patience.ts';
import { json, openScriptedServer, type Reply } from '../../support/scripted-server.ts';

const KEYS = '{"master_key":{}}';
const BOT = user('@bot:h');

/** Uploads to a server that answers so; what it was sent, and what the person was told. */
async function upload(
  replies: readonly Reply[],
  given: { readonly password?: string; readonly answer?: string } = {},
) {
  await using server = await openScriptedServer(...replies);
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const told: string[] = [];
  const guide: Guide = {
    tell: (...lines) => void told.push(...lines),
    ask: given.answer === undefined ? undefined : async () => given.answer ?? '',
    takeBack() {},
  };
  const http = openHttp({ baseUrl: server.url, token: 'x', signal });
  const by = { homeserver: server.url, user: BOT, password: given.password, guide, signal };
  const [result] = await Promise.allSettled([uploadIdentity(http, KEYS, by)]);
  const sent = server.received.map(({ body }) => JSON.parse(body.toString()) as object);
  return { result, sent, told, url: server.url };
}

const wants = (stages: readonly (readonly string[])[], params: object = {}): Reply =>
  json({ session: 'S 1', flows: stages.map((one) => ({ stages: one })), params }, 401);
const DONE = { status: 'fulfilled', value: undefined } as const;
const AUTH = {
  type: 'm.login.password',
  identifier: { type: 'm.id.user', user: BOT },
  session: 'S 1',
};

t.test('who asks nothing is told nothing more', async (t) => {
  const { result, sent, told } = await upload([json({})]);
  t.strictSame({ result, sent, told }, { result: DONE, sent: [{ master_key: {} }], told: [] });
});

t.test('a password is given again, or asked for', async (t) => {
  for (const given of [{ password: 'pw' }, { answer: 'pw' }]) {
    const { result, sent } = await upload([wants([['m.login.password']]), json({})], given);
    t.strictSame(result, DONE);
    t.strictSame(sent[1], { master_key: {}, auth: { ...AUTH, password: 'pw' } });
  }
  const wrong = await upload([wants([['m.login.password']])], { password: 'pw' });
  t.has(wrong.result, {
    reason: { code: 'homeserver_refused', message: 'the password of the bot was not accepted' },
  });
  const nobody = await upload([wants([['m.login.password']])]);
  t.has(nobody.result, { reason: { code: 'usage' } });
});

t.test('a page at the authorization server is shown, and waited for', async (t) => {
  for (const stage of ['m.oauth', 'org.matrix.cross_signing_reset']) {
    const challenge = wants([[stage]], { [stage]: { url: 'https://account.example/reset' } });
    const { result, sent, told } = await upload([challenge, challenge, json({})]);
    t.strictSame(result, DONE);
    t.equal(told[2], '  https://account.example/reset');
    t.strictSame(sent.slice(1), [
      { master_key: {}, auth: { session: 'S 1' } },
      { master_key: {}, auth: { session: 'S 1' } },
    ]);
  }
});

t.test('a stage that nobody here knows has a page of its own at the homeserver', async (t) => {
  for (const stage of ['m.login.sso', 'org.example.eyes/closed']) {
    const { result, told, url } = await upload([wants([[stage]]), json({})]);
    t.strictSame(result, DONE);
    const page = `${url}/_matrix/client/v3/auth/${encodeURIComponent(stage)}/fallback/web`;
    t.equal(told[2], `  ${page}?session=S%201`);
  }
});

t.test('of several ways the one is taken that needs nobody', async (t) => {
  const both = wants([['m.login.sso'], ['m.login.password']]);
  const { sent } = await upload([both, json({})], { password: 'pw' });
  t.strictSame(sent[1], { master_key: {}, auth: { ...AUTH, password: 'pw' } });
  const { told, url } = await upload([both, json({})]);
  t.equal(told[2], `  ${url}/_matrix/client/v3/auth/m.login.sso/fallback/web?session=S%201`);
});

t.test('an address that is not https is not shown', async (t) => {
  const challenge = wants([['m.oauth']], { 'm.oauth': { url: 'http://evil.example/reset' } });
  const { result, told } = await upload([challenge, json({})]);
  t.has(result, {
    reason: {
      code: 'homeserver_refused',
      message: 'the page for m.oauth is not at an https address',
    },
  });
  t.strictSame(told, []);
});

t.test('what asks for several things at once, and what is no question, is refused', async (t) => {
  const several = await upload([wants([['m.login.password', 'm.login.email.identity']])]);
  t.has(several.result, { reason: { code: 'homeserver_refused' } });
  for (const reply of [json({ errcode: 'M_MISSING_TOKEN' }, 401), json({}, 403)]) {
    const { result, sent } = await upload([reply]);
    t.has(result, { reason: { code: 'homeserver_refused' } });
    t.equal(sent.length, 1);
  }
});
