/**
 * Who really typed it, at the host's own terminal? There the kernel vouches for the user (control/),
 * and the policy says whose user that is (`local_users`). Nobody else is heard.
 */
import type { DeviceId, EventId, PersonName, RoomId, RoomName, UserId } from '../base/ids.ts';
import type { Trusted } from './judge.ts';
import type { Message } from './sighting.ts';

/** The name of the terminal where the policy lists rooms; no room can have it. */
export const LOCAL = 'local' as RoomName;
/** Where a Matrix room has its id. No id of a Matrix room or account looks like these. */
export const LOCAL_PLACE = 'local' as RoomId;
export const localAccount = (user: string): UserId => `local:${user}` as UserId;

/** The message of somebody of whom nothing is taken; what was typed stays out of the log. */
export const SAID_NOTHING: Message = {
  ...{ isText: true, text: '', shown: [] },
  ...{ relation: 'none', mentions: [], link: undefined },
};

/** What the kernel and the host's list of users say of who is there. */
export interface Typed {
  readonly uid: number;
  readonly user: string;
  /** Unique; what is answered goes to the first event of a conversation. */
  readonly event: EventId;
  readonly thread: EventId;
  readonly text: string;
}

/** `person`: the one whose user the policy says it is. */
export const trustUser = (typed: Typed, person: PersonName): Trusted => ({
  kind: 'trusted',
  person,
  account: localAccount(typed.user),
  device: `uid-${typed.uid}` as DeviceId,
  // The policy names this very user: that is as sure as a pinned key.
  pinned: true,
  identity: '',
  room: LOCAL,
  roomId: LOCAL_PLACE,
  isDirect: true,
  event: typed.event,
  thread: typed.thread,
  session: undefined,
  index: undefined,
  text: typed.text,
});
