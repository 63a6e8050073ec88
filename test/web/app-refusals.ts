/** What the page does not hear, and what it makes of a body that is not as it should be. */
import t from 'tap';
import { makeApp } from '../../src/web/app.ts';
import { Guardroom } from '../support/guardroom.ts';
import { person } from '../support/ids.ts';
import { SoftPasskey } from '../support/soft-passkey.ts';

const ORIGIN = 'https://ops.example.org';
const party = { id: 'example.org', origin: ORIGIN };
const RIGHT = { host: 'ops.example.org', origin: ORIGIN, 'content-type': 'application/json' };

async function open() {
  const room = new Guardroom(party);
  const errors: unknown[] = [];
  const app = makeApp({
    ...{ ceremonies: room.ceremonies, origin: ORIGIN, assets: { style: 'p {}', script: 'x()' } },
    onError: (error) => void errors.push(error),
  });
  const passkey = new SoftPasskey(party);
  await room.enrol('bob', passkey);
  await room.ask('deploy', { service: 'web' });
  const path = `/p/${room.told('bob')}`;
  const before = room.ledger.written.length;
  const post = async (
    where: string,
    body: object,
    headers: Record<string, string> = RIGHT,
    of = path,
  ) => {
    const init = { method: 'POST', headers, body: JSON.stringify(body) };
    const response = await app.request(`${of}/${where}`, init);
    return { status: response.status, said: (await response.json()) as Record<string, unknown> };
  };
  return { room, app, errors, passkey, path, post, grown: () => room.ledger.types.slice(before) };
}

const pathOf = (link: string): string => new URL(link).pathname;

/** Each heard, but for one header. */
const UNHEARD: readonly (readonly [
  headers: Record<string, string>,
  status: number,
  error: string,
])[] = [
  [
    { ...RIGHT, host: 'evil.example' },
    421,
    'This is not the address that Vaktrom is configured for.',
  ],
  [{ ...RIGHT, origin: 'https://evil.example' }, 403, 'This was not sent by the page itself.'],
  [{ ...RIGHT, 'sec-fetch-site': 'cross-site' }, 403, 'This was not sent by the page itself.'],
  [{ ...RIGHT, 'sec-fetch-site': 'same-site' }, 403, 'This was not sent by the page itself.'],
  [{ ...RIGHT, 'content-type': 'text/plain' }, 415, 'This is not what the page sends.'],
];

t.test('what is not from the page itself does nothing, though the link is good', async (t) => {
  for (const [headers, status, error] of UNHEARD) {
    const { post, grown } = await open();
    for (const where of ['begin', 'finish'])
      t.strictSame(await post(where, { act: 'approve' }, headers), { status, said: { error } });
    t.strictSame(grown(), []);
    const { status: heard } = await post('begin', { act: 'approve' });
    t.equal(heard, 200, 'and the link is as good as before');
  }
});

t.test('a page is shown under its own name only', async (t) => {
  const { app, path } = await open();
  const get = async (host: string) => (await app.request(path, { headers: { host } })).status;
  t.strictSame([await get('ops.example.org'), await get('evil.example')], [200, 421]);
});

t.test('what is no text is none, and breaks nothing', async (t) => {
  const { room, errors, passkey, post } = await open();
  const enrolment = room.links.issue(person('bob'), 'enrolment');
  for (const typed of [7, null, { trim: 1 }, ['x']]) {
    const begun = await post('begin', { act: 'enrol', typed }, RIGHT, pathOf(enrolment));
    t.strictSame([begun.status, begun.said['kind']], [200, 'create'], JSON.stringify(typed));
  }
  const asked = await post('begin', { act: 'deny' });
  const answer = passkey.get(asked.said['options'] as object);
  t.equal((await post('finish', { answer, remark: { a: 1 } })).status, 200);
  await room.settle();
  const closed = room.ledger.written.find((e) => e.type === 'closed');
  t.equal(closed?.type === 'closed' && closed.because, '');
  t.strictSame(errors, []);
});

t.test('an answer that does not count is not said to be one', async (t) => {
  const { post, grown } = await open();
  const { status, said } = await post('finish', { answer: {} });
  t.strictSame([status, Object.keys(said)], [403, ['error']]);
  t.strictSame(grown(), ['passkey.refused']);
});
