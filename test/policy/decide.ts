import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { findInvisible } from '../../src/base/invisible.ts';
import { parseCommand } from '../../src/command/parse.ts';
import { planRun } from '../../src/execution/plan-run.ts';
import {
  type Ask,
  DENY_CODES,
  type Decision,
  type DenyCode,
  decide,
  type Facts,
} from '../../src/policy/decide.ts';
import type { Action, Factor, Policy, Quorum } from '../../src/policy/model.ts';
import { allOffers, visibleNames } from '../../src/policy/offers.ts';
import type { Approval } from '../../src/policy/quorum.ts';
import { isOpen } from '../../src/policy/window.ts';
import { NASTY } from '../command/fixtures/nasty.ts';
import { policyFile, SMALL, small, TEAM } from '../config/fixtures/policies.ts';
import { bruteShortfall } from './fixtures/quorum.ts';
import { action, ask, facts, person, policy, room } from './fixtures/world.ts';

const team = policyFile(TEAM).policy;

const NOON = Date.parse('2026-01-07T12:00Z');
const NIGHT = Date.parse('2026-03-03T22:30+01:00');

const asks = (who: string, what: string, values: Ask['values'], where = 'danger'): Ask => ({
  person: person(who),
  pinned: true,
  room: room(where),
  action: what,
  values,
});
const proven = (factor?: Factor, ...approvals: readonly Approval[]): Facts => ({
  ...{ now: NIGHT, factor, approvals },
});
const by = (name: string, factor?: Factor): Approval => ({ person: person(name), factor });

const status = (who: string, where = 'ops') => asks(who, 'status', { service: 'web' }, where);
const deploy = asks('dave', 'deploy', { service: 'web', version: '1.2.3' });
const failover = asks('dave', 'db-failover', { node: 'db2' });

const DENIED: Readonly<Record<DenyCode, readonly [Policy, Ask, Facts?]>> = {
  action: [team, asks('dave', 'constructor', {})],
  person: [team, status('mallory')],
  identity: [team, { ...deploy, pinned: false }],
  role: [team, status('carol')],
  room: [team, { ...deploy, room: room('ops') }],
  window: [team, failover, { ...proven(), now: NOON }],
  params: [team, asks('dave', 'deploy', { service: 'web', version: '1.2.3;reboot' })],
  unevaluable: [team, failover, { ...proven(), now: Number.NaN }],
};

for (const [because, [policy, ask, facts = proven()]] of Object.entries(DENIED))
  t.test(`denies: ${because}`, async (t) => {
    const decision = decide(policy, ask, facts);
    t.match(decision, { kind: 'deny', because });
    const failed = decision.trace.at(-1);
    t.equal(failed?.holds, false, 'the last step of the trace is what failed');
    t.equal(failed?.check, because === 'unevaluable' ? 'evaluation' : because);
  });

t.test('every code has a case above', async (t) => {
  t.strictSame(Object.keys(DENIED).toSorted(), DENY_CODES.toSorted());
});

t.test('allows what needs nothing more, and says what was looked at', async (t) => {
  const decision = decide(team, status('dave'), proven());
  t.match(decision, { kind: 'allow', despite: undefined });
  t.strictSame(
    decision.trace.map(({ check, holds }) => [check, holds]),
    ['person', 'identity', 'role', 'room', 'window', 'params'].map((check) => [check, true]),
  );
});

t.test('reading needs no pinned identity', async (t) => {
  t.equal(decide(team, { ...status('dave'), pinned: false }, proven()).kind, 'allow');
});

t.test('waits for a factor and for sign-offs, and counts what there is', async (t) => {
  const missing = (...facts: Parameters<typeof proven>) => {
    const decision = decide(team, failover, proven(...facts));
    return decision.kind === 'pending' ? decision.missing.map(nameOf) : decision.kind;
  };
  t.strictSame(missing(), ['webauthn', 2]);
  t.strictSame(missing('totp'), ['webauthn', 2], 'a weaker factor is not enough');
  t.strictSame(missing('webauthn', by('alice')), [2], 'the sign-off needs a factor too');
  t.strictSame(missing('webauthn', by('alice', 'webauthn')), [1]);
  t.strictSame(missing('webauthn', by('alice', 'webauthn'), by('alice', 'webauthn')), [1]);
  t.strictSame(missing('webauthn', by('alice', 'webauthn'), by('dave', 'webauthn')), [1]);
  t.strictSame(missing('webauthn', by('alice', 'webauthn'), by('bob', 'webauthn')), 'allow');
});

const nameOf = (missing: (Decision & { kind: 'pending' })['missing'][number]) =>
  missing.kind === 'step_up' ? missing.factor : missing.count;

t.test('a stronger factor serves for a weaker one', async (t) => {
  t.equal(decide(team, deploy, proven('webauthn', by('bob'))).kind, 'allow');
});

