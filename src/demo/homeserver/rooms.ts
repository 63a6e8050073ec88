/** All rooms, who shares one with whom, and how a membership changes. */
import type { Account } from './accounts.ts';
import type { JsonObject } from './json.ts';
import { forbidden } from './matrix-error.ts';
import { opaque } from './opaque.ts';
import { Room, type RoomEvent } from './room.ts';
import { authorise } from './room-rules.ts';
import type { Stream } from './stream.ts';

export class Rooms {
  readonly #serverName: string;
  readonly #stream: Stream;
  readonly #rooms = new Map<string, Room>();

  constructor(serverName: string, stream: Stream) {
    this.#serverName = serverName;
    this.#stream = stream;
  }

  /** A room without any event. */
  open(): Room {
    const room = new Room(`!${opaque()}:${this.#serverName}`, this.#stream);
    this.#rooms.set(room.id, room);
    return room;
  }

  at(roomId: string): Room | undefined {
    return this.#rooms.get(roomId);
  }

  /** Like Synapse, does not tell a room that is not there from one that the caller is not in. */
  named(roomId: string): Room {
    const room = this.at(roomId);
    if (!room) throw forbidden(`You are not in room ${roomId}`);
    return room;
  }

  all(): readonly Room[] {
    return [...this.#rooms.values()];
  }

  /** The rooms in which the user was joined at `position`, now by default. */
  joinedBy(userId: string, position?: number): readonly Room[] {
    return this.all().filter((room) => room.membership(userId, position) === 'join');
  }

  /** Everybody who was in a room with the user at `position`, the user too if in any room. */
  companionsOf(userId: string, position?: number): ReadonlySet<string> {
    return new Set(this.joinedBy(userId, position).flatMap((room) => room.joined(position)));
  }
}

export interface MembershipChange {
  readonly sender: string;
  readonly target: string;
  readonly membership: string;
  readonly reason?: string | undefined;
  /** The target's account: its profile goes into joins and invites. */
  readonly account?: Account | undefined;
  readonly extra?: JsonObject;
}

/** Throws M_FORBIDDEN if the sender may not do that. */
export function changeMembership(room: Room, change: MembershipChange): RoomEvent {
  const { sender, target, membership, reason, account } = change;
  const shown = membership === 'join' || membership === 'invite';
  const draft = {
    type: 'm.room.member',
    sender,
    state_key: target,
    content: {
      membership,
      ...(shown ? account?.profile : {}),
      ...(reason === undefined ? {} : { reason }),
      ...change.extra,
    },
  };
  authorise(room, draft);
  return room.append(draft);
}
