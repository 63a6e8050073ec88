import t from 'tap';
import type { Actor, Entry, EntryBody, Source } from '../../src/audit/entry.ts';
import { History } from '../../src/audit/history.ts';
import { ALICE, ALICES_KEY, OPS, SESSION } from '../support/sightings.ts';

const actor: Actor = {
  person: 'alice',
  account: ALICE,
  device: 'PHONE',
  identity: ALICES_KEY,
  pinned: true,
};
const source = (event: string, index: number): Source => ({
  room: OPS,
  event,
  session: SESSION,
  index,
});
const request = (id: string, event = `$${id}`, index = 0): EntryBody => ({
  ...{ type: 'request', request: id, digest: 'd', actor, source: source(event, index) },
  ...{ thread: event, command: 'status', values: {}, policy: 'p', decision: 'allow' },
});
const asked = (event: string, index: number): EntryBody => ({
  ...{ type: 'asked', actor, source: source(event, index), command: 'help', values: {} },
});
const refused = (source: Source, sender: string = ALICE): EntryBody => ({
  ...{ type: 'refused', code: 'damaged', sender, source },
});
const start = (request: string): EntryBody => ({ type: 'start', request, argv: ['/x'], plan: 'p' });
const end = (request: string): EntryBody => ({ type: 'end', request, outcome: 'exited', exit: 0 });

function remember(...bodies: readonly EntryBody[]): History {
  const history = new History();
  for (const [seq, body] of bodies.entries())
    history.note({ v: 1, seq, ts: 't', boot: 'b', ...body } as Entry);
  return history;
}

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

t.test('what became of an event is known', async (t) => {
  const history = remember(request('AAAA-AA'), asked('$asked', 1), refused(source('$no', 2)));
  t.strictSame(
    ['$AAAA-AA', '$asked', '$no', '$never'].map((event) => history.fateOf(event)),
    ['request', 'asked', 'refused', undefined],
  );
});

t.test('a session that cannot be read is known by its sender', async (t) => {
  const unreadable: Source = { room: OPS, event: '$e', session: SESSION };
  const history = remember(refused(unreadable));
  t.ok(history.knownUndecryptable(ALICE, SESSION));
  t.notOk(history.knownUndecryptable('@bob:example.org', SESSION));
  t.notOk(remember(refused(source('$e', 1))).knownUndecryptable(ALICE, SESSION), 'it was read');
});

t.test('what was started and has no end is unfinished', async (t) => {
  const bodies = ['AAAA-AA', 'BBBB-BB', 'CCCC-CC'].map((id) => request(id));
  const history = remember(...bodies, start('AAAA-AA'), start('BBBB-BB'), end('BBBB-BB'));
  t.strictSame(
    history.unfinished().map(({ request }) => request.request),
    ['AAAA-AA'],
  );
  t.match(history.find('BBBB-BB'), { started: true, end: { exit: 0 } });
  t.match(history.find('CCCC-CC'), { started: false, end: undefined });
  t.equal(history.find('DDDD-DD'), undefined);
});

t.test('an end of something unknown is no reason to stumble', async (t) => {
  t.strictSame(remember(start('AAAA-AA'), end('AAAA-AA')).unfinished(), []);
});

t.test('old requests are forgotten, but none that may be running', async (t) => {
  const first = [request('RUNS-00'), start('RUNS-00'), request('DONE-00'), end('DONE-00')];
  const more = Array.from({ length: 1500 }, (_, i) => request(`R-${i}`));
  const history = remember(...first, ...more);
  t.ok(history.find('RUNS-00'));
  t.equal(history.find('DONE-00'), undefined);
  t.equal(history.find('R-0'), undefined);
  t.ok(history.find('R-1499'));
});

t.test(
  'positions are remembered for good, unreadable sessions and fates for a while',
  async (t) => {
    const history = new History();
    for (let i = 0; i < 20_000; i++) {
      const body =
        i % 2 ? asked(`$${i}`, i) : refused({ room: OPS, event: `$${i}`, session: `${i}` });
      history.note({ v: 1, seq: i, ts: 't', boot: 'b', ...body } as Entry);
    }
    t.equal(history.spentBy(OPS, SESSION, 1, '$x'), 'other');
    t.equal(history.fateOf('$1'), undefined);
    t.equal(history.fateOf('$19999'), 'asked');
    for (let i = 0; i < 20_001; i += 2)
      history.note({
        ...{ v: 1, seq: i, ts: 't', boot: 'b' },
        ...refused({ room: OPS, event: `$${i}`, session: `later ${i}` }),
      } as Entry);
    t.notOk(history.knownUndecryptable(ALICE, '0'));
    t.ok(history.knownUndecryptable(ALICE, 'later 20000'));
  },
);
