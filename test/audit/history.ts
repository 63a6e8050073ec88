import t from 'tap';
import type { Actor, EntryBody, Factor, Source } from '../../src/audit/body.ts';
import type { Entry } from '../../src/audit/entry.ts';
import { History } from '../../src/audit/history.ts';
import { actorOf } from '../../src/request/entries.ts';
import { frozen, trusted } from '../support/requests.ts';
import { ALICE, OPS, SESSION } from '../support/sightings.ts';

type Refused = EntryBody & { readonly type: 'refused' };

const alice: Actor = actorOf(trusted());
const bob: Actor = { ...alice, person: 'bob', account: '@bob:example.org' };
const carol: Actor = { ...alice, person: 'carol', account: '@carol:example.org' };

const source = (event: string, index: number): Source => ({
  ...{ room: OPS, event, session: SESSION, index },
});
const request = (id: string, event = `$${id}`, index = 0): EntryBody => ({
  ...{
    type: 'request',
    request: id,
    digest: 'd',
    frozen: frozen({ source: source(event, index) }),
  },
  ...{ thread: event, decision: 'pending' },
});
const asked = (event: string, index: number): EntryBody => ({
  ...{ type: 'asked', actor: alice, source: source(event, index), command: 'help', values: {} },
});
const refused = (source: Source, change: Partial<Refused> = {}): Refused => ({
  ...{ type: 'refused', code: 'damaged', sender: ALICE, source },
  ...change,
});
const stepUp = (id: string, factor: Factor): EntryBody => ({
  ...{ type: 'stepup', request: id, digest: 'd', person: 'alice', factor },
  evidence: { kind: 'totp', step: 1 },
});
const approval = (id: string, actor: Actor, factor?: Factor): EntryBody => ({
  ...{ type: 'approval', request: id, digest: 'd', actor },
  ...(factor ? { factor } : {}),
});
const start = (id: string): EntryBody => ({
  ...{ type: 'start', request: id, digest: 'd', argv: ['/x'] },
});
const end = (id: string): EntryBody => ({ type: 'end', request: id, outcome: 'exited', exit: 0 });
const closed = (id: string): EntryBody => ({ type: 'closed', request: id, how: 'expired' });
const granted = (id: string): EntryBody => ({ type: 'granted', request: id, approvals: [] });

const entryOf = (seq: number, body: EntryBody): Entry => ({
  ...{ v: 1, seq, ts: new Date(seq * 1000).toISOString(), boot: 'b', ...body },
});

function remember(...bodies: readonly EntryBody[]): History {
  const history = new History();
  for (const [seq, body] of bodies.entries()) history.note(entryOf(seq, body));
  return history;
}
const openIn = (history: History): readonly string[] =>
  history.open().map(({ request }) => request.request);

t.test('a position of a session is spent by the first event that used it', async (t) => {
  const history = remember(request('AAAA-AA', '$first', 3), refused(source('$replay', 3)));
  t.equal(history.spentBy(OPS, SESSION, 3, '$first'), 'this');
  t.equal(
    history.spentBy(OPS, SESSION, 3, '$replay'),
    'other',
    'a replay on record spends nothing',
  );
  t.equal(history.spentBy(OPS, SESSION, 3, '$third'), 'other');
  t.equal(history.spentBy(OPS, SESSION, 4, '$first'), undefined);
  t.equal(history.spentBy('!other:example.org', SESSION, 3, '$first'), undefined);
  t.equal(history.spentBy(OPS, 'y'.repeat(43), 3, '$first'), undefined);
});

t.test('questions and refusals spend theirs as well', async (t) => {
  const history = remember(asked('$asked', 1), refused(source('$refused', 2)));
  t.equal(history.spentBy(OPS, SESSION, 1, '$asked'), 'this');
  t.equal(history.spentBy(OPS, SESSION, 2, '$other'), 'other');
});

t.test('what was refused without a position spends none', async (t) => {
  const history = remember(refused({ room: OPS, event: '$clear' }));
  t.equal(history.spentBy(OPS, SESSION, 0, '$clear'), undefined);
  t.equal(history.fateOf('$clear'), 'refused');
});

t.test('what was refused, listed or counted, is known by its fingerprints', async (t) => {
  const history = remember(
    refused({ room: OPS, event: '$listed' }, { spent: ['listed', 'too'] }),
    { type: 'refused.more', count: 2, spent: ['counted'] },
    { type: 'refused.more', count: 1 },
  );
  const known = ['listed', 'too', 'counted', 'never'].map((one) => history.wasRefused(one));
  t.strictSame(known, [true, true, true, false]);
});

t.test('what became of an event is known', async (t) => {
  const history = remember(request('AAAA-AA'), asked('$asked', 1), refused(source('$no', 2)));
  t.strictSame(
    ['$AAAA-AA', '$asked', '$no', '$never'].map((event) => history.fateOf(event)),
    ['request', 'asked', 'refused', undefined],
  );
});

t.test(
  'a session that cannot be read is known by its room, its sender and the reason',
  async (t) => {
    const unreadable: Source = { room: OPS, event: '$e', session: SESSION };
    const history = remember(refused(unreadable));
    t.ok(history.knownUndecryptable(refused({ ...unreadable, event: '$later' })));
    t.notOk(history.knownUndecryptable(refused(unreadable, { sender: '@bob:example.org' })));
    t.notOk(history.knownUndecryptable(refused(unreadable, { code: 'missing_key' })));
    t.notOk(history.knownUndecryptable(refused({ ...unreadable, room: '!other:example.org' })));
    const wasRead = remember(refused(source('$e', 1)));
    t.notOk(wasRead.knownUndecryptable(refused(unreadable)), 'what has a position was read');
  },
);

