import t from 'tap';
import { type Ask, type Facts, NO_FACTS, type Step } from '../../src/policy/decision.ts';
import type { Action } from '../../src/policy/model.ts';
import { standing } from '../../src/policy/standing.ts';
import { policyFile, TEAM } from '../config/fixtures/policies.ts';
import { action, person, room } from './fixtures/world.ts';

const { policy } = policyFile(TEAM);
const NOON = Date.parse('2026-01-07T12:00Z');

interface Change {
  readonly ask?: Partial<Ask>;
  readonly facts?: Partial<Facts>;
  readonly act?: Partial<Action>;
}

/** Dave wants to deploy in the room for it, and everything is in order but for the change. */
function look({ ask = {}, facts = {}, act = {} }: Change = {}) {
  const deploy = policy.actions.get(action('deploy'));
  if (!deploy) throw new Error('no deploy');
  const asked: Ask = {
    ...{ person: person('dave'), pinned: true, room: room('danger'), action: 'deploy', values: {} },
    ...ask,
  };
  const trace: Step[] = [];
  const found = standing(
    {
      ...{ policy, action: { ...deploy, ...act }, ask: asked },
      person: policy.people.get(asked.person),
      facts: { ...NO_FACTS, now: NOON, ...facts },
    },
    trace,
  );
  return { ...found, failed: trace.filter(({ holds }) => !holds), looks: trace.length };
}

t.test('with everything in order, all is looked at and nothing is held against it', async (t) => {
  t.match(look(), { denied: undefined, despite: undefined, failed: [], looks: 9 });
});

t.test('the first thing that does not hold ends it', async (t) => {
  const both = look({ ask: { pinned: false, room: room('ops') } });
  t.hasStrict(both, { denied: 'identity', looks: 2 });
  t.strictSame(both.failed, [
    { check: 'identity', holds: false, need: 'pinned', have: 'not pinned' },
  ]);
});

t.test('each check says what it needs and what it found', async (t) => {
  const CASES: readonly (readonly [Change, Omit<Step, 'holds'>])[] = [
    [
      { ask: { person: person('mallory') } },
      { check: 'person', need: 'a person of the policy', have: 'mallory' },
    ],
    [{ ask: { person: person('carol') } }, { check: 'role', need: 'ops', have: 'dba, security' }],
    [{ ask: { room: room('ops') } }, { check: 'room', need: 'danger', have: 'ops' }],
    [
      { facts: { drift: 'guests may join' } },
      { check: 'posture', need: 'the room as the policy demands it', have: 'guests may join' },
    ],
    [
      { act: { windows: ['night-change', 'gone'] } },
      {
        ...{ check: 'window', have: '2026-01-07T12:00:00.000Z' },
        need: 'night-change (tue, thu 22:00 to 02:00 Europe/Berlin), gone',
      },
    ],
    [
      { facts: { freezes: [{ scope: 'danger', why: 'we are moving' }] } },
      { check: 'freeze', need: 'not frozen', have: 'danger is frozen: we are moving' },
    ],
    [
      { ask: { urgent: 'it burns' }, act: { breakGlass: ['dba'] } },
      { check: 'break_glass', need: 'dba', have: 'ops' },
    ],
    [
      { ask: { urgent: 'it burns' }, facts: { reviewIsOpen: true } },
      { check: 'break_glass', need: 'no review open', have: 'a review open' },
    ],
    [
      { ask: { isAllowance: true }, act: { allowance: undefined } },
      {
        ...{ check: 'allowance', have: 'deploy' },
        need: 'an action that the policy lets be allowed in advance',
      },
    ],
  ];
  for (const [change, step] of CASES) {
    const { denied, failed } = look(change);
    t.equal(denied, step.check);
    t.strictSame(failed, [{ holds: false, ...step }]);
  }
});

t.test('one role, one window, one of those for break-glass is enough', async (t) => {
  t.equal(look({ act: { roles: ['dba', 'ops'] } }).denied, undefined);
  const NIGHT = Date.parse('2026-03-03T22:30+01:00');
  const windows = ['gone', 'night-change'];
  t.equal(look({ act: { windows }, facts: { now: NIGHT } }).denied, undefined);
  const urgent = { urgent: 'it burns' };
  t.equal(look({ ask: urgent, act: { breakGlass: ['dba', 'ops'] } }).denied, undefined);
  const other = look({ ask: urgent, act: { breakGlass: ['dba'] }, facts: { reviewIsOpen: true } });
  t.hasStrict(other.failed, [{ need: 'dba', have: 'ops' }], 'who may not learns of no review');
  t.equal(look({ ask: { isAllowance: true } }).denied, undefined);
});

t.test('a freeze is over everything, one action, or one room', async (t) => {
  const denied = (scope: string) => look({ facts: { freezes: [{ scope, why: 'x' }] } }).denied;
  for (const scope of ['all', 'deploy', 'danger']) t.equal(denied(scope), 'freeze', scope);
  for (const scope of ['status', 'ops', 'al', '']) t.equal(denied(scope), undefined, scope);
});

t.test('what reads needs no pin, and is stopped by no freeze and no drift', async (t) => {
  const facts = { drift: 'guests may join', freezes: [{ scope: 'all', why: 'x' }] };
  const { denied } = look({ act: { effect: 'read' }, ask: { pinned: false }, facts });
  t.equal(denied, undefined);
  for (const effect of ['change', 'destructive'] as const)
    t.equal(look({ act: { effect }, facts }).denied, 'posture');
});

t.test(
  'a lax mode overlooks role, room and window of what reads, and names the first',
  async (t) => {
    const lax = { effect: 'read', mode: 'warn', windows: ['night-change'] } as const;
    const noted = look({ act: lax, ask: { person: person('carol'), room: room('ops') } });
    t.hasStrict(noted, { denied: undefined, despite: 'role' });
    t.strictSame(
      noted.failed.map(({ check }) => check),
      ['role', 'room', 'window'],
    );
    t.equal(look({ act: lax, ask: { person: person('mallory') } }).denied, 'person');
    t.hasStrict(look({ act: lax, ask: { urgent: 'x' }, facts: { reviewIsOpen: true } }), {
      denied: 'break_glass',
      despite: 'window',
    });
    const strict = look({ act: { mode: 'warn' }, ask: { room: room('ops') } });
    t.equal(strict.denied, 'room', 'what changes things is enforced whatever its mode');
  },
);
