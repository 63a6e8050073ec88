import t from 'tap';
import { type Ask, DENY_CODES, type DenyCode, decide } from '../../src/policy/decide.ts';
import {
  describeDenial,
  describeMissing,
  describeTrace,
  nameMissing,
} from '../../src/policy/explain.ts';
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
const decideAt = (asked: Ask, now = Date.parse('2026-01-07T12:00Z')) =>
  decide(policy, asked, { now, factor: undefined, approvals: [] });

const deploy = ask('dave', 'deploy', 'danger', { service: 'web', version: '1.2.3' });
const failover = ask('dave', 'db-failover', 'danger', { node: 'db2' });

const SAID: Readonly<Record<DenyCode, readonly [asked: Ask, said: string | RegExp, now?: number]>> =
  {
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
    params: [
      { ...deploy, values: { service: 'db', version: '1.2.3' } },
      'A value is not accepted: service: it is one of web, api.',
    ],
    unevaluable: [failover, /what cannot be evaluated is refused/, Number.NaN],
  };

t.test('there is a sentence for each way to be denied', async (t) => {
  for (const because of DENY_CODES) {
    const [asked, said, now] = SAID[because];
    const decision = decideAt(asked, now);
    t.match(decision, { kind: 'deny', because });
    const act = policy.actions.get(action(asked.action));
    const sentence = describeDenial(because, act, decision.trace);
    if (typeof said === 'string') t.equal(sentence, said);
    else t.match(sentence, said);
  }
});

t.test('the reason given is the one that denied, not one that was only noted', async (t) => {
  const asked = ask('carol', 'status', 'ops', { service: 'x' });
  const { trace } = decideAt(asked);
  t.equal(
    describeDenial('params', policy.actions.get(action('status')), trace),
    'A value is not accepted: service: it is one of web, api, db.',
  );
});

t.test('what is missing is named short and long', async (t) => {
  const decision = decideAt(failover, Date.parse('2026-03-03T22:30+01:00'));
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
