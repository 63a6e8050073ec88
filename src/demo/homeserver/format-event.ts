/** Events as one device reads them. */
import type { Device } from './accounts.ts';
import type { JsonObject } from './json.ts';
import type { Entry, RoomEvent } from './room.ts';

/** For `sync`, where the room is named around the event. */
export function formatEvent(entry: Entry, reader: Device): JsonObject {
  const { event, origin, replaces, redactedBecause } = entry;
  return {
    ...formatBare(event),
    unsigned: {
      age: Date.now() - event.origin_server_ts,
      ...(origin?.device === reader ? { transaction_id: origin.txnId } : {}),
      ...(replaces ? { prev_content: replaces.content, replaces_state: replaces.event_id } : {}),
      ...(redactedBecause ? { redacted_because: formatBare(redactedBecause) } : {}),
    },
  };
}

/** For everything else. */
export const formatRoomEvent = (roomId: string, entry: Entry, reader: Device): JsonObject => ({
  ...formatEvent(entry, reader),
  room_id: roomId,
});

/** What somebody who is not in the room is shown of its state. */
export const formatStripped = ({ type, sender, state_key, content }: RoomEvent): JsonObject => ({
  type,
  sender,
  content,
  ...(state_key === undefined ? {} : { state_key }),
});

/** Clients of before room version 11 look for `redacts` beside `content`. */
function formatBare(event: RoomEvent): JsonObject {
  const { redacts } = event.content;
  return event.type === 'm.room.redaction' && redacts !== undefined
    ? { ...event, redacts }
    : { ...event };
}
