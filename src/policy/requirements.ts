/** What is required of an action, and how much of it is still missing. */
import type { PersonName } from '../base/ids.ts';
import type { Ask, Facts, Missing, Step } from './decision.ts';
import { list } from './list.ts';
import type { Action, Factor, Policy, Quorum } from './model.ts';
import { type Approval, shortfall } from './quorum.ts';
import { personHoldsOneOf } from './roles.ts';

export function stillMissing(
  policy: Policy,
  action: Action,
  ask: Ask,
  facts: Facts,
  trace: Step[],
): readonly Missing[] {
  const missing: Missing[] = [];
  const { stepUp } = action.require;
  if (stepUp) {
    const holds = satisfies(facts.factor, stepUp);
    trace.push({ check: 'step_up', holds, need: stepUp, have: facts.factor ?? 'none' });
    if (!holds) missing.push({ kind: 'step_up', factor: stepUp });
  }
  // Break-glass leaves out the sign-offs of one run, and nothing else: whether it may, `standing` has said.
  const isBreakGlass = ask.urgent !== undefined && !ask.isAllowance;
  const quorums = isBreakGlass ? [] : action.require.approvals;
  const short = shortfall(quorums, facts.approvals, (quorum, approval) =>
    counts(policy, ask.person, quorum, approval),
  );
  for (const [index, quorum] of quorums.entries()) {
    const count = short[index] ?? quorum.count;
    const have = `${quorum.count - count} of ${quorum.count} from ${list(quorum.roles)}`;
    trace.push({ check: 'approvals', holds: count === 0, need: String(quorum.count), have });
    if (count !== 0) missing.push({ kind: 'approvals', count, quorum });
  }
  return missing;
}

/** Does this sign-off fill a seat of this quorum? The requester's never does. */
function counts(
  policy: Policy,
  requester: PersonName,
  quorum: Quorum,
  { person, pinned, factor }: Approval,
): boolean {
  return (
    pinned && mayApprove(policy, requester, quorum, person) && satisfies(factor, quorum.stepUp)
  );
}

/** May this person fill a seat of this quorum, given the proof that it asks for? */
export const mayApprove = (
  policy: Policy,
  requester: PersonName,
  quorum: Quorum,
  person: PersonName,
): boolean => person !== requester && personHoldsOneOf(policy, person, quorum.roles);

const STRENGTH = { totp: 1, webauthn: 2 } as const;

/** Is `have` at least as strong as `need`? */
export const satisfies = (have: Factor | undefined, need: Factor | undefined): boolean =>
  need === undefined || (have !== undefined && STRENGTH[have] >= STRENGTH[need]);