t.test('what was given for a request is remembered with it', async (t) => {
  const given = remember(
    ...[request('AAAA-AA'), stepUp('AAAA-AA', 'totp'), approval('AAAA-AA', bob)],
    approval('AAAA-AA', carol, 'webauthn'),
  ).find('AAAA-AA');
  t.hasStrict(given, { factor: 'totp', started: false, closed: undefined, end: undefined });
  t.strictSame(given?.signOffs, [
    { actor: bob, factor: undefined, evidence: undefined },
    { actor: carol, factor: 'webauthn', evidence: undefined },
  ]);
});

t.test('a weaker proof takes nothing away from a stronger one', async (t) => {
  const bodies = [request('AAAA-AA'), stepUp('AAAA-AA', 'webauthn'), stepUp('AAAA-AA', 'totp')];
  t.equal(remember(...bodies).find('AAAA-AA')?.factor, 'webauthn');
});

t.test('a person has one sign-off, the last one, until they take it back', async (t) => {
  const bodies = [request('AAAA-AA'), approval('AAAA-AA', bob), approval('AAAA-AA', carol)];
  const peopleOf = (...more: readonly EntryBody[]) =>
    remember(...bodies, ...more)
      .find('AAAA-AA')
      ?.signOffs.map(({ actor, factor }) => `${actor.person} ${factor}`);
  t.strictSame(peopleOf(), ['bob undefined', 'carol undefined']);
  t.strictSame(peopleOf(approval('AAAA-AA', bob, 'totp')), ['carol undefined', 'bob totp']);
  const withdrawn: EntryBody = { type: 'approval.withdrawn', request: 'AAAA-AA', actor: bob };
  t.strictSame(peopleOf(withdrawn), ['carol undefined']);
});

t.test('a grant counts from its first word, until what it rests on changes', async (t) => {
  const withMore = (...more: readonly EntryBody[]) =>
    remember(request('AAAA-AA'), granted('AAAA-AA'), ...more).find('AAAA-AA')?.grantedAt;
  t.equal(withMore(), 1000);
  t.equal(withMore(granted('AAAA-AA')), 1000, 'saying it again does not make it longer');
  t.equal(withMore({ type: 'approval.withdrawn', request: 'AAAA-AA', actor: bob }), undefined);
  t.equal(withMore(approval('AAAA-AA', bob)), undefined);
  t.equal(withMore(approval('AAAA-AA', bob), granted('AAAA-AA')), 3000);
});

t.test('what is neither closed nor ended is open', async (t) => {
  const ids = ['WAIT-00', 'RUNS-00', 'DONE-00', 'SHUT-00'];
  const history = remember(
    ...ids.map((id) => request(id)),
    { ...request('DENY-00'), decision: 'deny' } as EntryBody,
    ...[start('RUNS-00'), start('DONE-00'), end('DONE-00'), closed('SHUT-00')],
  );
  t.strictSame(openIn(history), ['WAIT-00', 'RUNS-00']);
  t.match(history.find('RUNS-00'), { started: true, end: undefined });
  t.match(history.find('DONE-00'), { started: true, end: { exit: 0 } });
  t.hasStrict(history.find('SHUT-00'), { started: false, closed: { how: 'expired' } });
  t.equal(history.find('NONE-00'), undefined);
});

t.test('an end of something unknown is no reason to stumble', async (t) => {
  const history = remember(
    ...[start('AAAA-AA'), approval('AAAA-AA', bob), granted('AAAA-AA'), end('AAAA-AA')],
  );
  t.strictSame(history.open(), []);
  t.equal(history.find('AAAA-AA'), undefined);
});

t.test('old requests are forgotten, but none that is open', async (t) => {
  const first = [request('RUNS-00'), start('RUNS-00'), request('WAIT-00'), request('DONE-00')];
  const more = Array.from({ length: 1500 }, (_, i) => [request(`R-${i}`), closed(`R-${i}`)]);
  const history = remember(...first, end('DONE-00'), ...more.flat());
  t.strictSame(openIn(history), ['RUNS-00', 'WAIT-00']);
  t.equal(history.find('DONE-00'), undefined);
  t.equal(history.find('R-0'), undefined);
  t.ok(history.find('R-1499'));
  const few = remember(...first, end('DONE-00'), ...more.slice(0, 900).flat());
  t.ok(few.find('DONE-00'), 'nor is anything before there are many');
});

t.test(
  'positions are remembered for good, unreadable sessions and fates for a while',
  async (t) => {
    const unreadable = (i: number) => refused({ room: OPS, event: `$${i}`, session: `s${i}` });
    const history = new History();
    for (let i = 0; i < 24_000; i++)
      history.note(entryOf(i, i % 2 ? asked(`$${i}`, i) : unreadable(i)));
    t.equal(history.spentBy(OPS, SESSION, 1, '$x'), 'other');
    t.equal(history.fateOf('$1'), undefined);
    t.equal(history.fateOf('$23999'), 'asked');
    t.notOk(history.knownUndecryptable(unreadable(0)));
    t.ok(history.knownUndecryptable(unreadable(23_998)));
  },
);
