/**
 * Is a room what the policy demands of it? All of it is the homeserver's word, which can only close a
 * room by it, never open one to somebody who is not trusted: this guards against slips, and against
 * listeners that the server does not hide.
 */
import type { UserId } from '../base/ids.ts';
import type { Posture } from './model.ts';

export interface Member {
  readonly user: UserId;
  /** An account of the policy, under the identity that it pins. */
  readonly isPinned: boolean;
}

/** What the homeserver says of a room. */
export interface RoomFacts {
  readonly encrypted: boolean;
  readonly joinRule: string;
  readonly history: string;
  readonly guestAccess: string;
  /** The tombstone's successor, if the room was upgraded. */
  readonly replacedBy: string | undefined;
  /** Everybody who is in or invited, but for the bot. */
  readonly members: readonly Member[];
}

/** Less to more of the past that a newcomer can read. */
const HISTORY = ['joined', 'invited', 'shared', 'world_readable'];

/** The first thing that is not as demanded, as a sentence without its end; undefined: all of it is. */
export function driftOf(posture: Posture, facts: RoomFacts): string | undefined {
  const { members } = facts;
  if (facts.replacedBy !== undefined) return 'the room was upgraded to another one';
  if (posture.encrypted && !facts.encrypted) return 'the room is not encrypted';
  if (posture.inviteOnly && facts.joinRule !== 'invite')
    return `people can join without an invitation (join rule ${facts.joinRule})`;
  if (posture.noGuests && facts.guestAccess !== 'forbidden') return 'guests may join';
  if (posture.history && !isAtMost(facts.history, posture.history))
    return `newcomers can read what was said before (history ${facts.history})`;
  if (posture.maxMembers !== undefined && members.length + 1 > posture.maxMembers)
    return `${members.length + 1} members, ${posture.maxMembers} at most`;
  const stranger = posture.membersInPolicy ? members.find((m) => !m.isPinned) : undefined;
  if (stranger) return `${stranger.user} is in the room and not pinned in the policy`;
  const foreign = members.find((m) => !isOn(m.user, posture.servers));
  return foreign ? `${foreign.user} is on a server that is not allowed here` : undefined;
}

/** What the list does not know may be anything, and is not within anything. */
const isAtMost = (history: string, most: string): boolean =>
  HISTORY.slice(0, HISTORY.indexOf(most) + 1).includes(history);

const isOn = (user: UserId, servers: readonly string[] | undefined): boolean =>
  servers === undefined || servers.includes(user.slice(user.indexOf(':') + 1));
