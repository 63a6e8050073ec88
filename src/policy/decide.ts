/**
 * May this person run this action here and now, and what is still missing? Pure, total, and the only
 * place that says yes. Deny is the default: every condition is a check that has to hold, there is no
 * rule that grants by exception, and a check that cannot be evaluated does not hold.
 */
import type { ActionName } from '../base/ids.ts';
import { faultInValue } from '../command/parameter.ts';
import type { Ask, Decision, Facts, Step } from './decision.ts';
import type { Action, Policy } from './model.ts';
import { stillMissing } from './requirements.ts';
import { standing } from './standing.ts';

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
    const need = 'an action of the policy';
    trace.push({ check: 'action', holds: false, need, have: ask.action });
    return { kind: 'deny', because: 'action', trace };
  }
  const person = policy.people.get(ask.person);
  const { denied, despite } = standing({ policy, action, ask, person, facts }, trace);
  if (denied) return { kind: 'deny', because: denied, trace };
  const fault = faultInValues(action, ask);
  trace.push({
    check: 'params',
    holds: !fault,
    need: 'accepted values',
    have: fault ?? 'accepted',
  });
  if (fault) return { kind: 'deny', because: 'params', trace };
  const allowance = countingAllowance(action, ask, facts);
  if (allowance !== undefined) {
    trace.push({ check: 'allowance', holds: true, need: 'nothing more', have: allowance });
    return { kind: 'allow', trace, despite, allowance };
  }
  const missing = stillMissing(policy, action, ask, facts, trace);
  return missing.length > 0
    ? { kind: 'pending', missing, trace }
    : { kind: 'allow', trace, despite };
}

/** An allowance is for ordinary runs: it neither grants another one nor stands in for break-glass. */
const countingAllowance = (action: Action, ask: Ask, facts: Facts): string | undefined =>
  action.allowance && !ask.isAllowance && ask.urgent === undefined ? facts.allowance : undefined;

function faultInValues(action: Action, { values, isAllowance }: Ask): string | undefined {
  for (const parameter of action.parameters) {
    const value = Object.hasOwn(values, parameter.name) ? values[parameter.name] : undefined;
    if (value === undefined && isAllowance) continue;
    if (value === undefined) return `${parameter.name} is missing`;
    const fault = faultInValue(parameter, value);
    if (fault) return `${parameter.name}: ${fault}`;
  }
  const extra = Object.keys(values).find((name) => !action.parameters.some((p) => p.name === name));
  return extra === undefined ? undefined : `${extra} is not a parameter`;
}