t.test(
  'values are taken as they are: missing, foreign and inherited ones are refused',
  async (t) => {
    const withValues = (values: Ask['values']) => decide(team, { ...deploy, values }, proven());
    t.match(withValues({}), { because: 'params' });
    t.match(withValues({ service: 'web' }), { because: 'params' });
    t.match(withValues({ service: 'web', version: '1.2.3', extra: '' }), { because: 'params' });
    t.match(withValues(Object.create({ service: 'web', version: '1.2.3' })), { because: 'params' });
    t.match(withValues(Object.assign(Object.create(null), deploy.values)), { kind: 'pending' });
  },
);

for (const mode of ['observe', 'warn'])
  t.test(`in mode ${mode}, role, room and window are noted and not enforced`, async (t) => {
    const text = TEAM.replace(
      'effect: read\n    allow: { roles: [ops], rooms: [ops, danger] }',
      `effect: read\n    mode: ${mode}\n    allow: { roles: [ops], rooms: [ops], windows: [night-change] }`,
    );
    const lax = policyFile(text.slice(0, text.indexOf('tests:'))).policy;
    const at = (ask: Ask, now = NIGHT) => decide(lax, ask, { ...proven(), now });
    t.match(at(status('dave')), { kind: 'allow', despite: undefined });
    t.match(at(status('carol')), { kind: 'allow', despite: 'role' });
    t.match(at(status('dave', 'danger')), { kind: 'allow', despite: 'room' });
    t.match(at(status('dave'), NOON), { kind: 'allow', despite: 'window' });
    const all = at(status('carol', 'danger'), NOON);
    t.match(all, { kind: 'allow', despite: 'role' }, 'of several, the first');
    const failed = all.trace.filter(({ holds }) => !holds).map(({ check }) => check);
    t.strictSame(failed, ['role', 'room', 'window'], 'all of them are in the trace');
    t.match(at(status('mallory')), { kind: 'deny', because: 'person' });
    t.match(at(asks('carol', 'status', { service: 'x' })), { kind: 'deny', because: 'params' });
    t.match(at(status('dave'), Number.NaN), { kind: 'deny', because: 'unevaluable' });
  });

t.test('in mode warn, what an action requires is required', async (t) => {
  const needs = '    mode: warn\n    require: { step_up: totp }';
  const lax = policyFile(small(12, '    effect: read', needs)).policy;
  const ask = asks('bob', 'status', { service: 'web' }, 'ops');
  t.match(decide(lax, ask, proven()), { kind: 'pending' });
  t.match(decide(lax, ask, proven('totp')), { kind: 'allow', despite: 'role' });
});

t.test('a policy that its parser would never make denies rather than allows', async (t) => {
  const broken = (change: Partial<Action>): Policy => {
    const act = team.actions.get(action('deploy'));
    if (!act) throw new Error('no deploy');
    return { ...team, actions: new Map([[act.name, { ...act, ...change }]]) };
  };
  const counting = (count: number) => [{ count, roles: ['ops'], stepUp: undefined }];
  const kindOf = (change: Partial<Action>) =>
    decide(broken(change), deploy, proven('webauthn', by('bob'))).kind;
  t.equal(kindOf({}), 'allow');
  t.equal(
    kindOf({ require: { stepUp: undefined, approvals: counting(Number.NaN), withinMs: 1 } }),
    'pending',
  );
  t.equal(
    kindOf({ require: { stepUp: undefined, approvals: counting(-1), withinMs: 1 } }),
    'pending',
  );
  t.equal(kindOf({ require: { stepUp: 'u2f' as never, approvals: [], withinMs: 1 } }), 'pending');
  t.equal(kindOf({ roles: [] }), 'deny');
  t.equal(kindOf({ rooms: [] }), 'deny');
  t.equal(kindOf({ windows: ['gone'] }), 'deny');
  t.equal(kindOf({ mode: 'observe', roles: [] }), 'deny', 'only what reads may be in that mode');
  t.equal(kindOf({ require: undefined as never }), 'deny');
});

