/**
 * May this person run this action here and now, and what is still missing? Pure, total, and the only
 * place that says yes. Deny is the default: every condition is a check that has to hold, there is no
 * rule that grants by exception, and a check that cannot be evaluated does not hold.
 */
import type { ActionName, Instant, PersonName, RoomName } from '../base/ids.ts';
import { faultInValue } from '../command/parameter.ts';
import type { Action, Factor, Person, Policy, Quorum } from './model.ts';
import { type Approval, shortfall } from './quorum.ts';
import { describeWindow, isOpen } from './window.ts';

export interface Ask {
  readonly person: PersonName;
  /** The account's identity is the one that the policy pins. */
  readonly pinned: boolean;
  readonly room: RoomName;
  readonly action: string;
  readonly values: Readonly<Record<string, string>>;
}

/** What has been proven so far. */
export interface Facts {
  readonly now: Instant;
  /** The strongest factor that the requester has proven for this request. */
  readonly factor: Factor | undefined;
  readonly approvals: readonly Approval[];
}

export const DENY_CODES = [
  'action',
  'person',
  'identity',
  'role',
  'room',
  'window',
  'params',
  'unevaluable',
] as const;
export type DenyCode = (typeof DENY_CODES)[number];

export type Missing =
  | { readonly kind: 'step_up'; readonly factor: Factor }
  | { readonly kind: 'approvals'; readonly count: number; readonly quorum: Quorum };

/** One condition that was looked at, in the order of looking. */
export interface Step {
  readonly check: string;
  readonly holds: boolean;
  readonly need: string;
  readonly have: string;
}

export type Trace = readonly Step[];

export type Decision =
  | {
      readonly kind: 'allow';
      readonly trace: Trace;
      /** Set in mode observe or warn: what enforce would have refused it for. */
      readonly despite: DenyCode | undefined;
    }
  | { readonly kind: 'deny'; readonly because: DenyCode; readonly trace: Trace }
  | { readonly kind: 'pending'; readonly missing: readonly Missing[]; readonly trace: Trace };

export function decide(policy: Policy, ask: Ask, facts: Facts): Decision {
  const trace: Step[] = [];
  try {
    return decideAlong(policy, ask, facts, trace);
  } catch (error) {
    // A policy that throws (a time zone the runtime lost, say) must not become a yes.
    const have = error instanceof Error ? error.message : 'unknown';
    trace.push({ check: 'evaluation', holds: false, need: 'no error', have });
    return { kind: 'deny', because: 'unevaluable', trace };
  }
}

function decideAlong(policy: Policy, ask: Ask, facts: Facts, trace: Step[]): Decision {
  const action = policy.actions.get(ask.action as ActionName);
  if (!action) {
    trace.push({
      check: 'action',
      holds: false,
      need: 'an action of the policy',
      have: ask.action,
    });
    return { kind: 'deny', because: 'action', trace };
  }
  const person = policy.people.get(ask.person);
  const { denied, despite } = standing({ policy, action, ask, person, now: facts.now }, trace);
  if (denied) return { kind: 'deny', because: denied, trace };
  const fault = faultInValues(action, ask.values);
  trace.push({
    check: 'params',
    holds: !fault,
    need: 'accepted values',
    have: fault ?? 'accepted',
  });
  if (fault) return { kind: 'deny', because: 'params', trace };
  const missing = stillMissing(policy, action, ask, facts, trace);
  return missing.length > 0
    ? { kind: 'pending', missing, trace }
    : { kind: 'allow', trace, despite };
}

interface Case {
  readonly policy: Policy;
  readonly action: Action;
  readonly ask: Ask;
  readonly person: Person | undefined;
  readonly now: Instant;
}

type Look = (c: Case) => Omit<Step, 'check'>;

