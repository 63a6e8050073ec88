/**
 * Whose device list a user must ask for again, and whose they need no longer follow. Missing one
 * entry here means a device that gets no room keys, or one that still does.
 */
import type { Account } from './accounts.ts';
import type { JsonObject } from './json.ts';
import { membershipIn, type Room, type RoomEvent } from './room.ts';
import type { State } from './state.ts';

export interface DeviceLists {
  readonly changed: readonly string[];
  readonly left: readonly string[];
}

/** What changed for `reader` after the position `since`. */
export function deviceListsSince(state: State, reader: Account, since: number): DeviceLists {
  const { rooms, accounts } = state;
  const companions = rooms.companionsOf(reader.userId);
  const followed = new Set([...companions, reader.userId]);
  const withNewDevices = [...followed].filter(
    (userId) => (accounts.at(userId)?.devicesChangedAt ?? 0) > since,
  );
  const newlySigned = [...reader.masterSignatures]
    .filter(([, { position }]) => position > since)
    .map(([userId]) => userId);
  const newlyMet = rooms
    .joinedBy(reader.userId)
    .flatMap((room) => metIn(room, reader.userId, since));
  const before = rooms.companionsOf(reader.userId, since);
  return {
    changed: [...new Set([...withNewDevices, ...newlySigned, ...newlyMet])],
    left: [...before].filter((userId) => !followed.has(userId)),
  };
}

/** Who came into the reader's room, or, if the reader did, everybody there. The invited count too. */
function metIn(room: Room, reader: string, since: number): readonly string[] {
  const came = room
    .between(since)
    .filter(({ event, replaces }) => isComing(event) && membershipIn(replaces) !== 'join')
    .map(({ event }) => event.state_key ?? '');
  return came.includes(reader) ? [...came, ...room.joined()] : came;
}

const isComing = (event: RoomEvent): boolean =>
  event.type === 'm.room.member' && ['join', 'invite'].includes(membershipIn(event));

/** The section of a sync answer; nothing when nothing changed. */
export const formatDeviceLists = ({ changed, left }: DeviceLists): JsonObject => ({
  ...(changed.length > 0 ? { changed } : {}),
  ...(left.length > 0 ? { left } : {}),
});