t.test('decides on anything without throwing', async () => {
  fc.assert(
    fc.property(policy, ask, facts, (policy, ask, facts) => {
      const decision = decide(policy, ask, facts);
      return decision.kind !== 'deny' || DENY_CODES.includes(decision.because);
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.anything(), fc.anything(), fc.anything(), (policy, ask, facts) => {
      return decide(policy as Policy, (ask ?? {}) as Ask, (facts ?? {}) as Facts).kind === 'deny';
    }),
  );
});

/** The checks of an allowed request, written down a second time and in another way. */
function mayRun(policy: Policy, ask: Ask, { now, factor, approvals }: Facts): boolean {
  const act = policy.actions.get(action('act'));
  const asker = policy.people.get(ask.person);
  if (ask.action !== 'act' || !act || !asker || Number.isNaN(now)) return false;
  if (!ask.pinned && act.effect !== 'read') return false;
  if (!isDeepStrictEqual(ask.values, { node: 'db1' })) return false;
  const isLax = act.effect === 'read' && act.mode !== 'enforce';
  const inRole = asker.roles.some((role) => act.roles.includes(role));
  const inRoom = act.rooms.includes(ask.room);
  const inTime = act.windows.every((name) => {
    const window = policy.windows.get(name);
    return window !== undefined && isOpen(window, now);
  });
  if (!isLax && !(inRole && inRoom && inTime)) return false;
  const atLeast = (have: Factor | undefined, need: Factor | undefined): boolean =>
    need === undefined || have === need || have === 'webauthn';
  const eligible = (quorum: Quorum, { person, factor }: Approval): boolean =>
    person !== ask.person &&
    atLeast(factor, quorum.stepUp) &&
    (policy.people.get(person)?.roles ?? []).some((role) => quorum.roles.includes(role));
  const empty = bruteShortfall(act.require.approvals, approvals, eligible);
  return atLeast(factor, act.require.stepUp) && empty.every((count) => count === 0);
}

t.test('never allows without every single thing that is demanded', async (t) => {
  let allowed = 0;
  fc.assert(
    fc.property(policy, ask, facts, (policy, ask, facts) => {
      if (decide(policy, ask, facts).kind !== 'allow') return true;
      allowed++;
      return mayRun(policy, ask, facts);
    }),
    { numRuns: 10_000 },
  );
  t.ok(allowed > 50, `${allowed} were allowed`);
});

t.test('never refuses what has all that is demanded', async () => {
  fc.assert(
    fc.property(policy, ask, facts, (policy, ask, facts) => {
      try {
        return !mayRun(policy, ask, facts) || decide(policy, ask, facts).kind === 'allow';
      } catch {
        return decide(policy, ask, facts).kind === 'deny'; // a time zone that there is not
      }
    }),
    { numRuns: 5000 },
  );
});

const summary = (decision: Decision): unknown => ({ ...decision, trace: undefined });

t.test('the requester never counts', async () => {
  fc.assert(
    fc.property(
      policy,
      ask,
      facts,
      fc.constantFrom<Factor>('totp', 'webauthn'),
      (policy, ask, facts, factor) => {
        const own = { person: ask.person, factor };
        const others = facts.approvals.filter((approval) => approval.person !== ask.person);
        return isDeepStrictEqual(
          summary(decide(policy, ask, { ...facts, approvals: others })),
          summary(decide(policy, ask, { ...facts, approvals: [own, ...others, own] })),
        );
      },
    ),
    { numRuns: 2000 },
  );
});

t.test('the order of sign-offs does not matter', async () => {
  const shuffled = facts.chain((facts) =>
    fc
      .shuffledSubarray([...facts.approvals], { minLength: facts.approvals.length })
      .map((approvals) => [facts, { ...facts, approvals }] as const),
  );
  fc.assert(
    fc.property(policy, ask, shuffled, (policy, ask, [facts, others]) =>
      isDeepStrictEqual(summary(decide(policy, ask, facts)), summary(decide(policy, ask, others))),
    ),
    { numRuns: 2000 },
  );
});

t.test('more facts never make less of a decision', async () => {
  const RANK = { deny: 0, pending: 1, allow: 2 } as const;
  const STRONGER = { undefined: ['totp', 'webauthn'], totp: ['webauthn'], webauthn: [] } as const;
  const more = fc.tuple(facts, facts).chain(([less, extra]) =>
    fc.constantFrom(less.factor, ...STRONGER[`${less.factor}`]).map((factor) => {
      return [
        less,
        { ...less, factor, approvals: [...less.approvals, ...extra.approvals] },
      ] as const;
    }),
  );
  fc.assert(
    fc.property(policy, ask, more, (policy, ask, [less, more]) => {
      return RANK[decide(policy, ask, more).kind] >= RANK[decide(policy, ask, less).kind];
    }),
    { numRuns: 5000 },
  );
});

t.test('nothing typed becomes a program, an option or a second argument', async (t) => {
  const lines = [
    '    params: { service: { pattern: ".*", max_length: 256 } }',
    '    env: { A: "{service}" }',
  ];
  const { policy } = policyFile(small(11, ...lines));
  const alice = person('alice');
  let ran = 0;
  for (const typed of NASTY) {
    const command = parseCommand(`status ${typed}`, allOffers(policy), visibleNames(policy, alice));
    if (!command.ok) continue;
    const { name, values } = command.value;
    const ask = { person: alice, pinned: true, room: room('ops'), action: name, values };
    if (decide(policy, ask, proven()).kind !== 'allow') continue;
    const act = policy.actions.get(action('status'));
    const plan = act && planRun(act, values, alice);
    ran++;
    t.strictSame(plan?.argv, ['/opt/status', values['service']]);
    t.equal(plan?.env['A'], '{service}', 'nor does it reach the environment');
    const [, argument = ''] = plan?.argv ?? [];
    t.notOk(argument.startsWith('-') || findInvisible(argument), JSON.stringify(argument));
  }
  t.ok(ran > 100, `${ran} of ${NASTY.length} are harmless as one argument`);
});

t.test('the smallest policy works', async (t) => {
  const { policy } = policyFile(SMALL);
  t.equal(
    decide(policy, asks('alice', 'status', { service: 'web' }, 'ops'), proven()).kind,
    'allow',
  );
});
