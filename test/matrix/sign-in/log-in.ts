/** Every way to sign in, at a homeserver that offers it; who signs in is played by the test. */
import t, { type Test } from 'tap';
import type { Guide } from '../../../src/matrix/sign-in/guide.ts';
import { type Account, logIn, type Way } from '../../../src/matrix/sign-in/log-in.ts';
import { user } from '../../support/ids.ts';
import { PATIENCE_MS } from '../../support/patience.ts';
import { type Play, SignInServer } from '../../support/sign-in-server.ts';

const BOT = user('@bot:localhost');

interface Somebody extends Guide {
  readonly told: readonly string[];
  readonly asked: readonly string[];
}

/** Somebody at a terminal: what they are told, and what they do about it. */
function somebody(
  acts: (line: string) => void | Promise<void> = () => {},
  answer?: () => Promise<string>,
): Somebody {
  const told: string[] = [];
  const asked: string[] = [];
  return {
    ...{ told, asked },
    tell(...lines) {
      told.push(...lines);
      for (const line of lines) void acts(line);
    },
    ask:
      answer &&
      ((question) => {
        asked.push(question);
        return answer();
      }),
    takeBack: () => void asked.push('(taken back)'),
  };
}

async function open(t: Test, play: Play) {
  const server = await SignInServer.open(play);
  t.teardown(() => server[Symbol.asyncDispose]());
  for (const name of ['bot', 'alice'])
    server.homeserver.state.accounts.register(name, `of ${name}`);
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const enter = (guide: Guide, way: Way = { kind: 'best' }) => {
    const account: Account = { homeserver: server.url, user: BOT, way, newIdentity: false };
    return logIn(account, { guide, signal });
  };
  const devices = () => [...(server.homeserver.state.accounts.at(BOT)?.devices.keys() ?? [])];
  return { server, enter, devices };
}

const CODE = /^It is at (\S+)\. The code there has to be (\S+)$/;

t.test('OAuth comes first: a link and a code, to be opened anywhere', async (t) => {
  for (const older of [false, true]) {
    const { server, enter, devices } = await open(t, {
      oauth: true,
      older,
      flows: ['m.login.sso'],
    });
    const person = somebody((line) => {
      const [, , code] = CODE.exec(line) ?? [];
      if (code !== undefined) server.enter(code, { user: BOT });
    });
    const { device, session } = await enter(person);
    const [, host, code] = CODE.exec(person.told[2] ?? '') ?? [];
    t.strictSame(person.told.slice(0, 2), [
      `Sign in as ${BOT} in a browser, on any machine, within 20 min:`,
      `  ${server.url}/link?code=${code}`,
    ]);
    t.equal(host, new URL(server.url).host);
    t.strictSame(devices(), [device]);
    t.hasStrict(session.renewal?.oauth, { clientId: 'client-1', issuer: `${server.url}/` });
    t.strictSame(server.clients, [
      {
        ...{ client_name: 'Vaktrom', client_uri: server.url, application_type: 'native' },
        token_endpoint_auth_method: 'none',
        grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
        response_types: [],
      },
    ]);
  }
});

t.test('the host that is named is that of the link, wherever it leads', async (t) => {
  const direct = 'https://elsewhere.example/link';
  const { server, enter } = await open(t, { oauth: true, direct });
  const person = somebody((line) => {
    const [, , code] = CODE.exec(line) ?? [];
    if (code !== undefined) server.enter(code, { user: BOT });
  });
  await enter(person);
  t.equal(person.told[1], `  ${direct}`);
  t.equal(CODE.exec(person.told[2] ?? '')?.[1], 'elsewhere.example');
});

t.test('who refuses in the browser has refused', async (t) => {
  const { server, enter, devices } = await open(t, { oauth: true });
  const person = somebody((line) => {
    const [, , code] = CODE.exec(line) ?? [];
    if (code !== undefined) server.enter(code, 'denied');
  });
  await t.rejects(enter(person), { code: /^homeserver_refused$/, errcode: /^access_denied$/ });
  t.strictSame(devices(), []);
});

t.test('who signs in as themselves is told so, and the device does not stay', async (t) => {
  const { server, enter } = await open(t, { oauth: true });
  const person = somebody((line) => {
    const [, , code] = CODE.exec(line) ?? [];
    if (code !== undefined) server.enter(code, { user: '@alice:localhost' });
  });
  t.has(await t.rejects(enter(person)), {
    code: 'homeserver_refused',
    message: `that is @alice:localhost, and not ${BOT}: sign in as the bot`,
  });
  t.equal(server.revoked.length, 1);
});