const STANDING: readonly (readonly [DenyCode, Look])[] = [
  [
    'person',
    ({ person, ask }) => ({
      holds: person !== undefined,
      need: 'a person of the policy',
      have: ask.person,
    }),
  ],
  [
    'identity',
    ({ action, ask }) => ({
      holds: ask.pinned || action.effect === 'read',
      need: 'pinned',
      have: ask.pinned ? 'pinned' : 'not pinned',
    }),
  ],
  [
    'role',
    ({ action, person }) => ({
      holds: action.roles.some((role) => person?.roles.includes(role)),
      need: list(action.roles),
      have: list(person?.roles ?? []),
    }),
  ],
  [
    'room',
    ({ action, ask }) => ({
      holds: action.rooms.includes(ask.room),
      need: list(action.rooms),
      have: ask.room,
    }),
  ],
  [
    'window',
    ({ action, policy, now }) => {
      const windows = action.windows.map((name) => ({ name, window: policy.windows.get(name) }));
      return {
        holds: windows.length === 0 || windows.some(({ window }) => window && isOpen(window, now)),
        need: list(
          windows.map(({ name, window }) =>
            window ? `${name} (${describeWindow(window)})` : name,
          ),
        ),
        have: new Date(now).toISOString(),
      };
    },
  ],
];

/** What mode observe and warn overlook. Who it is, the values and what is required they never do. */
const ADVISABLE: readonly DenyCode[] = ['role', 'room', 'window'];

/** Everything but the values: may this person ask for the action here and now? */
function standing(
  c: Case,
  trace: Step[],
): { readonly denied?: DenyCode; readonly despite: DenyCode | undefined } {
  const isAdvisory = c.action.mode !== 'enforce' && c.action.effect === 'read';
  let despite: DenyCode | undefined;
  for (const [check, look] of STANDING) {
    const step = { check, ...look(c) };
    trace.push(step);
    if (step.holds) continue;
    if (!isAdvisory || !ADVISABLE.includes(check)) return { denied: check, despite };
    despite ??= check;
  }
  return { despite };
}

function stillMissing(
  policy: Policy,
  action: Action,
  ask: Ask,
  facts: Facts,
  trace: Step[],
): Missing[] {
  const missing: Missing[] = [];
  const { stepUp, approvals } = action.require;
  if (stepUp) {
    const holds = satisfies(facts.factor, stepUp);
    trace.push({ check: 'step_up', holds, need: stepUp, have: facts.factor ?? 'none' });
    if (!holds) missing.push({ kind: 'step_up', factor: stepUp });
  }
  const eligible = (quorum: Quorum, approval: Approval): boolean =>
    approval.person !== ask.person &&
    satisfies(approval.factor, quorum.stepUp) &&
    quorum.roles.some((role) => policy.people.get(approval.person)?.roles.includes(role));
  const short = shortfall(approvals, facts.approvals, eligible);
  for (const [index, quorum] of approvals.entries()) {
    const count = short[index] ?? quorum.count;
    const have = `${quorum.count - count} of ${quorum.count} from ${list(quorum.roles)}`;
    trace.push({ check: 'approvals', holds: count === 0, need: String(quorum.count), have });
    if (count !== 0) missing.push({ kind: 'approvals', count, quorum });
  }
  return missing;
}

const STRENGTH = { totp: 1, webauthn: 2 } as const;

/** Is `have` at least as strong as `need`? */
const satisfies = (have: Factor | undefined, need: Factor | undefined): boolean =>
  need === undefined || (have !== undefined && STRENGTH[have] >= STRENGTH[need]);

function faultInValues(
  action: Action,
  values: Readonly<Record<string, string>>,
): string | undefined {
  for (const parameter of action.parameters) {
    const value = Object.hasOwn(values, parameter.name) ? values[parameter.name] : undefined;
    if (value === undefined) return `${parameter.name} is missing`;
    const fault = faultInValue(parameter, value);
    if (fault) return `${parameter.name}: ${fault}`;
  }
  const extra = Object.keys(values).find((name) => !action.parameters.some((p) => p.name === name));
  return extra === undefined ? undefined : `${extra} is not a parameter`;
}

const list = (names: readonly string[]): string => names.join(', ') || 'none';
