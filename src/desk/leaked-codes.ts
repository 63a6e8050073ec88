/**
 * A one-time code in a shared room is seen by everybody who reads along, however it was typed: in a
 * command, a reply, an edit, or mere talk. So it must count for nothing from then on.
 */
import { line, say } from '../output/block.ts';
import { hasDigit } from '../stepup/digits.ts';
import { type Register, speakerOf } from '../trust/judge.ts';
import type { Sighting } from '../trust/sighting.ts';
import type { Desk } from './desk.ts';
import type { Voice } from './voice.ts';

export interface LeakedCodesParts {
  readonly desk: Pick<Desk, 'codes' | 'chat' | 'direct' | 'log'>;
  readonly voice: Voice;
  readonly register: () => Register;
}

/** Resolves once what was found in a message counts no more, and the message is asked to be blanked. */
export type BurnCodes = (sighting: Sighting) => Promise<void>;

/** Of messages that were looked into, so that none is delivered again until a later code fits it. */
const KEEP = 10_000;

export function openLeakedCodes({ desk, voice, register }: LeakedCodesParts): BurnCodes {
  const known = new Set<string>();

  /** Is it the first time that this message is seen? */
  const isNew = ({ room, seen }: Sighting): boolean => {
    if (seen.kind !== 'decrypted') return false;
    const place = `${room} ${seen.from.session} ${seen.from.index}`;
    if (known.has(place)) return false;
    known.add(place);
    for (const oldest of known) {
      if (known.size <= KEEP) break;
      known.delete(oldest);
    }
    return true;
  };

  return async (sighting) => {
    const { room, event, seen } = sighting;
    const speaker = speakerOf(sighting, register());
    if (speaker === undefined || speaker.isAlone || seen.kind === 'undecryptable') return;
    const { shown } = seen.message;
    if (!shown.some(hasDigit) || !isNew(sighting)) return;
    if (!(await desk.codes.burnIn(speaker.person, shown))) return;
    desk.chat
      .redact(room, event, 'a one-time code in a shared room')
      .catch((error: unknown) => desk.log.warn({ error }, 'a code could not be redacted'));
    const there = 'Codes belong here, never into a shared room. The one you typed there is spent.';
    desk.direct.tell(speaker.person, `${event}/burnt`, say(there));
    const here = `${speaker.person}, that was a one-time code of yours, and everybody here could read it. It is spent; give the next one in our direct room.`;
    voice.say(sighting, [line(here)]);
  };
}
