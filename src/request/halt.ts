/** What can end or hold up a request at any time before its start. */
import type { Actor } from '../audit/body.ts';
import { closingEntry, withdrawalEntry } from './entries.ts';
import { withoutSignOff } from './gathered.ts';
import type { Closing, Happening, Next, State } from './life.ts';
import type { Request } from './request.ts';

export type Open = State & { readonly kind: 'waiting' | 'granted' };
export type Checking = State & { readonly kind: 'checking' };

/** A happening that does not fit the state changes nothing: late, doubled, or of another life. */
export const unmoved = (state: State): Next => ({ state, effects: [] });

export const close = (request: Request, closing: Closing): Next => ({
  state: { kind: 'closing', closing },
  effects: [{ kind: 'record', entries: [closingEntry(request, closing)] }],
});

/** A no counts until the very start, the last check included. */
export function halt(request: Request, state: Open | Checking, happening: Happening): Next {
  switch (happening.kind) {
    case 'sign_off_withdrawn':
      return withdraw(request, state, happening.actor);
    case 'denied': {
      const { actor, reason } = happening;
      return close(request, { kind: 'denied', by: actor.person, reason });
    }
    case 'cancelled':
      return happening.actor.person === request.frozen.actor.person
        ? close(request, { kind: 'withdrawn' })
        : unmoved(state);
    case 'changed':
      return close(request, { kind: 'voided', changes: [happening.what] });
    default:
      return unmoved(state);
  }
}

/** Takes a grant back with it: what rests on a sign-off does not outlive it. */
function withdraw(request: Request, state: Open | Checking, actor: Actor): Next {
  const gathered = withoutSignOff(state.gathered, actor);
  if (!gathered) return unmoved(state);
  return {
    state: { kind: 'waiting', gathered, missing: [] },
    effects: [{ kind: 'record', entries: [withdrawalEntry(request, actor)] }],
  };
}
