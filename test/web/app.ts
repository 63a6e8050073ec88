import t from 'tap';
import { Fatal } from '../../src/base/errors.ts';
import { makeApp } from '../../src/web/app.ts';
import { Guardroom } from '../support/guardroom.ts';
import { SoftPasskey } from '../support/soft-passkey.ts';

const ORIGIN = 'https://ops.example.org';
const party = { id: 'example.org', origin: ORIGIN };
const ASSETS = { style: 'p {}', script: 'x()' };

interface Said {
  readonly kind?: string;
  readonly said?: string;
  readonly error?: string;
  readonly options?: object;
}

const jsonOf = async (response: Response): Promise<Said> => (await response.json()) as Said;

function openApp() {
  const room = new Guardroom(party);
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  const app = makeApp({ ceremonies: room.ceremonies, origin: ORIGIN, assets: ASSETS, onError });
  const headers = { host: 'ops.example.org' };
  return {
    room,
    errors,
    get: (path: string) => app.request(path, { headers }),
    post: (path: string, body: string | object, more = {}) =>
      app.request(path, {
        method: 'POST',
        headers: { ...headers, origin: ORIGIN, 'content-type': 'application/json', ...more },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
  };
}

t.test('a ceremony over HTTP, from the page to the entry in the log', async (t) => {
  const { room, get, post } = openApp();
  const passkey = new SoftPasskey(party);
  await room.enrol('bob', passkey);
  await room.ask('deploy', { service: 'web' });
  const path = `/p/${room.told('bob')}`;
  const page = await get(path);
  t.equal(page.status, 200);
  t.equal(page.headers.get('content-type'), 'text/html; charset=UTF-8');
  t.match(await page.text(), /Sign off with your passkey/);

  const asked = await jsonOf(await post(`${path}/begin`, { act: 'approve' }));
  const answer = passkey.get(asked.options ?? {});
  const said = await post(`${path}/finish`, { answer });
  t.equal(said.status, 200);
  t.hasStrict(await jsonOf(said), { kind: 'done', said: '✓ You signed it off. It is running.' });
  t.ok(room.ledger.types.includes('approval'));
});

t.test('every response carries the headers, those that say no included', async (t) => {
  const { get, post } = openApp();
  const token = 'A'.repeat(43);
  for (const response of [
    await get('/'),
    await get(`/p/${token}`),
    await get('/p/short'),
    await post(`/p/${token}/begin`, {}, { origin: 'https://evil.example' }),
    await post(`/p/${token}/finish`, 'x'.repeat(20_000)),
  ]) {
    t.match(response.headers.get('content-security-policy'), /default-src 'none'/);
    t.equal(response.headers.get('cache-control'), 'no-store');
    t.ok(response.status >= 400, String(response.status));
  }
});

t.test('nobody learns whether a link exists from anything but the link', async (t) => {
  const { get, post } = openApp();
  const token = 'A'.repeat(43);
  t.equal((await get(`/p/${token}`)).status, 404);
  t.equal(await (await get(`/p/${token}`)).text(), await (await get('/anything')).text());
  const { error } = await jsonOf(await post(`/p/${token}/begin`, { act: 'approve' }));
  t.equal(error, 'This link was used, or it is too old. Nothing was done.');
});

t.test('bodies that are no object, or too long, do nothing', async (t) => {
  const { room, errors, post } = openApp();
  await room.enrol('bob', new SoftPasskey(party));
  await room.ask('deploy', { service: 'web' });
  const path = `/p/${room.told('bob')}`;
  for (const body of ['', 'null', '[]', '{', '"x"', '{"act":{}}', '{"act":"fly"}'])
    t.equal((await post(`${path}/begin`, body)).status, 403, body);
  t.equal((await post(`${path}/begin`, JSON.stringify({ act: 'x'.repeat(17_000) }))).status, 413);
  t.strictSame(errors, []);
});

t.test(
  'when the log cannot be written, nothing is said to be done, and the daemon hears of it',
  async (t) => {
    const { room, errors, post } = openApp();
    const passkey = new SoftPasskey(party);
    await room.enrol('bob', passkey);
    await room.ask('deploy', { service: 'web' });
    const path = `/p/${room.told('bob')}`;
    const asked = await jsonOf(await post(`${path}/begin`, { act: 'approve' }));
    room.ledger.fail('before');
    const said = await post(`${path}/finish`, { answer: passkey.get(asked.options ?? {}) });
    t.equal(said.status, 500);
    const error =
      'Something went wrong inside of Vaktrom. Look at the request before you try again.';
    t.strictSame(await said.json(), { error }, 'what failed inside is not for the page');
    t.ok(errors[0] instanceof Fatal);
  },
);
