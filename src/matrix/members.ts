/**
 * To whom a room's messages are encrypted. The homeserver says who is in a room; we leave out whoever
 * goes by a pinned account under another identity, so that a replaced identity learns nothing.
 */
import { parseUserId, type RoomId, type UserId } from '../base/ids.ts';
import type { Register } from '../trust/judge.ts';
import type { SyncClient } from './client.ts';
import type { Crypto } from './crypto/device.ts';

export interface Members {
  recipients(room: RoomId): Promise<readonly UserId[]>;
  /** The list of members, or somebody's identity, may have changed. */
  forget(room: RoomId): void;
  forgetIdentities(): void;
}

export interface MemberParts {
  readonly client: SyncClient;
  readonly crypto: Crypto;
  readonly register: () => Register;
}

export function openMembers({ client, crypto, register }: MemberParts): Members {
  const members = new Map<RoomId, Promise<readonly UserId[]>>();
  const identities = new Map<UserId, string | undefined>();

  const fetchMembers = async (room: RoomId): Promise<readonly UserId[]> => {
    const joined = await client.getJoinedRoomMembers(room);
    return joined.flatMap((id) => {
      const user = parseUserId(id);
      return user.ok ? [user.value] : [];
    });
  };

  const membersOf = (room: RoomId): Promise<readonly UserId[]> => {
    const known = members.get(room);
    if (known) return known;
    const fetched = fetchMembers(room);
    members.set(room, fetched);
    fetched.catch(() => members.delete(room)); // the caller is told; the next one asks again
    return fetched;
  };

  const isImpostor = async (user: UserId): Promise<boolean> => {
    const pin = register().accounts.get(user)?.identity;
    if (pin === undefined) return false;
    if (!identities.has(user)) identities.set(user, (await crypto.identityOf(user))?.masterKey);
    const live = identities.get(user);
    return live !== undefined && live !== pin;
  };

  return {
    async recipients(room) {
      const honest: UserId[] = [];
      for (const user of await membersOf(room)) if (!(await isImpostor(user))) honest.push(user);
      return honest;
    },
    forget: (room) => void members.delete(room),
    forgetIdentities: () => identities.clear(),
  };
}
