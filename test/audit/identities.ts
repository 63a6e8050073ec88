import t from 'tap';
import type { Actor, EntryBody } from '../../src/audit/body.ts';
import { Identities } from '../../src/audit/identities.ts';

const ALICE = '@alice:example.org';
const source = { room: '!r:example.org', event: '$e' };
const actor = (identity: string): Actor => ({
  ...{ person: 'alice', account: ALICE, device: 'PHONE', identity, pinned: true },
});
const asked = (identity: string): EntryBody => ({
  ...{ type: 'asked', actor: actor(identity), source, command: 'whoami', values: {} },
});
const pinned = (identity: string, account = ALICE): EntryBody => ({
  ...{ type: 'identity.pinned', person: 'alice', account, identity },
});
const refused = (code: string, identity: string): EntryBody => ({
  ...{ type: 'refused', code, sender: ALICE, person: 'alice', identity, source },
});
const verified = (identity: string): EntryBody => ({
  ...{ type: 'identity.verified', person: 'alice', account: ALICE, identity },
});

/** What each entry tells, and what is known in the end. */
function read(...bodies: readonly EntryBody[]) {
  const identities = new Identities();
  const told = bodies.map((body, seq) =>
    identities.note({ v: 1, seq, ts: `2026-01-0${seq + 1}T00:00:00.000Z`, boot: 'b', ...body }),
  );
  return { identities, what: told.map((event) => event?.what) };
}

t.test('each identity is told once as seen, refused, pinned or verified', async (t) => {
  const { what } = read(
    ...[pinned('one'), asked('one'), asked('one'), verified('one')],
    ...[refused('identity_mismatch', 'two'), refused('identity_mismatch', 'two')],
    ...[refused('clear_text', ''), pinned('two'), asked('two')],
  );
  t.strictSame(what, [
    ...['pinned', 'seen', undefined, 'verified'],
    ...['refused', undefined, undefined, 'pinned', 'seen'],
  ]);
});

t.test('an account is suspended by another identity until one is pinned', async (t) => {
  const until = [pinned('one'), refused('identity_mismatch', 'two')];
  t.hasStrict(read(...until).identities.suspended(ALICE), { identity: 'two', seq: 1 });
  t.equal(read(...until, pinned('two')).identities.suspended(ALICE), undefined);
  t.equal(read(...until, asked('one')).identities.suspended('@bob:example.org'), undefined);
});

t.test('what was verified counts for that very identity only', async (t) => {
  const { identities } = read(pinned('one'), verified('one'), pinned('two'));
  t.match(identities.verified(ALICE, 'one'), { seq: 1 });
  t.equal(identities.verified(ALICE, 'two'), undefined);
});

t.test('the pins are those that were recorded last', async (t) => {
  const { identities } = read(
    ...[pinned('one'), pinned('', '@bob:example.org'), pinned('x', '@carol:example.org')],
    { type: 'identity.dropped', person: 'alice', account: '@carol:example.org' },
    asked('one'),
    pinned('two'),
  );
  t.strictSame(
    identities.pins(),
    new Map([
      [ALICE, { person: 'alice', identity: 'two' }],
      ['@bob:example.org', { person: 'alice', identity: '' }],
    ]),
  );
});