t.test('single sign-on: the browser comes back by itself', async (t) => {
  const { server, enter, devices } = await open(t, { flows: ['m.login.password', 'm.login.sso'] });
  const person = somebody(
    async (line) => {
      if (!line.startsWith('  ')) return;
      const link = new URL(line.trim());
      t.equal(link.origin + link.pathname, `${server.url}/_matrix/client/v3/login/sso/redirect`);
      const back = new URL(link.searchParams.get('redirectUrl') ?? '');
      t.equal((await fetch(`${back.origin}/elsewhere?loginToken=wrong`)).status, 404);
      t.equal((await fetch(back)).status, 404);
      back.searchParams.set('loginToken', server.loginTokenFor('bot'));
      t.equal((await fetch(back)).status, 200);
    },
    () => new Promise(() => {}),
  );
  // Without a refresh token the loopback server knows no m.login.token.
  server.play = { ...server.play, lifetimeMs: 300_000 };
  const { device } = await enter(person);
  t.strictSame(devices(), [device]);
  t.strictSame(person.asked, [
    'On another machine it cannot: then paste that address here: ',
    '(taken back)',
  ]);
});

t.test('single sign-on: what a browser elsewhere ends at is pasted', async (t) => {
  const { server, enter, devices } = await open(t, {
    ...{ flows: ['m.login.sso'], lifetimeMs: 300_000 },
  });
  const answers = [
    'what?',
    'http://127.0.0.1:1/x?other=1',
    `http://127.0.0.1:1/x?loginToken=${server.loginTokenFor('bot')}`,
  ];
  const person = somebody(undefined, async () => answers.shift() ?? '');
  const { device } = await enter(person);
  t.strictSame(devices(), [device]);
  t.equal(person.asked.length, 3);
  t.strictSame(person.told.slice(3), [
    'There is no loginToken in that: it is the whole address, from the bar of the browser.',
    'There is no loginToken in that: it is the whole address, from the bar of the browser.',
  ]);
});

t.test('a password comes last, and is asked for only then', async (t) => {
  const { server, enter } = await open(t, { flows: ['m.login.password'] });
  const person = somebody(undefined, async () => 'of bot');
  const { session, password } = await enter(person);
  t.strictSame(person.asked, [`Password of ${BOT}: `]);
  t.equal(password, 'of bot');
  t.strictSame(Object.keys(session), ['accessToken'], 'the server has no refresh tokens');
  server.play = { ...server.play, lifetimeMs: 100_000 };
  const renewed = await enter(somebody(), { kind: 'password', password: 'of bot' });
  t.ok(renewed.session.renewal, 'and is asked for them');
  await t.rejects(enter(somebody()), { code: /^usage$/ }, 'nobody is there to ask');
});

t.test('a token that was issued elsewhere is looked at, and taken as it is', async (t) => {
  const { server, enter, devices } = await open(t, {});
  const { accounts } = server.homeserver.state;
  const tokenOf = (name: string): string => {
    const account = accounts.at(`@${name}:localhost`);
    if (!account) throw new Error(`nobody is ${name}`);
    return accounts.signIn(account, { deviceId: 'ISSUED' }).token;
  };
  const accessToken = tokenOf('bot');
  const { device, session } = await enter(somebody(), { kind: 'token', accessToken });
  t.equal(device, 'ISSUED');
  t.strictSame(session, { accessToken });
  t.has(await t.rejects(enter(somebody(), { kind: 'token', accessToken: tokenOf('alice') })), {
    message: `that is @alice:localhost, and not ${BOT}: sign in as the bot`,
  });
  await t.rejects(enter(somebody(), { kind: 'token', accessToken: 'none' }), {
    code: /^homeserver_refused$/,
  });
  t.strictSame(devices(), ['ISSUED']);
});

t.test('what nobody can do is said, with what the homeserver offers', async (t) => {
  const { server, enter } = await open(t, { flows: ['m.login.application_service'] });
  t.has(await t.rejects(enter(somebody())), {
    code: 'homeserver_refused',
    message: `${server.url} offers no way to sign in that is known here (m.login.application_service): have its administrator issue a token, and give it by --access-token-file`,
  });
});

t.test('a homeserver that is busy is waited for', async (t) => {
  const { server, enter } = await open(t, { busy: { path: /\/login$/, times: 3 } });
  t.ok((await enter(somebody(), { kind: 'password', password: 'of bot' })).device);
  t.equal(server.asked.filter((line) => line === 'POST /_matrix/client/v3/login').length, 4);
});

t.test('whatever calls it off ends the wait', async (t) => {
  const { server } = await open(t, { oauth: true });
  const ending = new AbortController();
  const person = somebody((line) => {
    if (CODE.test(line)) ending.abort();
  });
  const account: Account = {
    ...{ homeserver: server.url, user: BOT, way: { kind: 'best' }, newIdentity: false },
  };
  await t.rejects(logIn(account, { guide: person, signal: ending.signal }), {
    name: /^AbortError$/,
  });
});
