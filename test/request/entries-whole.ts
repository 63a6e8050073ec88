/** The entries about a request, whole: nothing is left out, nothing is there that was not given. */
import t from 'tap';
import {
  actorOf,
  cancelEntry,
  grantEntry,
  requestEntry,
  reviewEntries,
  signOffEntry,
  sourceOf,
  startEntry,
  withdrawalEntry,
} from '../../src/request/entries.ts';
import { actorOf as actor } from '../model/fixtures/scenarios.ts';
import { request, trusted } from '../support/requests.ts';

const asked = request();
const named = { request: asked.id, digest: asked.digest };
const TOTP = { kind: 'totp', step: 7 } as const;

t.test(
  'a request is recorded with what the policy said, and nothing of another answer',
  async (t) => {
    const entry = { type: 'request', ...named, frozen: asked.frozen, thread: asked.thread };
    const trace = [] as const;
    const decided = (decision: Parameters<typeof requestEntry>[1]) => requestEntry(asked, decision);
    t.strictSame(decided({ kind: 'deny', because: 'role', trace }), {
      ...{ ...entry, decision: 'deny', because: 'role' },
    });
    t.strictSame(
      decided({ kind: 'pending', missing: [{ kind: 'step_up', factor: 'totp' }], trace }),
      { ...entry, decision: 'pending', missing: ['totp'] },
    );
    t.strictSame(decided({ kind: 'allow', despite: 'window', trace }), {
      ...{ ...entry, decision: 'allow', despite: 'window' },
    });
    t.strictSame(decided({ kind: 'allow', despite: undefined, trace }), {
      ...{ ...entry, decision: 'allow' },
    });
  },
);

t.test('who asked, and the ciphertext that it spent', async (t) => {
  const by = trusted();
  t.strictSame(actorOf(by), {
    ...{ person: by.person, account: by.account, device: by.device },
    ...{ identity: by.identity, pinned: true },
  });
  t.strictSame(sourceOf(by), {
    ...{ room: by.roomId, event: by.event, session: by.session, index: by.index },
  });
  t.strictSame(sourceOf({ ...by, index: 0 }).index, 0, 'the first of a session as well');
  t.strictSame(
    sourceOf({ ...by, session: undefined, index: undefined }),
    { room: by.roomId, event: by.event },
    'at a terminal there is none',
  );
});

t.test('a sign-off has its digest, and its factor with its evidence', async (t) => {
  const bob = actor('bob');
  t.strictSame(signOffEntry(asked, { actor: bob, factor: undefined, evidence: undefined }), {
    ...{ type: 'approval', ...named, actor: bob },
  });
  t.strictSame(signOffEntry(asked, { actor: bob, factor: 'totp', evidence: TOTP }), {
    ...{ type: 'approval', ...named, actor: bob, factor: 'totp', evidence: TOTP },
  });
  t.strictSame(withdrawalEntry(asked, bob), {
    ...{ type: 'approval.withdrawn', request: asked.id, actor: bob },
  });
  t.strictSame(cancelEntry(asked, bob), { type: 'cancel', request: asked.id, actor: bob });
});

t.test(
  'a grant names who is in it, a start what it uses up, an urgent one its review',
  async (t) => {
    const signOffs = [{ actor: actor('bob'), factor: undefined, evidence: undefined }];
    const granted = { type: 'granted', request: asked.id, approvals: ['bob'] };
    t.strictSame(grantEntry(asked, { factor: 'totp', signOffs }), { ...granted, factor: 'totp' });
    t.strictSame(grantEntry(asked, { factor: undefined, signOffs }), granted);
    const start = { type: 'start', ...named, argv: asked.frozen.argv };
    t.strictSame(startEntry(asked), start);
    t.strictSame(startEntry(asked, 'ALLO-W0'), { ...start, allowance: 'ALLO-W0' });
    t.strictSame(reviewEntries(asked), []);
    const urgent = request({ urgent: 'it burns' });
    t.strictSame(reviewEntries(urgent), [
      { type: 'review.opened', request: urgent.id, person: 'alice' },
    ]);
  },
);
