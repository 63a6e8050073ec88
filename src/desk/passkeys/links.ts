/**
 * Links to the page for passkeys. Whoever holds one may see what it is about and try; it proves nothing
 * by itself. 32 random bytes, for one person, one errand and one request; good for one use and a quarter
 * of an hour. They live in memory: after a restart there are none.
 */
import { randomBytes } from 'node:crypto';
import { sha256Hex } from '../../base/bytes.ts';
import type { Instant, PersonName, RequestId } from '../../base/ids.ts';
import type { Clock } from '../../ports.ts';

export const LINK_MS = 15 * 60_000;
/** Wrong answers after which it is void: fewer than the wrong codes that lock a person out. */
const MAX_TRIES = 3;
/** More than people have open; the oldest go first. */
const MAX_LINKS = 5000;

/** What somebody is sent to the page for. */
export type Errand = 'stepup' | 'approval' | 'enrolment';

export interface Link {
  readonly person: PersonName;
  readonly errand: Errand;
  readonly request: RequestId | undefined;
  readonly untilAt: Instant;
}

export interface Links {
  /** The whole address. */
  issue(person: PersonName, errand: Errand, request?: RequestId): string;
  /** By the last part of its address, which is attacker-chosen; dead ones are found, too. */
  find(token: string): Link | undefined;
  /** Can still be used. */
  isLive(link: Link): boolean;
  spend(link: Link): void;
  /** Takes note of a wrong answer. */
  countWrong(link: Link): void;
}

export function openLinks({ clock, origin }: { clock: Clock; origin: string }): Links {
  // By hash, so that the time of a look-up says nothing about the tokens that there are.
  const links = new Map<string, Link>();
  const triesLeft = new WeakMap<Link, number>();

  return {
    issue(person, errand, request) {
      const token = randomBytes(32).toString('base64url');
      const link: Link = { person, errand, request, untilAt: clock.now() + LINK_MS };
      links.set(sha256Hex(token), link);
      triesLeft.set(link, MAX_TRIES);
      for (const oldest of links.keys()) {
        if (links.size <= MAX_LINKS) break;
        links.delete(oldest);
      }
      return `${origin}/p/${token}`;
    },
    find: (token) => links.get(sha256Hex(token)),
    isLive: (link) => clock.now() < link.untilAt && (triesLeft.get(link) ?? 0) > 0,
    spend: (link) => void triesLeft.delete(link),
    countWrong: (link) => void triesLeft.set(link, (triesLeft.get(link) ?? 0) - 1),
  };
}
