/**
 * One room: the log of its events, in the order in which the server took them, and what follows from
 * it. `append` checks nothing, so that in-process code can put any event in; what a client may send
 * is decided in `room-rules.ts`.
 */
import type { Device } from './accounts.ts';
import { type JsonObject, textAt } from './json.ts';
import { opaque } from './opaque.ts';
import { redact } from './redaction.ts';
import type { Stream } from './stream.ts';

export type Membership = 'join' | 'invite' | 'leave' | 'ban';

/** An event as clients read it. */
export interface RoomEvent {
  readonly type: string;
  readonly sender: string;
  readonly content: JsonObject;
  readonly event_id: string;
  /** Milliseconds since the Unix epoch. */
  readonly origin_server_ts: number;
  /** Present, perhaps empty: a state event. */
  readonly state_key?: string;
}

/** An event to be: id and time are made up unless given. */
export type Draft = Pick<RoomEvent, 'type' | 'sender' | 'content'> & Partial<RoomEvent>;

/** The request that made an event; only its device is shown the transaction id. */
export interface Origin {
  readonly device: Device;
  readonly txnId: string;
}

export interface Entry {
  readonly position: number;
  readonly event: RoomEvent;
  /** The state event that this one took the place of. */
  readonly replaces: RoomEvent | undefined;
  readonly origin: Origin | undefined;
  readonly redactedBecause?: RoomEvent;
}

export class Room {
  readonly id: string;
  readonly #stream: Stream;
  #log: Entry[] = [];

  constructor(id: string, stream: Stream) {
    this.id = id;
    this.#stream = stream;
  }

  append(draft: Draft, origin?: Origin): RoomEvent {
    const event = { event_id: `$${opaque()}`, origin_server_ts: Date.now(), ...draft };
    const replaces = isState(event) ? this.stateEvent(event.type, event.state_key) : undefined;
    if (event.type === 'm.room.redaction') this.#redact(event);
    this.#log.push({ position: this.#stream.advance(), event, replaces, origin });
    return event;
  }

  #redact(because: RoomEvent): void {
    const target = textAt(because.content, 'redacts');
    this.#log = this.#log.map((entry) =>
      entry.event.event_id === target
        ? { ...entry, event: redact(entry.event), redactedBecause: because }
        : entry,
    );
  }

  find(eventId: string): Entry | undefined {
    return this.#log.findLast(({ event }) => event.event_id === eventId);
  }

  /** Entries with `after` < position ≤ `upTo`, oldest first. */
  between(after: number, upTo = Number.POSITIVE_INFINITY): readonly Entry[] {
    const start = this.#log.findLastIndex(({ position }) => position <= after) + 1;
    return this.#log.slice(start).filter(({ position }) => position <= upTo);
  }

  /** The state as it was at `position`, now by default. */
  state(position = Number.POSITIVE_INFINITY): readonly Entry[] {
    const state = new Map<string, Entry>();
    for (const entry of this.#log) {
      if (entry.position > position) break;
      if (isState(entry.event))
        state.set(JSON.stringify([entry.event.type, entry.event.state_key]), entry);
    }
    return [...state.values()];
  }

  stateEvent(type: string, stateKey = ''): RoomEvent | undefined {
    return this.#lastState(type, stateKey, Number.POSITIVE_INFINITY)?.event;
  }

  membership(userId: string, position = Number.POSITIVE_INFINITY): Membership {
    return membershipIn(this.memberEntry(userId, position)?.event);
  }

  /** The latest event about the user's membership at `position`. */
  memberEntry(userId: string, position = Number.POSITIVE_INFINITY): Entry | undefined {
    return this.#lastState('m.room.member', userId, position);
  }

  /** Who was joined at `position`, now by default. */
  joined(position = Number.POSITIVE_INFINITY): readonly string[] {
    return this.state(position).flatMap(({ event }) =>
      event.type === 'm.room.member' && membershipIn(event) === 'join'
        ? [event.state_key ?? '']
        : [],
    );
  }

  #lastState(type: string, stateKey: string, upTo: number): Entry | undefined {
    return this.#log.findLast(
      ({ event, position }) =>
        position <= upTo && event.type === type && event.state_key === stateKey,
    );
  }
}

export const isState = (event: RoomEvent): boolean => event.state_key !== undefined;

/** What an event says of the membership; `leave` when there is none or it says nothing known. */
export function membershipIn(event: RoomEvent | undefined): Membership {
  const text = event && textAt(event.content, 'membership');
  return text === 'join' || text === 'invite' || text === 'ban' ? text : 'leave';
}
