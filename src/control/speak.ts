/** The voice of whoever sits at a terminal: the person whose user of the host it is, if it is anybody's. */
import type { EventId, PersonName } from '../base/ids.ts';
import type { Desk } from '../desk/desk.ts';
import type { Obey } from '../pipeline.ts';
import { trustUser } from '../trust/local.ts';
import type { Peer } from './peer.ts';
import { newLocalEvent } from './terminals.ts';

export interface Speaker {
  readonly person: PersonName;
  /** Resolves once what was said is on record and carried out. */
  say(text: string, event?: EventId): Promise<void>;
}

/** Undefined where the policy names no person with that user. */
export function openSpeaker(
  { desk, obey }: { readonly desk: Pick<Desk, 'policy'>; readonly obey: Obey },
  { uid, user, note }: Pick<Peer, 'uid' | 'user' | 'note'>,
  thread: EventId,
): Speaker | undefined {
  if (user === undefined) return undefined;
  const personNow = (): PersonName | undefined =>
    [...desk.policy().people.values()].find((p) => p.localUsers.includes(user))?.name;
  const person = personNow();
  return (
    person && {
      person,
      async say(text, event = newLocalEvent()) {
        // The policy may have changed since they sat down.
        if (personNow() !== person) return note('The policy does not name you any more.');
        await obey(trustUser({ uid, user, event, thread, text }, person));
      },
    }
  );
}
