import t from 'tap';
import {
  closingEntry,
  endEntry,
  grantEntry,
  requestEntry,
  reviewEntries,
  startEntry,
} from '../../src/request/entries.ts';
import type { Closing, Ending, Outcome } from '../../src/request/life.ts';
import { actorOf } from '../model/fixtures/scenarios.ts';
import { request } from '../support/requests.ts';

const asked = request();

t.test('the request stands in the log whole, with what the policy said', async (t) => {
  const frozen = { type: 'request', request: asked.id, digest: asked.digest, frozen: asked.frozen };
  const denied = { kind: 'deny', because: 'role', trace: [] } as const;
  t.hasStrict(requestEntry(asked, denied), { ...frozen, decision: 'deny', because: 'role' });
  const pending = { kind: 'pending', missing: [{ kind: 'step_up', factor: 'totp' }], trace: [] };
  t.match(requestEntry(asked, pending as never), { decision: /^pending$/, missing: [/totp/] });
  const warned = { kind: 'allow', despite: 'window', trace: [] } as const;
  t.hasStrict(requestEntry(asked, warned), { decision: 'allow', despite: 'window' });
});

t.test('a closing says why', async (t) => {
  const table: readonly (readonly [Closing, object])[] = [
    [
      { kind: 'denied', by: 'bob', reason: 'not now' },
      { by: 'bob', because: 'not now' },
    ],
    [{ kind: 'voided', changes: ['a file is gone'] }, { changes: ['a file is gone'] }],
    [
      { kind: 'refused', decision: { kind: 'deny', because: 'freeze', trace: [] } },
      { because: 'freeze' },
    ],
    [{ kind: 'withdrawn' }, {}],
    [{ kind: 'expired' }, {}],
  ];
  for (const [closing, why] of table)
    t.strictSame(closingEntry(asked, closing), {
      ...{ type: 'closed', request: asked.id, how: closing.kind },
      ...why,
    });
});

t.test('an end says how, how long, and the digest of all that was printed', async (t) => {
  const ending = (outcome: Outcome): Ending => ({
    outcome,
    ms: 12,
    progress: { tail: ['shown, not recorded'], lines: 2, bytes: 30 },
    sha256: 'a'.repeat(64),
    cut: undefined,
  });
  const end = {
    type: 'end',
    request: asked.id,
    ms: 12,
    bytes: 30,
    lines: 2,
    sha256: 'a'.repeat(64),
  };
  for (const [outcome, how] of [
    [
      { kind: 'exited', exit: 1 },
      { outcome: 'exited', exit: 1 },
    ],
    [{ kind: 'cancelled', by: 'bob' }, { outcome: 'cancelled' }],
    [
      { kind: 'not_started', reason: 'why' },
      { outcome: 'not_started', reason: 'why' },
    ],
    [{ kind: 'timed_out' }, { outcome: 'timed_out' }],
  ] as const)
    t.strictSame(endEntry(asked, ending(outcome)), { ...end, ...how });
});

t.test(
  'a grant names who is in it, a start what it uses up, an urgent one its review',
  async (t) => {
    const signOffs = [{ actor: actorOf('bob'), factor: undefined, evidence: undefined }];
    t.hasStrict(grantEntry(asked, { factor: 'totp', signOffs }), {
      factor: 'totp',
      approvals: ['bob'],
    });
    t.notOk('allowance' in startEntry(asked));
    t.hasStrict(startEntry(asked, 'AAAA-AA'), { argv: asked.frozen.argv, allowance: 'AAAA-AA' });
    t.strictSame(reviewEntries(asked), []);
    t.hasStrict(reviewEntries(request({ urgent: 'it burns' })), [
      { type: 'review.opened', person: 'alice' },
    ]);
  },
);
