import t from 'tap';
import { LINK_MS } from '../../../src/desk/passkeys/links.ts';
import { Guardroom, tokenOf } from '../../support/guardroom.ts';
import { person } from '../../support/ids.ts';
import { SoftPasskey } from '../../support/soft-passkey.ts';

const party = { id: 'localhost', origin: 'http://localhost:8480' };

async function open() {
  const room = new Guardroom(party);
  const { request } = await room.ask('db-failover', { target: 'db2' });
  const link = (name: string, errand: 'stepup' | 'approval' = 'approval') =>
    tokenOf(room.links.issue(person(name), errand, request.id));
  return { room, request, link, look: (token: string) => room.ceremonies.look(token) };
}

t.test('an approver sees what is asked, by whom, where, and what it still needs', async (t) => {
  const { request, link, look } = await open();
  const sight = look(link('bob'));
  t.match(sight, { about: { words: /^\w{5}(-\w{5}){3}$/ } });
  t.hasStrict(sight, {
    kind: 'request',
    about: { id: request.id, command: 'db-failover db2' },
    asker: 'alice',
    room: 'danger',
    effect: 'destructive',
    needs: 'alice: a passkey · 1 sign-off from dba with a passkey (not alice)',
    hasPasskey: false,
  });
});

t.test('the words on the page are those in the message that brought the link', async (t) => {
  const { room, look } = await open();
  const sight = look(room.told('bob'));
  if (sight.kind !== 'request') throw new Error(sight.kind);
  const told = room.posts.find(({ key }) => key.endsWith('/direct/bob'));
  t.ok(told?.body.text.includes(sight.about.words));
});

t.test('looking changes nothing, however often a client fetches the page ahead', async (t) => {
  const { room, link, look } = await open();
  const token = link('bob');
  const before = room.ledger.written.length;
  for (let i = 0; i < 50; i++) look(token);
  t.equal(look(token).kind, 'request');
  t.equal(room.ledger.written.length, before);
});

t.test('somebody whom the policy does not ask sees nothing of it', async (t) => {
  const { room, link, look } = await open();
  t.strictSame(look(link('carol')), { kind: 'unknown' });
  t.strictSame(look('A'.repeat(43)), { kind: 'unknown' });
  const bobs = link('bob');
  room.changePolicy('bob: { roles: [ops, dba]', 'bob: { roles: [security]');
  t.strictSame(look(bobs), { kind: 'unknown' }, 'nor who has lost the role since');
});

t.test('an old link says so, and how to get another', async (t) => {
  const { room, request, link, look } = await open();
  const [bobs, alices] = [link('bob'), link('alice', 'stepup')];
  await room.clock.advance(LINK_MS);
  t.match(look(bobs), {
    kind: /^told$/,
    said: /too old\. It still needs/,
    retry: new RegExp(`^approve ${request.id}$`),
  });
  t.hasStrict(look(alices), { kind: 'told', retry: `start ${request.id}` });
});

t.test('the link of a request that is over says what became of it, old or not', async (t) => {
  const { room, link, look } = await open();
  const token = link('bob');
  await room.clock.advance(31 * 60_000);
  await room.settle();
  t.match(look(token), {
    kind: /^told$/,
    said: /^It expired: .* Nothing was run\./,
    retry: undefined,
  });
});

t.test('an enrolment link knows whether there is a passkey to vouch with', async (t) => {
  const { room, look } = await open();
  const token = tokenOf(room.links.issue(person('carol'), 'enrolment'));
  t.strictSame(look(token), { kind: 'enrolment', person: 'carol', hasPasskey: false });
  await room.enrol('carol', new SoftPasskey(party));
  t.match(look(token), { hasPasskey: true });
  await room.clock.advance(LINK_MS);
  t.hasStrict(look(token), { kind: 'told', retry: 'enrol passkey' });
});
