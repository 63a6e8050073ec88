import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { findInvisible } from '../../src/base/invisible.ts';
import { parseCommand } from '../../src/command/parse.ts';
import { planRun } from '../../src/execution/plan-run.ts';
import { decide } from '../../src/policy/decide.ts';
import {
  type Ask,
  DENY_CODES,
  type Decision,
  type DenyCode,
  type Facts,
  NO_FACTS,
} from '../../src/policy/decision.ts';
import type { Action, Factor, Person, Policy, Quorum } from '../../src/policy/model.ts';
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
  ...{ ...NO_FACTS, now: NIGHT, factor, approvals },
});
const by = (name: string, factor?: Factor): Approval => ({
  ...{ person: person(name), pinned: true, factor },
});

const status = (who: string, where = 'ops') => asks(who, 'status', { service: 'web' }, where);
const deploy = asks('dave', 'deploy', { service: 'web', version: '1.2.3' });
const failover = asks('dave', 'db-failover', { node: 'db2' });

const DENIED: Readonly<Record<DenyCode, readonly [Policy, Ask, Facts?]>> = {
  action: [team, asks('dave', 'constructor', {})],
  person: [team, status('mallory')],
  identity: [team, { ...deploy, pinned: false }],
  role: [team, status('carol')],
  room: [team, { ...deploy, room: room('ops') }],
  posture: [team, deploy, { ...proven(), drift: 'the room is not encrypted' }],
  window: [team, failover, { ...proven(), now: NOON }],
  freeze: [team, deploy, { ...proven(), freezes: [{ scope: 'deploy', why: 'it moves' }] }],
  break_glass: [team, { ...failover, urgent: 'the database is down' }],
  allowance: [team, { ...failover, isAllowance: true }],
  params: [team, asks('dave', 'deploy', { service: 'web', version: '1.2.3;reboot' })],
  unevaluable: [team, failover, { ...proven(), now: Number.NaN }],
};

for (const [because, [policy, ask, facts = proven()]] of Object.entries(DENIED))
  t.test(`denies: ${because}`, async (t) => {
    const decision = decide(policy, ask, facts);
    t.hasStrict(decision, { kind: 'deny', because });
    const failed = decision.trace.at(-1);
    t.equal(failed?.holds, false, 'the last step of the trace is what failed');
    t.equal(failed?.check, because === 'unevaluable' ? 'evaluation' : because);
  });

t.test('every code has a case above', async (t) => {
  t.strictSame(Object.keys(DENIED).toSorted(), DENY_CODES.toSorted());
});

