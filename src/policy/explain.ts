/** A decision in words: which rule, and what would make it allowed. */
import type { Decision, DenyCode, Missing, Step, Trace } from './decision.ts';
import type { Action } from './model.ts';

const FACTOR_NAME = { totp: 'a one-time code', webauthn: 'a passkey' } as const;

/** The short form that policy tests and the log use: `totp`, `2 approvals`. */
export const nameMissing = (missing: Missing): string =>
  missing.kind === 'step_up'
    ? missing.factor
    : `${missing.count} approval${missing.count === 1 ? '' : 's'}`;

export const describeMissing = (missing: Missing, requester: string): string =>
  missing.kind === 'step_up'
    ? `${requester}: ${FACTOR_NAME[missing.factor]}`
    : `${missing.count} sign-off${missing.count === 1 ? '' : 's'} from ${missing.quorum.roles.join(' or ')}` +
      `${missing.quorum.stepUp ? ` with ${FACTOR_NAME[missing.quorum.stepUp]}` : ''} (not ${requester})`;

/** One or two sentences for the asker, who is shown what concerns them and no more. */
export function describeDenial(
  because: DenyCode,
  action: Action | undefined,
  trace: Trace,
): string {
  // By name: in mode observe and warn, other checks may have failed before the one that denied.
  const step = trace.find((s) => s.check === because);
  switch (because) {
    case 'action':
      return 'The policy has no such action.';
    case 'person':
      return 'The policy does not know you.';
    case 'role':
      return `It is for ${step?.need}; your roles are ${step?.have}.`;
    case 'room':
      return `It runs only in ${step?.need}, not here (${step?.have}).`;
    case 'identity':
      return 'It changes things, and your identity is not pinned in the policy. An administrator compares emoji with you and pins it: vaktrom identity verify, then vaktrom identity pin.';
    case 'params':
      return `A value is not accepted: ${step?.have}.`;
    case 'window':
      return `It runs only in the window ${step?.need}.${windowHint(action)}`;
    case 'posture':
      return `This room is closed for changes: ${step?.have}. It opens again when that is mended.`;
    case 'freeze':
      return `${sentence(step?.have ?? '')} Whoever may can unfreeze it.`;
    case 'break_glass':
      return describeBreakGlass(action, step);
    case 'allowance':
      return `The policy does not let ${step?.have} be allowed in advance.`;
    case 'unevaluable':
      return 'The policy could not be evaluated, and what cannot be evaluated is refused. The reason is in the audit log.';
  }
}

function describeBreakGlass(action: Action | undefined, step: Step | undefined): string {
  if (step?.have === 'a review open')
    return 'The last break-glass run has not been reviewed: another person has to close the review first.';
  return action?.breakGlass.length === 0
    ? 'The policy has no break-glass for it.'
    : `Break-glass is for ${step?.need}; your roles are ${step?.have}.`;
}

const windowHint = (action: Action | undefined): string =>
  action && action.windows.length > 1 ? ' One of them has to be open.' : '';

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** Every check in order, for `why`. */
export const describeTrace = ({ trace }: Decision): readonly string[] =>
  trace.map(({ check, holds, need, have }) =>
    holds ? `✓ ${check}: ${have}` : `✗ ${check}: ${have}; needs ${need}`,
  );
