/** What is gone when somebody's factors are taken back, and what of others stays. */
import t from 'tap';
import type { Actor, EntryBody } from '../../src/audit/body.ts';
import { Standing } from '../../src/audit/standing.ts';
import { actorOf } from '../../src/request/entries.ts';
import { frozen, trusted } from '../support/requests.ts';

const alice: Actor = actorOf(trusted());
const bob: Actor = { ...alice, person: 'bob' };
const START = Date.parse('2026-01-05T10:00:00Z');
const HOUR = 3_600_000;

function after(...bodies: readonly EntryBody[]): Standing {
  const standing = new Standing();
  for (const [seq, body] of bodies.entries())
    standing.note({ v: 1, seq, ts: new Date(START).toISOString(), boot: 'b', ...body });
  return standing;
}

/** Given to this person, under this name. */
const given = (request: string, actor: Actor): readonly EntryBody[] => [
  {
    ...{ type: 'request', request, digest: 'd', thread: '$e', decision: 'pending' },
    frozen: frozen({ kind: 'allowance', allowance: { times: 2, forMs: HOUR }, actor }),
  },
  { type: 'end', request, outcome: 'given' },
];
const removed = (person: string): EntryBody => ({ type: 'factor.removed', person, by: 'carol' });
const left = (standing: Standing) => standing.allowances(START).map(({ request }) => request);

t.test('allowances end with the factors of their person', async (t) => {
  const both = [...given('ALLO-W1', alice), ...given('ALLO-W2', bob), ...given('ALLO-W3', alice)];
  t.strictSame(left(after(...both)), ['ALLO-W1', 'ALLO-W2', 'ALLO-W3']);
  t.strictSame(left(after(...both, removed('alice'))), ['ALLO-W2'], 'all of hers, none of bob’s');
  t.strictSame(left(after(...both, removed('dave'))), ['ALLO-W1', 'ALLO-W2', 'ALLO-W3']);
});

t.test('what was asked for before that can still be given, by others, afterwards', async (t) => {
  const [asked, end] = given('ALLO-W1', alice);
  if (!asked || !end) throw new Error('there are two entries');
  t.strictSame(left(after(asked, removed('alice'), end)), ['ALLO-W1']);
});

t.test('each removal is counted, for its person', async (t) => {
  const standing = after(removed('alice'), removed('alice'), removed('bob'));
  t.strictSame(
    ['alice', 'bob', 'carol'].map((name) => standing.removalsOf(name)),
    [2, 1, 0],
  );
});