t.test('allows what needs nothing more, and says what was looked at', async (t) => {
  const decision = decide(team, status('dave'), proven());
  t.hasStrict(decision, { kind: 'allow', despite: undefined });
  t.strictSame(
    decision.trace.map(({ check, holds }) => [check, holds]),
    DENY_CODES.filter((code) => code !== 'action' && code !== 'unevaluable').map((check) => [
      check,
      true,
    ]),
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
    t.hasStrict(withValues({}), { because: 'params' });
    t.hasStrict(withValues({ service: 'web' }), { because: 'params' });
    t.hasStrict(withValues({ service: 'web', version: '1.2.3', extra: '' }), { because: 'params' });
    t.hasStrict(withValues(Object.create({ service: 'web', version: '1.2.3' })), {
      because: 'params',
    });
    t.hasStrict(withValues(Object.assign(Object.create(null), deploy.values)), { kind: 'pending' });
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
    t.hasStrict(at(status('dave')), { kind: 'allow', despite: undefined });
    t.hasStrict(at(status('carol')), { kind: 'allow', despite: 'role' });
    t.hasStrict(at(status('dave', 'danger')), { kind: 'allow', despite: 'room' });
    t.hasStrict(at(status('dave'), NOON), { kind: 'allow', despite: 'window' });
    const all = at(status('carol', 'danger'), NOON);
    t.hasStrict(all, { kind: 'allow', despite: 'role' }, 'of several, the first');
    const failed = all.trace.filter(({ holds }) => !holds).map(({ check }) => check);
    t.strictSame(failed, ['role', 'room', 'window'], 'all of them are in the trace');
    t.hasStrict(at(status('mallory')), { kind: 'deny', because: 'person' });
    t.hasStrict(at(asks('carol', 'status', { service: 'x' })), { kind: 'deny', because: 'params' });
    t.hasStrict(at(status('dave'), Number.NaN), { kind: 'deny', because: 'unevaluable' });
  });

t.test('a freeze covers what it names, and never what reads', async (t) => {
  const under = (scope: string, ask: Ask) =>
    decide(team, ask, { ...proven(), freezes: [{ scope, why: 'it moves' }] });
  for (const scope of ['all', 'deploy', 'danger'])
    t.hasStrict(under(scope, deploy), { kind: 'deny', because: 'freeze' }, scope);
  for (const scope of ['db-failover', 'ops', 'deplo', ''])
    t.hasStrict(under(scope, deploy), { kind: 'pending' }, `not under ${scope}`);
  for (const scope of ['all', 'status', 'ops'])
    t.hasStrict(under(scope, status('dave')), { kind: 'allow' }, scope);
});

t.test('a room that is not as demanded is closed for changes, and open for reading', async (t) => {
  const drifted = { ...proven(), drift: 'guests may join' };
  t.hasStrict(decide(team, failover, drifted), { kind: 'deny', because: 'posture' });
  t.hasStrict(decide(team, status('dave'), drifted), { kind: 'allow' });
});

t.test('break-glass leaves out the sign-offs, and only those', async (t) => {
  const urgent = { ...deploy, urgent: 'the site is down' };
  t.hasStrict(decide(team, urgent, proven()), {
    kind: 'pending',
    missing: [{ kind: 'step_up', factor: 'totp' }],
  });
  t.hasStrict(decide(team, urgent, proven('totp')), { kind: 'allow' });
  t.hasStrict(decide(team, { ...urgent, room: room('ops') }, proven('totp')), { because: 'room' });
  t.hasStrict(decide(team, { ...urgent, values: {} }, proven('totp')), { because: 'params' });
  const again = decide(team, urgent, { ...proven('totp'), reviewIsOpen: true });
  t.hasStrict(
    again,
    { kind: 'deny', because: 'break_glass' },
    'not before the last one was reviewed',
  );
  const inOrder = decide(team, deploy, { ...proven('totp', by('bob')), reviewIsOpen: true });
  t.hasStrict(inOrder, { kind: 'allow' }, 'what has its sign-offs needs no review');
});

t.test('an allowance stands for all that is required, of an ordinary run', async (t) => {
  const covered = { ...proven(), allowance: 'AAAA-AA' };
  const allowed = decide(team, deploy, covered);
  t.hasStrict(allowed, { kind: 'allow', allowance: 'AAAA-AA' });
  t.strictSame(allowed.trace.at(-1), {
    ...{ check: 'allowance', holds: true, need: 'nothing more', have: 'AAAA-AA' },
  });
  t.hasStrict(decide(team, { ...deploy, values: {} }, covered), { because: 'params' });
  t.hasStrict(decide(team, deploy, { ...covered, drift: 'guests may join' }), {
    because: 'posture',
  });
  const urgent = decide(team, { ...deploy, urgent: 'the site is down' }, covered);
  t.hasStrict(urgent, { kind: 'pending' }, 'break-glass is a matter of its own');
  const more = decide(team, { ...deploy, isAllowance: true }, covered);
  t.hasStrict(more, { kind: 'pending' }, 'it does not extend itself');
  t.hasStrict(decide(team, failover, covered), { kind: 'pending' }, 'the policy gives none for it');
});

t.test('an allowance may leave values open, and what it gives is checked', async (t) => {
  const allow = (values: Ask['values'], ...facts: Parameters<typeof proven>) =>
    decide(team, { ...deploy, isAllowance: true, values }, proven(...facts));
  t.hasStrict(allow({}), { kind: 'pending' });
  t.hasStrict(allow({ service: 'web' }, 'totp', by('bob')), { kind: 'allow' });
  t.hasStrict(allow({ service: 'x' }), { because: 'params' });
  t.hasStrict(allow({ serivce: 'web' }), { because: 'params' });
});

t.test('a sign-off that was not given under the pinned identity does not count', async (t) => {
  const loose = { ...by('bob'), pinned: false };
  t.hasStrict(decide(team, deploy, proven('totp', loose)), { kind: 'pending' });
  t.hasStrict(decide(team, deploy, proven('totp', loose, by('bob'))), { kind: 'allow' });
});

t.test('in mode warn, what an action requires is required', async (t) => {
  const needs = '    mode: warn\n    require: { step_up: totp }';
  const lax = policyFile(small(12, '    effect: read', needs)).policy;
  const ask = asks('bob', 'status', { service: 'web' }, 'ops');
  t.hasStrict(decide(lax, ask, proven()), { kind: 'pending' });
  t.hasStrict(decide(lax, ask, proven('totp')), { kind: 'allow', despite: 'role' });
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
  const times = { withinMs: 1, startWithinMs: 0 };
  t.equal(kindOf({}), 'allow');
  t.equal(
    kindOf({ require: { stepUp: undefined, approvals: counting(Number.NaN), ...times } }),
    'pending',
  );
  t.equal(kindOf({ require: { stepUp: undefined, approvals: counting(-1), ...times } }), 'pending');
  t.equal(kindOf({ require: { stepUp: 'u2f' as never, approvals: [], ...times } }), 'pending');
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

const shareOne = (some: readonly string[], others: readonly string[]): boolean =>
  some.some((one) => others.includes(one));

/** The checks of an allowed request, written down a second time and in another way. */
function mayRun(policy: Policy, ask: Ask, facts: Facts): boolean {
  const act = policy.actions.get(action('act'));
  const asker = policy.people.get(ask.person);
  if (ask.action !== 'act' || !act || !asker || Number.isNaN(facts.now)) return false;
  const isLax = act.effect === 'read' && act.mode !== 'enforce';
  if (!isWithin(policy, act, asker, ask, facts) && !isLax) return false;
  if (act.effect !== 'read' && !isSafeToChange(act, ask, facts)) return false;
  const mayBreakGlass = shareOne(asker.roles, act.breakGlass) && !facts.reviewIsOpen;
  if (ask.urgent !== undefined && !mayBreakGlass) return false;
  if (ask.isAllowance && !act.allowance) return false;
  const given = { node: 'db1', ...ask.values };
  if (!isDeepStrictEqual(ask.isAllowance ? given : ask.values, { node: 'db1' })) return false;
  const isCovered = act.allowance && ask.urgent === undefined && !ask.isAllowance;
  return (isCovered && facts.allowance !== undefined) || hasAll(policy, act, ask, facts);
}

const isWithin = (...[policy, act, asker, ask, { now }]: [Policy, Action, Person, Ask, Facts]) =>
  act.windows.every((name) => {
    const window = policy.windows.get(name);
    return window !== undefined && isOpen(window, now);
  }) &&
  shareOne(asker.roles, act.roles) &&
  act.rooms.includes(ask.room);

const isSafeToChange = (act: Action, ask: Ask, { drift, freezes }: Facts): boolean =>
  ask.pinned &&
  drift === undefined &&
  !shareOne(
    ['all', act.name, ask.room],
    freezes.map(({ scope }) => scope),
  );

function hasAll(policy: Policy, act: Action, ask: Ask, { factor, approvals }: Facts): boolean {
  const atLeast = (have: Factor | undefined, need: Factor | undefined): boolean =>
    need === undefined || have === need || have === 'webauthn';
  const eligible = (quorum: Quorum, { person, pinned, factor }: Approval): boolean =>
    pinned &&
    person !== ask.person &&
    atLeast(factor, quorum.stepUp) &&
    shareOne(policy.people.get(person)?.roles ?? [], quorum.roles);
  const isBreakGlass = ask.urgent !== undefined && !ask.isAllowance;
  const empty = bruteShortfall(isBreakGlass ? [] : act.require.approvals, approvals, eligible);
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
        const own = { person: ask.person, pinned: true, factor };
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
        {
          ...{ ...less, factor, allowance: less.allowance ?? extra.allowance },
          approvals: [...less.approvals, ...extra.approvals],
        },
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

t.test('what speaks against it never makes more of a decision', async () => {
  const RANK = { deny: 0, pending: 1, allow: 2 } as const;
  const against = fc.record({
    freezes: fc.constant([{ scope: 'all', why: 'it moves' }]),
    drift: fc.constantFrom(undefined, 'guests may join'),
    reviewIsOpen: fc.boolean(),
    allowance: fc.constant(undefined),
  });
  fc.assert(
    fc.property(policy, ask, facts, against, (policy, ask, facts, against) => {
      const less = decide(policy, ask, { ...facts, ...against });
      return RANK[less.kind] <= RANK[decide(policy, ask, { ...facts, reviewIsOpen: false }).kind];
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
