import t from 'tap';
import type { Actor, EntryBody, Frozen } from '../../src/audit/body.ts';
import { Standing } from '../../src/audit/standing.ts';
import { actorOf } from '../../src/request/entries.ts';
import { frozen, trusted } from '../support/requests.ts';

const alice: Actor = actorOf(trusted());
const bob: Actor = { ...alice, person: 'bob' };
const MINUTE = 60_000;
const START = Date.parse('2026-01-05T10:00:00Z');

/** What stands after these entries, one a minute. */
function after(...bodies: readonly EntryBody[]): Standing {
  const standing = new Standing();
  for (const [seq, body] of bodies.entries()) {
    const ts = new Date(START + seq * MINUTE).toISOString();
    standing.note({ v: 1, seq, ts, boot: 'b', ...body });
  }
  return standing;
}

const totp: EntryBody = {
  ...{ type: 'factor.enrolled', person: 'alice', factor: 'totp', by: 'host' },
};
const passkey = (credential: string): EntryBody => ({
  ...{ type: 'factor.enrolled', person: 'alice', factor: 'webauthn', by: 'totp' },
  ...{ credential, key: `key of ${credential}`, rp: 'example.org' },
});
const removed: EntryBody = { type: 'factor.removed', person: 'alice', by: 'host' };

t.test('of somebody unknown, nothing stands', async (t) => {
  const standing = new Standing();
  t.notOk(standing.has('alice', 'totp'));
  t.notOk(standing.isLocked('alice'));
  t.strictSame(standing.passkeysOf('alice'), []);
  t.equal(standing.lastStep('alice'), -1);
  t.equal(standing.wrongCodesSince('alice', 0), 0);
  t.equal(standing.ticketOf('alice', START), undefined);
  t.equal(standing.directRoomOf('alice'), undefined);
  t.strictSame(standing.recoveryVotes('alice', START), []);
  const lists = [standing.freezes(), standing.reviews(), standing.allowances(START)];
  t.strictSame([...lists, standing.directRooms()], [[], [], [], []]);
});

t.test('factors are there from enrolment until they are removed, all at once', async (t) => {
  const standing = after(totp, passkey('one'), passkey('two'));
  t.ok(standing.has('alice', 'totp') && standing.has('alice', 'webauthn'));
  t.notOk(standing.has('bob', 'totp'));
  t.notOk(standing.isLocked('alice'));
  t.strictSame(
    standing.passkeysOf('alice').map(({ credential, key }) => [credential, key]),
    [
      ['one', 'key of one'],
      ['two', 'key of two'],
    ],
  );
  const gone = after(totp, passkey('one'), removed);
  t.notOk(gone.has('alice', 'totp') || gone.has('alice', 'webauthn'));
  t.strictSame(gone.passkeysOf('alice'), []);
  t.ok(after(totp, removed, totp).has('alice', 'totp'), 'and can be enrolled anew');
});

t.test('the last step that was spent only grows, however a code was spent', async (t) => {
  const stepUp = (step: number): EntryBody => ({
    ...{ type: 'stepup', request: 'AAAA-AA', digest: 'd', person: 'alice', factor: 'totp' },
    evidence: { kind: 'totp', step },
  });
  const approval = (step: number): EntryBody => ({
    ...{ type: 'approval', request: 'AAAA-AA', digest: 'd', actor: alice, factor: 'totp' },
    evidence: { kind: 'totp', step },
  });
  const burnt = (step: number): EntryBody => ({
    ...{ type: 'code.burnt', person: 'alice', step, why: 'in a room' },
  });
  t.equal(after(stepUp(7)).lastStep('alice'), 7);
  t.equal(after(approval(8)).lastStep('alice'), 8);
  t.equal(after(burnt(9)).lastStep('alice'), 9);
  t.equal(after(burnt(9), stepUp(7)).lastStep('alice'), 9);
  t.equal(after(burnt(9), removed, totp).lastStep('alice'), 9, 'also over a new enrolment');
  t.equal(after(stepUp(7)).lastStep('bob'), -1);
});

