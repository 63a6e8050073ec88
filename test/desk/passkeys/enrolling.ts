import t from 'tap';
import { ORDERS } from '../../../src/desk/orders/table.ts';
import { Guardroom, tokenOf } from '../../support/guardroom.ts';
import { person } from '../../support/ids.ts';
import { SoftPasskey } from '../../support/soft-passkey.ts';
import { totpCode } from '../../support/totp-code.ts';

const party = { id: 'localhost', origin: 'http://localhost:8480' };
const CAROL = person('carol');

function open() {
  const room = new Guardroom(party);
  const link = (name = 'carol') => tokenOf(room.links.issue(person(name), 'enrolment'));
  const ticket = () => room.desk.enrolment.issueTicket(CAROL, ['host']);
  const begin = (token: string, typed: string) =>
    room.ceremonies.begin(token, { act: 'enrol', typed });
  const finish = (token: string, answer: object) =>
    room.ceremonies.finish(token, { answer, remark: '' });
  /** The whole way; resolves with what is said or refused. */
  const enrol = async (typed: string, passkey: SoftPasskey, token = link()) => {
    const asked = await begin(token, typed);
    if (!asked.ok) return asked.error;
    const given = await finish(token, passkey.create(asked.value.options));
    return given.ok ? given.value : given.error;
  };
  const count = (name = 'carol') => room.desk.standing.passkeysOf(name).length;
  return { room, link, ticket, begin, finish, enrol, count };
}

t.test('the first passkey needs a ticket or a code', async (t) => {
  const { enrol, count, ticket, room } = open();
  t.match(await enrol('', new SoftPasskey(party)), /needs a one-time code or a ticket/);
  t.match(await enrol('123456', new SoftPasskey(party)), /no one-time codes yet/);
  t.match(
    await enrol('NOSUCHTICKETATALL0000000', new SoftPasskey(party)),
    /neither a one-time code/,
  );
  t.equal(count(), 0);
  t.hasStrict(await enrol(await ticket(), new SoftPasskey(party)), { kind: 'done' });
  t.equal(count(), 1);
  t.hasStrict(
    room.ledger.written.find((e) => e.type === 'factor.enrolled'),
    { type: 'factor.enrolled', by: 'ticket', rp: 'localhost' },
  );
  await room.settle();
  t.match(room.posts.at(-1)?.body.text, /A passkey was enrolled for you/, 'she is told of it');
});

t.test('a passkey is made for a handle that does not name its person', async (t) => {
  const { begin, link, ticket } = open();
  const asked = await begin(link(), await ticket());
  const id = Buffer.from('handle of carol').toString('base64url');
  t.hasStrict(asked, { value: { options: { user: { name: 'carol', id } } } });
});

t.test('a code counts once, here as anywhere', async (t) => {
  const { room, enrol, count } = open();
  const { secret } = room.desk.enrolment.offerTotp(CAROL, 'example.org', 'host');
  await room.desk.enrolment.confirmTotp(CAROL, totpCode(secret, room.clock.now()));
  t.match(
    await enrol(totpCode(secret, room.clock.now()), new SoftPasskey(party)),
    /was used already/,
  );
  await room.clock.advance(60_000);
  const code = totpCode(secret, room.clock.now());
  const spaced = `${code.slice(0, 3)} ${code.slice(3)}`;
  t.hasStrict(await enrol(spaced, new SoftPasskey(party)), { kind: 'done' });
  t.match(await enrol(code, new SoftPasskey(party)), /was used already/);
  t.equal(count(), 1);
});

t.test('three wrong codes by one link do not lock its person out', async (t) => {
  const { room, enrol, link } = open();
  const { secret } = room.desk.enrolment.offerTotp(CAROL, 'example.org', 'host');
  await room.desk.enrolment.confirmTotp(CAROL, totpCode(secret, room.clock.now()));
  const token = link();
  for (let tries = 0; tries < 9; tries++) await enrol('000000', new SoftPasskey(party), token);
  t.equal(room.ledger.written.filter(({ type }) => type === 'code.wrong').length, 3);
  t.notOk(room.desk.standing.isLocked(CAROL));
});

t.test('a ticket is good for one passkey', async (t) => {
  const { enrol, ticket, count } = open();
  const given = await ticket();
  await enrol(given, new SoftPasskey(party));
  t.match(await enrol(given, new SoftPasskey(party)), /neither/);
  t.equal(count(), 1);
});

