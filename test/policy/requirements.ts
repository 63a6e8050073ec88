import t from 'tap';
import { type Ask, type Facts, NO_FACTS, type Step } from '../../src/policy/decision.ts';
import type { Factor, Quorum, Requirements } from '../../src/policy/model.ts';
import type { Approval } from '../../src/policy/quorum.ts';
import { mayApprove, satisfies, stillMissing } from '../../src/policy/requirements.ts';
import { policyFile, TEAM } from '../config/fixtures/policies.ts';
import { action, person, room } from './fixtures/world.ts';

const { policy } = policyFile(TEAM);
const dave = person('dave');
const by = (name: string, change: Partial<Approval> = {}): Approval => ({
  ...{ person: person(name), pinned: true, factor: undefined },
  ...change,
});
const from = (count: number, ...roles: readonly string[]): Quorum => ({
  ...{ count, roles, stepUp: undefined },
});

/** What is still missing of dave's request, short, and the checks that say so. */
function look(require: Partial<Requirements>, facts: Partial<Facts> = {}, ask: Partial<Ask> = {}) {
  const deploy = policy.actions.get(action('deploy'));
  if (!deploy) throw new Error('no deploy');
  const nothing = { stepUp: undefined, approvals: [], withinMs: 1, startWithinMs: 0 };
  const trace: Step[] = [];
  const missing = stillMissing(
    policy,
    { ...deploy, require: { ...nothing, ...require } },
    { person: dave, pinned: true, room: room('danger'), action: 'deploy', values: {}, ...ask },
    { ...NO_FACTS, now: 0, ...facts },
    trace,
  );
  return { missing: missing.map((m) => (m.kind === 'step_up' ? m.factor : m.count)), trace };
}

t.test('where nothing is required, nothing is missing and nothing is looked at', async (t) => {
  t.strictSame(look({}), { missing: [], trace: [] });
});

t.test('a factor is missing until one at least as strong is proven', async (t) => {
  t.strictSame(look({ stepUp: 'totp' }).missing, ['totp']);
  t.strictSame(look({ stepUp: 'totp' }, { factor: 'webauthn' }).missing, []);
  t.strictSame(look({ stepUp: 'webauthn' }, { factor: 'totp' }), {
    missing: ['webauthn'],
    trace: [{ check: 'step_up', holds: false, need: 'webauthn', have: 'totp' }],
  });
});

t.test('seats are filled by people with a role, each once, and never by the asker', async (t) => {
  const missing = (approvals: readonly Approval[]) =>
    look({ approvals: [from(1, 'ops'), from(1, 'dba')] }, { approvals }).missing;
  t.strictSame(missing([]), [1, 1]);
  t.strictSame(missing([by('alice')]), [1], 'who has both roles fills one seat');
  t.strictSame(missing([by('alice'), by('carol')]), []);
  t.strictSame(missing([by('carol'), by('dave')]), [1], 'dave is ops, and asked for it');
  t.strictSame(missing([by('mallory')]), [1, 1]);
});

t.test('a sign-off counts with what its quorum asks for, and pinned, or not at all', async (t) => {
  const approvals = [{ ...from(1, 'dba'), stepUp: 'totp' as const }];
  const missing = (given: Approval) => look({ approvals }, { approvals: [given] }).missing;
  t.strictSame(missing(by('alice')), [1]);
  t.strictSame(missing(by('alice', { factor: 'totp' })), []);
  t.strictSame(missing(by('alice', { factor: 'webauthn' })), []);
  t.strictSame(missing(by('alice', { factor: 'webauthn', pinned: false })), [1]);
});

t.test('the trace says of each quorum how much of it there is', async (t) => {
  const { trace } = look({ approvals: [from(2, 'dba')] }, { approvals: [by('alice')] });
  t.strictSame(trace, [{ check: 'approvals', holds: false, need: '2', have: '1 of 2 from dba' }]);
});

t.test('break-glass leaves out the sign-offs of a run, not the factor', async (t) => {
  const require = { stepUp: 'totp' as const, approvals: [from(1, 'dba')] };
  t.strictSame(look(require, {}, { urgent: 'it burns' }).missing, ['totp']);
  t.strictSame(look(require, {}, { urgent: 'it burns', isAllowance: true }).missing, ['totp', 1]);
});

t.test('who may approve: anybody else with one of the roles', async (t) => {
  const may = (name: string) => mayApprove(policy, dave, from(1, 'ops', 'security'), person(name));
  t.strictSame(['alice', 'bob', 'carol', 'dave', 'mallory'].map(may), [
    ...[true, true, true, false, false],
  ]);
});

t.test('a passkey is more than a code, and a code is more than nothing', async (t) => {
  const FACTORS = [undefined, 'totp', 'webauthn'] as const satisfies (Factor | undefined)[];
  for (const [strength, have] of FACTORS.entries())
    for (const [needed, need] of FACTORS.entries())
      t.equal(satisfies(have, need), strength >= needed, `${have} for ${need}`);
});