t.test('wrong codes are counted over a time, right ones in between or not', async (t) => {
  const wrong: EntryBody = { type: 'code.wrong', person: 'alice', request: 'AAAA-AA' };
  const right: EntryBody = { type: 'code.burnt', person: 'alice', step: 1, why: 'enrolment' };
  const since = (standing: Standing, minutes: number) =>
    standing.wrongCodesSince('alice', START + minutes * MINUTE);
  t.equal(since(after(wrong, wrong, wrong), 0), 3);
  t.equal(since(after(wrong, wrong, wrong), 1), 2, 'that moment is inside');
  t.equal(since(after(wrong, wrong, wrong), 3), 0);
  t.equal(since(after(wrong, wrong, right, wrong), 0), 3);
  t.equal(since(after(...Array(500).fill(wrong)), 0), 100, 'and no more are kept');
});

t.test('who is locked stays so until unlocked, and then starts from nothing', async (t) => {
  const wrong: EntryBody = { type: 'code.wrong', person: 'alice', request: 'AAAA-AA' };
  const locked: EntryBody = { type: 'locked', person: 'alice' };
  const unlocked: EntryBody = { type: 'unlocked', person: 'alice', by: ['bob'] };
  t.ok(after(wrong, locked).isLocked('alice'));
  t.ok(after(wrong, locked, removed, totp).isLocked('alice'), 'a new factor is no way out');
  const free = after(wrong, locked, unlocked);
  t.notOk(free.isLocked('alice'));
  t.equal(free.wrongCodesSince('alice', 0), 0);
});

t.test('a ticket is for one enrolment, and for its time', async (t) => {
  const ticket = (hash: string): EntryBody => ({
    ...{ type: 'ticket.issued', person: 'alice', ticket: hash, by: ['bob'] },
    expiresAt: START + 10 * MINUTE,
  });
  const at = (standing: Standing, minutes: number) =>
    standing.ticketOf('alice', START + minutes * MINUTE);
  t.equal(at(after(ticket('h1')), 9), 'h1');
  t.equal(at(after(ticket('h1')), 10), undefined);
  t.equal(at(after(ticket('h1'), ticket('h2')), 9), 'h2', 'the last one counts');
  const spent: EntryBody = { type: 'ticket.spent', person: 'alice' };
  t.equal(at(after(ticket('h1'), spent), 9), undefined);
  t.equal(at(after(ticket('h1'), spent, { ...totp, by: 'ticket' } as EntryBody), 9), undefined);
  t.equal(at(after(ticket('h1'), passkey('one')), 9), 'h1', 'what needs no ticket uses none up');
});

t.test(
  'votes for a recovery count once a person, for half an hour, for one recovery',
  async (t) => {
    const vote = (actor: Actor): EntryBody => ({ type: 'recovery.vote', person: 'carol', actor });
    const votes = (standing: Standing, minutes: number) =>
      standing.recoveryVotes('carol', START + minutes * MINUTE);
    t.strictSame(votes(after(vote(alice), vote(alice), vote(bob)), 3), ['alice', 'bob']);
    t.strictSame(votes(after(vote(alice), vote(bob)), 30), ['bob']);
    t.strictSame(votes(after(vote(alice), vote(bob)), 31), []);
    const done: EntryBody = { type: 'unlocked', person: 'carol', by: ['alice', 'bob'] };
    t.strictSame(votes(after(vote(alice), vote(bob), done), 3), []);
  },
);

t.test('what is frozen stays so until it is unfrozen, scope by scope', async (t) => {
  const frozen = (scope: string, why: string, actor = alice): EntryBody => ({
    ...{ type: 'frozen', scope, why, actor },
  });
  const unfrozen = (scope: string): EntryBody => ({ type: 'unfrozen', scope, actor: bob });
  const standing = after(frozen('all', 'a'), frozen('deploy', 'b'), frozen('all', 'c', bob));
  t.strictSame(standing.freezes(), [
    { scope: 'all', why: 'c', by: 'bob' },
    { scope: 'deploy', why: 'b', by: 'alice' },
  ]);
  t.strictSame(after(frozen('all', 'a'), unfrozen('deploy')).freezes().length, 1);
  t.strictSame(after(frozen('all', 'a'), unfrozen('all')).freezes(), []);
});