t.test(
  'what a ticket allows is the answer to its question, and no other holder of the link',
  async (t) => {
    const { begin, finish, link, ticket, count } = open();
    const token = link();
    const asked = await begin(token, await ticket());
    if (!asked.ok) throw new Error(asked.error);
    // Somebody who has read the link, and not the question.
    const thief = new SoftPasskey(party);
    const guessed = { challenge: Buffer.alloc(32).toString('base64url') };
    t.notOk((await finish(token, thief.create(guessed))).ok);
    t.equal(count(), 0);
  },
);

t.test('what was begun before the factors were taken back is not taken', async (t) => {
  const { room, begin, finish, link, ticket, count } = open();
  const token = link();
  const asked = await begin(token, await ticket());
  if (!asked.ok) throw new Error(asked.error);
  await room.ledger.append({ type: 'factor.removed', person: 'carol', by: 'bob' });
  t.notOk((await finish(token, new SoftPasskey(party).create(asked.value.options))).ok);
  t.equal(count(), 0);
  t.match(room.ledger.written.at(-1), { type: /^passkey\.refused$/, why: /taken back/ });
});

t.test('a later one is vouched for by an earlier one, which signs its key', async (t) => {
  const { room, enrol, finish, link, count } = open();
  const first = new SoftPasskey(party);
  await room.enrol('carol', first);
  const token = link();
  const second = new SoftPasskey(party);
  const next = await enrol('', second, token);
  t.hasStrict(next, { kind: 'get' });
  t.equal(count(), 1, 'not yet');
  if (typeof next === 'string' || next.kind === 'done') throw new Error('not asked');
  t.hasStrict(await finish(token, first.get(next.options)), { ok: true, value: { kind: 'done' } });
  t.equal(count(), 2);
  t.hasStrict(
    room.ledger.written.find((e) => e.type === 'factor.enrolled' && e.by === 'webauthn'),
    {
      credential: second.id,
      evidence: { kind: 'webauthn', credential: first.id },
    },
  );
});

t.test('the new one cannot vouch for itself, nor can that of another person', async (t) => {
  for (const vouches of ['itself', 'bob'] as const) {
    const { room, enrol, finish, link, count } = open();
    await room.enrol('carol', new SoftPasskey(party));
    const bobs = new SoftPasskey(party);
    await room.enrol('bob', bobs);
    const token = link();
    const second = new SoftPasskey(party);
    const next = await enrol('', second, token);
    if (typeof next === 'string' || next.kind === 'done') throw new Error('not asked');
    const voucher = vouches === 'bob' ? bobs : second;
    t.notOk((await finish(token, voucher.get(next.options))).ok, vouches);
    t.equal(count(), 1);
  }
});

t.test('one authenticator is one person', async (t) => {
  const { room, enrol, ticket, count } = open();
  const shared = new SoftPasskey(party);
  await room.enrol('bob', shared);
  t.match(await enrol(await ticket(), shared), /^That was not accepted/);
  t.match(room.ledger.written.at(-1), { type: /^passkey\.refused$/, why: /enrolled already/ });
  t.equal(count(), 0);
});

t.test('a passkey without user verification, or for another page, is not taken', async (t) => {
  for (const lie of [
    { isUserVerified: false },
    { origin: 'http://localhost:1' },
    { rpId: 'x.y' },
  ]) {
    const { begin, finish, link, ticket, count } = open();
    const token = link();
    const asked = await begin(token, await ticket());
    if (!asked.ok) throw new Error(asked.error);
    const made = new SoftPasskey(party).create(asked.value.options, lie);
    t.notOk((await finish(token, made)).ok, JSON.stringify(lie));
    t.equal(count(), 0);
  }
});

t.test('the link is given in the direct room, to somebody whose identity is pinned', async (t) => {
  const { room } = open();
  const said = await ORDERS.enrol(room.desk, room.by('carol', true), { code: 'passkey' });
  t.match(JSON.stringify(said), /http:\/\/localhost:8480\/p\//);
  const inRoom = await ORDERS.enrol(room.desk, room.by('carol'), { code: 'passkey' });
  const pointer = { kind: 'line', spans: ['Not here: I have opened our direct room.'] };
  t.strictSame(inRoom, [pointer], 'and never in a shared one');
});
