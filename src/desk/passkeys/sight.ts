/** What the holder of a link is shown: no more than its person may know at this moment. */
import type { PersonName, RequestId } from '../../base/ids.ts';
import { commandLine, renderGathered } from '../../output/card.ts';
import { renderDigestWords } from '../../output/digest-words.ts';
import { type Fact, renderSheet } from '../../output/sheet.ts';
import { describeMissing } from '../../policy/explain.ts';
import type { Effect } from '../../policy/model.ts';
import { isConcerned } from '../../policy/offers.ts';
import type { Gathered, State } from '../../request/life.ts';
import type { Request } from '../../request/request.ts';
import type { Desk } from '../desk.ts';
import type { Link, Links } from './links.ts';
import { passkeysOf } from './proof.ts';
import { findOpen, renderStanding } from './signing.ts';

export type Sight =
  /** Nobody's link, or none that its person has any business with now. */
  | { readonly kind: 'unknown' }
  /** There is something to say and nothing to do. */
  | {
      readonly kind: 'told';
      readonly person: PersonName;
      readonly about: About | undefined;
      readonly said: string;
      /** What to type in the direct room for another link. */
      readonly retry: string | undefined;
    }
  | {
      readonly kind: 'request';
      readonly person: PersonName;
      /** To be proven by its requester, rather than signed off. */
      readonly isOwn: boolean;
      readonly about: About;
      readonly facts: readonly Fact[];
      readonly needs: string;
      /** What was given so far; empty: nothing. */
      readonly given: string;
      readonly effect: Effect;
      readonly asker: string;
      readonly room: string;
      readonly expiresAt: number;
      readonly hasPasskey: boolean;
    }
  | { readonly kind: 'enrolment'; readonly person: PersonName; readonly hasPasskey: boolean };

/** By what people recognise a request. */
export interface About {
  readonly id: RequestId;
  readonly command: string;
  readonly words: string;
}

export function lookAt(desk: Desk, links: Links, token: string): Sight {
  const link = links.find(token);
  if (!link || !desk.policy().people.has(link.person)) return { kind: 'unknown' };
  const isLive = links.isLive(link);
  if (link.request !== undefined) return lookAtRequest(desk, link, link.request, isLive);
  const { person } = link;
  if (isLive) return { kind: 'enrolment', person, hasPasskey: passkeysOf(desk, person).length > 0 };
  const retry = 'enrol passkey';
  return { kind: 'told', person, about: undefined, said: DEAD, retry };
}

const DEAD = 'This link was used, or it is too old.';

function lookAtRequest(desk: Desk, link: Link, id: RequestId, isLive: boolean): Sight {
  const { person, errand } = link;
  const alive = desk.requests.find(id);
  const asked = alive?.request ?? desk.history.find(id)?.request;
  if (!asked || !isConcerned(desk.policy(), person, asked.frozen)) return { kind: 'unknown' };
  const { frozen, digest } = asked;
  const about = { id, command: commandLine(frozen), words: renderDigestWords(digest) };
  const told = { kind: 'told', person, about, retry: undefined } as const;
  if (alive?.state.kind !== 'waiting') return { ...told, said: renderStanding(desk, id) };
  const open = findOpen(desk, link);
  if (!open.ok) return { ...told, said: open.error };
  if (hasGiven(link, alive.state.gathered))
    return { ...told, said: `✓ Your passkey was accepted. ${renderStanding(desk, id)}` };
  const retry = errand === 'stepup' ? `start ${id}` : `approve ${id}`;
  if (!isLive) return { ...told, said: `${DEAD} ${renderStanding(desk, id)}`, retry };
  return {
    ...showRequest(alive.request, alive.state),
    ...{ kind: 'request', person, about, isOwn: errand === 'stepup' },
    hasPasskey: passkeysOf(desk, person).length > 0,
  };
}

const hasGiven = ({ person, errand }: Link, { factor, signOffs }: Gathered): boolean =>
  errand === 'stepup'
    ? factor === 'webauthn'
    : signOffs.some((s) => s.actor.person === person && s.factor === 'webauthn');

/** The same words as on the card, and the sheet. */
function showRequest(request: Request, { missing, gathered }: State & { kind: 'waiting' }) {
  const { effect, actor, room, expiresAt } = request.frozen;
  return {
    ...{ effect, room, expiresAt, asker: actor.person },
    facts: renderSheet(request),
    needs: missing.map((m) => describeMissing(m, actor.person)).join(' · '),
    given: renderGathered(request, gathered),
  };
}
