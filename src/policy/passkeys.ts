/** Which actions can be used with a passkey only. */
import type { ActionName } from '../base/ids.ts';
import type { Policy } from './model.ts';

/** Those that ask for one of the requester, or of somebody who signs off. */
export const actionsWithPasskey = ({ actions }: Policy): readonly ActionName[] =>
  [...actions.values()]
    .filter(({ require: { stepUp, approvals } }) =>
      [stepUp, ...approvals.map((quorum) => quorum.stepUp)].includes('webauthn'),
    )
    .map(({ name }) => name);
