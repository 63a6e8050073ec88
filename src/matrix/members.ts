/**
 * Who is in a room, as the homeserver says, and for whom a message there is meant. Whom of them it is
 * encrypted for is decided where it is encrypted (crypto/device.ts), by what is known of their
 * identities at that moment.
 */
import { parseUserId, type RoomId, type UserId } from '../base/ids.ts';
import { ownerOf, type Register } from '../trust/judge.ts';
import type { SyncClient } from './client.ts';

export interface Members {
  of(room: RoomId): Promise<readonly UserId[]>;
  /**
   * Whatever the homeserver says: in a direct room nobody but its person, joined yet or not; where the
   * policy wants its people only, nobody but those whose identity it pins.
   */
  readersOf(room: RoomId): Promise<readonly UserId[]>;
  /** The list may have changed. */
  forget(room: RoomId): void;
}

export function openMembers(
  client: Pick<SyncClient, 'getJoinedRoomMembers'>,
  register: () => Register,
): Members {
  const known = new Map<RoomId, Promise<readonly UserId[]>>();

  const ask = async (room: RoomId): Promise<readonly UserId[]> => {
    const joined = await client.getJoinedRoomMembers(room);
    return joined.flatMap((id) => {
      const user = parseUserId(id);
      return user.ok ? [user.value] : [];
    });
  };

  const of: Members['of'] = (room) => {
    const answer = known.get(room) ?? ask(room);
    known.set(room, answer);
    // The caller is told; the next one asks again.
    answer.catch(() => known.get(room) === answer && known.delete(room));
    return answer;
  };

  return {
    of,
    async readersOf(room) {
      const { accounts, guarded, bot } = register();
      const owner = ownerOf(room, register());
      if (owner === undefined) {
        const joined = await of(room);
        // A pin is what the sharing of keys can hold an account to; without one, anybody could be it.
        const isOurs = (user: UserId): boolean =>
          user === bot || accounts.get(user)?.identity !== undefined;
        return guarded.has(room) ? joined.filter(isOurs) : joined;
      }
      const owned = [...accounts].filter(([, { person }]) => person === owner);
      const pinned = owned.filter(([, { identity }]) => identity !== undefined);
      return [bot, ...(pinned.length > 0 ? pinned : owned).map(([user]) => user)];
    },
    forget: (room) => void known.delete(room),
  };
}
