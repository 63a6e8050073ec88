/** What has been given for a request so far: it grows by what is proven, and no proof makes it weaker. */
import type { Actor } from '../audit/body.ts';
import type { Factor } from '../policy/model.ts';
import { satisfies } from '../policy/requirements.ts';
import type { Gathered, SignOff } from './life.ts';

export const NOTHING: Gathered = { factor: undefined, signOffs: [] };

export const withFactor = (gathered: Gathered, factor: Factor): Gathered =>
  satisfies(gathered.factor, factor) ? gathered : { ...gathered, factor };

/** One person, one sign-off; undefined when the one that is there is stronger. */
export function withSignOff(gathered: Gathered, given: SignOff): Gathered | undefined {
  const own = gathered.signOffs.find(({ actor }) => actor.person === given.actor.person);
  if (own && !satisfies(given.factor, own.factor)) return undefined;
  const others = gathered.signOffs.filter((signOff) => signOff !== own);
  return { ...gathered, signOffs: [...others, given] };
}

/** Undefined when this person has given none. */
export function withoutSignOff(gathered: Gathered, { person }: Actor): Gathered | undefined {
  const signOffs = gathered.signOffs.filter(({ actor }) => actor.person !== person);
  return signOffs.length === gathered.signOffs.length ? undefined : { ...gathered, signOffs };
}
