/** A decision in words: which rule, and what would make it allowed. */
import type { Decision, DenyCode, Missing, Trace } from './decide.ts';
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
      return 'It changes things, and your identity is not pinned in the policy. An administrator can pin it: vaktrom identity show prints the line.';
    case 'params':
      return `A value is not accepted: ${step?.have}.`;
    case 'window':
      return `It runs only in the window ${step?.need}.${windowHint(action)}`;
    case 'unevaluable':
      return 'The policy could not be evaluated, and what cannot be evaluated is refused. The reason is in the audit log.';
  }
}

const windowHint = (action: Action | undefined): string =>
  action && action.windows.length > 1 ? ' One of them has to be open.' : '';

/** Every check in order, for `why` and for `policy explain`. */
export const describeTrace = ({ trace }: Decision): readonly string[] =>
  trace.map(({ check, holds, need, have }) =>
    holds ? `✓ ${check}: ${have}` : `✗ ${check}: ${have}; needs ${need}`,
  );
