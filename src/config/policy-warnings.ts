/** What is wrong with a policy that is valid: it does less than its author meant, and is safe. */
import { findUnfillable, type Unfillable } from '../policy/fillable.ts';
import { inFileOrder, type Path, type Problem } from './document.ts';
import type { PolicyFile } from './policy-file.ts';

export const findWarnings = ({ policy, source }: PolicyFile): readonly Problem[] =>
  inFileOrder(
    findUnfillable(policy).map((one) => {
      const path = pathOf(one);
      // One quorum may be written without the list around it.
      const isListed = source.spanOf(path) !== undefined;
      return source.problemAt(isListed ? path : path.slice(0, -1), describe(one));
    }),
  );

const pathOf = ({ action, index }: Unfillable): Path =>
  action === undefined ? ['recovery'] : ['actions', action, 'require', 'approvals', index];

function describe({ action, quorum, most, requesters, isForAll, unpinned }: Unfillable): string {
  const { count, roles } = quorum;
  const who = isForAll && requesters.length > 1 ? 'anybody' : shorten(requesters, ' or ');
  const [verb, given] = action === undefined ? ['needs it', 'can agree'] : ['asks', 'can sign off'];
  const lack = `if ${who} ${verb}, ${most} of ${count} from ${roles.join(' or ')} ${given}`;
  const pin = unpinned.map((name) => `vaktrom identity pin ${name} --write`);
  const mend = pin.length > 0 ? `pin who has the role (${shorten(pin, ', ')}), or ` : '';
  return `nobody can fill this: ${lack} (never the person themselves, nobody twice); ${mend}give ${count - most} more one of these roles`;
}

const LISTED = 4;

const shorten = (all: readonly string[], glue: string): string =>
  all.length > LISTED ? `${all.slice(0, LISTED).join(glue)} …` : all.join(glue);
