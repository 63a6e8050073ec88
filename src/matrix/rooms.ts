/** Rooms as the homeserver keeps them: making one, asking about one, blanking an event in one. */
import { crockford, sha256, utf8 } from '../base/bytes.ts';
import { Fault } from '../base/errors.ts';
import { type EventId, parseRoomId, parseUserId, type RoomId } from '../base/ids.ts';
import type { Member, RoomFacts } from '../policy/posture.ts';
import type { Chat } from '../ports.ts';
import type { Register } from '../trust/judge.ts';
import type { SyncClient } from './client.ts';
import type { Crypto } from './crypto/device.ts';
import { type Fields, fieldsOf, text } from './events.ts';

export interface RoomParts {
  readonly client: Pick<SyncClient, 'doRequest' | 'tryGet'>;
  readonly crypto: Pick<Crypto, 'identityOf'>;
  readonly register: () => Register;
}

const V3 = '/_matrix/client/v3';
const room = (id: RoomId): string => `${V3}/rooms/${encodeURIComponent(id)}`;

export function openRooms({ client, crypto, register }: RoomParts): Omit<Chat, 'post'> {
  /** Under the identity that the policy pins for the account, and no other. */
  const isPinned = async (user: Member['user']): Promise<boolean> => {
    const pin = register().accounts.get(user)?.identity;
    if (pin === undefined) return false;
    const live = await crypto.identityOf(user);
    return live?.masterKey === pin;
  };

  const membersOf = async (state: readonly Fields[]): Promise<readonly Member[]> => {
    const members: Member[] = [];
    for (const event of state) {
      if (event['type'] !== 'm.room.member') continue;
      const membership = fieldsOf(event['content'])['membership'];
      const user = parseUserId(text(event['state_key']));
      if (membership !== 'join' && membership !== 'invite') continue;
      // An id that is none is still somebody: it counts as a stranger.
      if (!user.ok)
        members.push({ user: text(event['state_key']) as Member['user'], isPinned: false });
      else if (user.value !== register().bot)
        members.push({ user: user.value, isPinned: await isPinned(user.value) });
    }
    return members;
  };

  return {
    async openDirect(account) {
      const encryption = { algorithm: 'm.megolm.v1.aes-sha2' };
      const body = {
        preset: 'private_chat',
        is_direct: true,
        invite: [account],
        name: 'Vaktrom',
        initial_state: [{ type: 'm.room.encryption', state_key: '', content: encryption }],
      };
      const made = fieldsOf(await client.doRequest('POST', `${V3}/createRoom`, null, body));
      const id = parseRoomId(text(made['room_id']));
      if (!id.ok) throw new Fault('homeserver_refused', `no direct room was made: ${id.error}`);
      return id.value;
    },
    async redact(id, event: EventId, reason) {
      const txn = crockford(sha256(utf8(`redact ${event}`)), 26);
      const path = `${room(id)}/redact/${encodeURIComponent(event)}/${txn}`;
      await client.doRequest('PUT', path, null, { reason });
    },
    async roomFacts(id): Promise<RoomFacts> {
      // Not for ever: what a homeserver does not say in time closes the room.
      const answer = await client.tryGet(`${room(id)}/state`, {});
      const state = (Array.isArray(answer) ? answer : []).map(fieldsOf);
      const find = (type: string): Fields | undefined =>
        state.find((e) => e['type'] === type && e['state_key'] === '');
      const content = (type: string): Fields => fieldsOf(find(type)?.['content']);
      return {
        encrypted: content('m.room.encryption')['algorithm'] === 'm.megolm.v1.aes-sha2',
        // What is not said counts as the widest that the specification gives it.
        joinRule: text(content('m.room.join_rules')['join_rule']) || 'public',
        history: text(content('m.room.history_visibility')['history_visibility']) || 'shared',
        guestAccess: text(content('m.room.guest_access')['guest_access']) || 'forbidden',
        // A tombstone is one, whatever is written on it.
        replacedBy: find('m.room.tombstone')
          ? text(content('m.room.tombstone')['replacement_room'])
          : undefined,
        members: await membersOf(state),
      };
    },
  };
}
