import t from 'tap';
import { decide } from '../../src/policy/decide.ts';
import {
  type Ask,
  DENY_CODES,
  type DenyCode,
  type Facts,
  NO_FACTS,
} from '../../src/policy/decision.ts';
import {
  describeDenial,
  describeMissing,
  describeTrace,
  nameMissing,
} from '../../src/policy/explain.ts';
import { list } from '../../src/policy/list.ts';
import { policyFile, TEAM } from '../config/fixtures/policies.ts';
import { action, person, room } from './fixtures/world.ts';

const { policy } = policyFile(
  TEAM.replace('effect: read\n', 'effect: read\n    mode: warn\n')
    .replace('windows: [night-change]', 'windows: [night-change, morning]')
    .replace(
      'windows:\n',
      'windows:\n  morning: { tz: UTC, days: [mon], from: "06:00", to: "08:00" }\n',
    ),
);

const ask = (who: string, what: string, where: string, values: Ask['values']): Ask => ({
  ...{ person: person(who), pinned: true, room: room(where), action: what, values },
});
const decideAt = (asked: Ask, facts: Partial<Facts> = {}) =>
  decide(policy, asked, {
    ...{ ...NO_FACTS, now: Date.parse('2026-01-07T12:00Z') },
    ...facts,
  });
const NIGHT = { now: Date.parse('2026-03-03T22:30+01:00') };

const deploy = ask('dave', 'deploy', 'danger', { service: 'web', version: '1.2.3' });
const failover = ask('dave', 'db-failover', 'danger', { node: 'db2' });

type Said = readonly [asked: Ask, said: string | RegExp, facts?: Partial<Facts>];

const SAID: Readonly<Record<DenyCode, Said>> = {
  action: [{ ...deploy, action: 'pizza' }, 'The policy has no such action.'],
  person: [{ ...deploy, person: person('mallory') }, 'The policy does not know you.'],
  identity: [{ ...deploy, pinned: false }, /^It changes things, and your identity is not pinned/],
  role: [{ ...deploy, person: person('carol') }, 'It is for ops; your roles are dba, security.'],
  room: [{ ...deploy, room: room('ops') }, 'It runs only in danger, not here (ops).'],
  window: [
    failover,
    'It runs only in the window night-change (tue, thu 22:00 to 02:00 Europe/Berlin), ' +
      'morning (mon 06:00 to 08:00 UTC). One of them has to be open.',
  ],
  posture: [
    deploy,
    'This room is closed for changes: guests may join. It opens again when that is mended.',
    { drift: 'guests may join' },
  ],
  freeze: [
    deploy,
    'All is frozen: the database moves. Whoever may can unfreeze it.',
    { freezes: [{ scope: 'all', why: 'the database moves' }] },
  ],
  break_glass: [
    { ...deploy, urgent: 'the site is down' },
    'The last break-glass run has not been reviewed: another person has to close the review first.',
    { reviewIsOpen: true },
  ],
  allowance: [
    { ...failover, isAllowance: true },
    'The policy does not let db-failover be allowed in advance.',
    NIGHT,
  ],
  params: [
    { ...deploy, values: { service: 'db', version: '1.2.3' } },
    'A value is not accepted: service: it is one of web, api.',
  ],
  unevaluable: [failover, /what cannot be evaluated is refused/, { now: Number.NaN }],
};

t.test('there is a sentence for each way to be denied', async (t) => {
  for (const because of DENY_CODES) {
    const [asked, said, facts] = SAID[because];
    const decision = decideAt(asked, facts);
    t.hasStrict(decision, { kind: 'deny', because });
    const act = policy.actions.get(action(asked.action));
    const sentence = describeDenial(because, act, decision.trace);
    if (typeof said === 'string') t.equal(sentence, said);
    else t.match(sentence, said);
  }
});

t.test('a single window, and nobody’s roles, are said as such', async (t) => {
  const one = policyFile(TEAM).policy;
  const said = (asked: Ask, because: DenyCode): string => {
    const { trace } = decide(one, asked, { ...NO_FACTS, now: Date.parse('2026-01-07T12:00Z') });
    return describeDenial(because, one.actions.get(action(asked.action)), trace);
  };
  t.equal(
    said(failover, 'window'),
    'It runs only in the window night-change (tue, thu 22:00 to 02:00 Europe/Berlin).',
  );
  t.equal(list([]), 'none');
});

t.test('the reason given is the one that denied, not one that was only noted', async (t) => {
  const asked = ask('carol', 'status', 'ops', { service: 'x' });
  const { trace } = decideAt(asked);
  t.equal(
    describeDenial('params', policy.actions.get(action('status')), trace),
    'A value is not accepted: service: it is one of web, api, db.',
  );
});

t.test('who may not break the glass is told who may, if anybody', async (t) => {
  const saidTo = (asked: Ask, breakGlass: readonly string[]) => {
    const act = policy.actions.get(action(asked.action));
    if (!act) throw new Error('no such action');
    const changed = { ...act, breakGlass };
    const actions = new Map([[act.name, changed]]);
    const facts = { ...NO_FACTS, ...NIGHT };
    const { trace } = decide({ ...policy, actions }, { ...asked, urgent: 'it burns' }, facts);
    return describeDenial('break_glass', changed, trace);
  };
  t.equal(
    saidTo(deploy, ['dba', 'security']),
    'Break-glass is for dba, security; your roles are ops.',
  );
  t.equal(saidTo(deploy, []), 'The policy has no break-glass for it.');
});

t.test('what is missing is named short and long', async (t) => {
  const decision = decideAt(failover, NIGHT);
  const missing = decision.kind === 'pending' ? decision.missing : [];
  t.strictSame(missing.map(nameMissing), ['webauthn', '2 approvals']);
  t.strictSame(
    missing.map((one) => describeMissing(one, 'dave')),
    ['dave: a passkey', '2 sign-offs from dba with a passkey (not dave)'],
  );
  const simple = decideAt(deploy);
  const less = simple.kind === 'pending' ? simple.missing : [];
  t.strictSame(less.map(nameMissing), ['totp', '1 approval']);
  t.strictSame(
    less.map((one) => describeMissing(one, 'dave')),
    ['dave: a one-time code', '1 sign-off from ops or dba (not dave)'],
  );
});

t.test('the trace shows each check with what it found', async (t) => {
  t.strictSame(describeTrace(decideAt({ ...deploy, room: room('ops') })), [
    '✓ person: dave',
    '✓ identity: pinned',
    '✓ role: ops',
    '✗ room: ops; needs danger',
  ]);
  t.strictSame(describeTrace(decideAt(deploy)).slice(-3), [
    '✓ params: accepted',
    '✗ step_up: none; needs totp',
    '✗ approvals: 0 of 1 from ops, dba; needs 1',
  ]);
});