t.test('a review is open until it is closed', async (t) => {
  const opened: EntryBody = { type: 'review.opened', request: 'AAAA-AA', person: 'alice' };
  const closed = (request: string): EntryBody => ({
    ...{ type: 'review.closed', request, actor: bob, words: 'fine' },
  });
  t.strictSame(after(opened).reviews(), [{ request: 'AAAA-AA', person: 'alice' }]);
  t.equal(after(opened, closed('BBBB-BB')).reviews().length, 1);
  t.strictSame(after(opened, closed('AAAA-AA')).reviews(), []);
});

t.test('the direct room of a person is the last one that was made', async (t) => {
  const direct = (room: string, person = 'alice'): EntryBody => ({
    ...{ type: 'direct', person, account: `@${person}:example.org`, room },
  });
  const standing = after(direct('!one:h'), direct('!two:h'), direct('!bob:h', 'bob'));
  t.equal(standing.directRoomOf('alice'), '!two:h');
  t.strictSame(standing.directRooms(), [
    { room: '!one:h', person: 'alice', isCurrent: false },
    { room: '!two:h', person: 'alice', isCurrent: true },
    { room: '!bob:h', person: 'bob', isCurrent: true },
  ]);
});

t.test('a room that is given out again stays with the first', async (t) => {
  const direct = (room: string, person: string): EntryBody => ({
    ...{ type: 'direct', person, account: `@${person}:example.org`, room },
  });
  const [one, two] = [direct('!one:h', 'alice'), direct('!two:h', 'alice')];
  const standing = after(one, direct('!one:h', 'bob'), two, direct('!one:h', 'alice'));
  t.equal(standing.directRoomOf('bob'), undefined);
  t.equal(standing.directRoomOf('alice'), '!two:h', 'nor does it come back');
  t.equal(standing.ownerOfDirect('!one:h'), 'alice');
  t.equal(standing.ownerOfDirect('!other:h'), undefined);
});

const asked = (change: Partial<Frozen> = {}): EntryBody => ({
  ...{ type: 'request', request: 'ALLO-W0', digest: 'd', thread: '$e', decision: 'pending' },
  frozen: frozen({
    ...{ kind: 'allowance', allowance: { times: 2, forMs: 10 * MINUTE } },
    ...change,
  }),
});
const ended = (outcome: 'given' | 'exited'): EntryBody => ({
  ...{ type: 'end', request: 'ALLO-W0', outcome },
});
const used: EntryBody = {
  ...{ type: 'start', request: 'AAAA-AA', digest: 'd', argv: ['/x'], allowance: 'ALLO-W0' },
};
const allowances = (standing: Standing, minutes = 2) =>
  standing.allowances(START + minutes * MINUTE).map(({ request, left }) => `${request} ${left}`);

t.test('an allowance counts from when it is given, for its times and its time', async (t) => {
  t.strictSame(allowances(after(asked())), [], 'asked for is not given');
  const given = after(asked(), ended('given'));
  t.strictSame(allowances(given), ['ALLO-W0 2']);
  t.strictSame(allowances(given, 10), ['ALLO-W0 2']);
  t.strictSame(allowances(given, 11), [], 'ten minutes after it was given, not after it was asked');
  t.strictSame(allowances(after(asked(), ended('given'), used)), ['ALLO-W0 1']);
  t.strictSame(allowances(after(asked(), ended('given'), used, used)), []);
});

t.test('nothing but an allowance that was given is one', async (t) => {
  t.strictSame(allowances(after(asked({ kind: 'run' }), ended('given'))), []);
  t.strictSame(allowances(after(asked(), ended('exited'))), []);
  t.strictSame(allowances(after(ended('given'))), []);
  t.strictSame(allowances(after(asked(), ended('given'), used, ended('given'))), ['ALLO-W0 1']);
  t.strictSame(allowances(after(used, asked(), ended('given'))), ['ALLO-W0 2']);
});
