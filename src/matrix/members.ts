/**
 * Who is in a room, as the homeserver says. Whom of them a message is encrypted for is decided where
 * it is encrypted (crypto/device.ts), by what is known of their identities at that moment.
 */
import { parseUserId, type RoomId, type UserId } from '../base/ids.ts';
import type { SyncClient } from './client.ts';

export interface Members {
  of(room: RoomId): Promise<readonly UserId[]>;
  /** The list may have changed. */
  forget(room: RoomId): void;
}

export function openMembers(client: Pick<SyncClient, 'getJoinedRoomMembers'>): Members {
  const known = new Map<RoomId, Promise<readonly UserId[]>>();

  const ask = async (room: RoomId): Promise<readonly UserId[]> => {
    const joined = await client.getJoinedRoomMembers(room);
    return joined.flatMap((id) => {
      const user = parseUserId(id);
      return user.ok ? [user.value] : [];
    });
  };

  return {
    of(room) {
      const answer = known.get(room) ?? ask(room);
      known.set(room, answer);
      // The caller is told; the next one asks again.
      answer.catch(() => known.get(room) === answer && known.delete(room));
      return answer;
    },
    forget: (room) => void known.delete(room),
  };
}
