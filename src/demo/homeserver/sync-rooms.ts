/** The rooms of one sync answer: what is new in those the reader is in, was invited to, or left. */
import type { Device } from './accounts.ts';
import { formatEvent, formatStripped } from './format-event.ts';
import type { JsonObject } from './json.ts';
import { type Entry, membershipIn, type Room, type RoomEvent } from './room.ts';
import type { State } from './state.ts';
import { formatToken } from './stream.ts';

export interface Reader {
  readonly device: Device;
  /** Undefined: an initial sync, which begins at the present. */
  readonly since: number | undefined;
  /** The most events that one timeline may hold. */
  readonly limit: number;
  readonly fullState: boolean;
}

/** Membership → room id → what is new; only what has something new. */
export function syncRooms(state: State, reader: Reader): JsonObject {
  const parts = state.rooms.all().flatMap((room) => {
    const part = syncRoom(room, reader);
    return part ? [{ ...part, roomId: room.id }] : [];
  });
  return Object.fromEntries(
    [...Map.groupBy(parts, ({ kind }) => kind)].map(([kind, rooms]) => [
      kind,
      Object.fromEntries(rooms.map(({ roomId, news }) => [roomId, news])),
    ]),
  );
}

interface RoomNews {
  readonly kind: 'join' | 'invite' | 'leave';
  readonly news: JsonObject;
}

function syncRoom(room: Room, reader: Reader): RoomNews | undefined {
  const own = room.memberEntry(reader.device.account.userId);
  const now = membershipIn(own?.event);
  if (now === 'join') {
    const news = syncJoined(room, reader);
    return news && { kind: 'join', news };
  }
  if (!own || own.position <= (reader.since ?? 0)) return undefined;
  if (now === 'invite') return { kind: 'invite', news: syncInvited(room, own.event) };
  if (reader.since === undefined) return undefined;
  return { kind: 'leave', news: syncLeft(room, own, { ...reader, since: reader.since }) };
}

function syncJoined(room: Room, reader: Reader): JsonObject | undefined {
  const { since, device, limit } = reader;
  const wasIn = since !== undefined && room.membership(device.account.userId, since) === 'join';
  const start = wasIn ? since : 0;
  const news = room.between(start);
  const data = device.account.accountData.filter(
    ({ roomId, position }) => roomId === room.id && position > (since ?? 0),
  );
  if (news.length === 0 && data.length === 0 && !reader.fullState) return undefined;
  const timeline = news.slice(-limit);
  const isGap = timeline.length < news.length || (since !== undefined && !wasIn);
  const known = reader.fullState ? 0 : start;
  return {
    timeline: formatTimeline(timeline, reader, isGap),
    state: { events: formatStateBefore(room, timeline, { known, device }) },
    account_data: { events: data.map(({ type, content }) => ({ type, content })) },
    ephemeral: { events: [] },
    unread_notifications: { notification_count: 0, highlight_count: 0 },
    summary: {},
  };
}

function formatTimeline(
  timeline: readonly Entry[],
  { device, since }: Reader,
  limited: boolean,
): JsonObject {
  const first = timeline[0]?.position;
  return {
    events: timeline.map((entry) => formatEvent(entry, device)),
    limited,
    prev_batch: formatToken(first === undefined ? (since ?? 0) : first - 1),
  };
}

/** What the reader must know before reading the timeline and did not at position `known`. */
function formatStateBefore(
  room: Room,
  timeline: readonly Entry[],
  { known, device }: { readonly known: number; readonly device: Device },
): readonly JsonObject[] {
  const first = timeline[0]?.position ?? Number.POSITIVE_INFINITY;
  return room
    .state(first - 1)
    .filter(({ position }) => position > known)
    .map((entry) => formatEvent(entry, device));
}

const SHOWN_TO_INVITED: ReadonlySet<string> = new Set(
  ['create', 'join_rules', 'canonical_alias', 'avatar', 'encryption', 'name', 'topic'].map(
    (name) => `m.room.${name}`,
  ),
);

function syncInvited(room: Room, invite: RoomEvent): JsonObject {
  const inviter = room.memberEntry(invite.sender)?.event;
  const shown = room.state().map(({ event }) => event);
  const events = [
    ...shown.filter(({ type }) => SHOWN_TO_INVITED.has(type)),
    ...(inviter ? [inviter] : []),
  ];
  return { invite_state: { events: [...events.map(formatStripped), { ...invite }] } };
}

/** Everything up to the leaving for who was in the room, their own membership for who was not. */
function syncLeft(room: Room, left: Entry, reader: Reader & { since: number }): JsonObject {
  const { device, since, limit } = reader;
  const { userId } = device.account;
  const wasIn = room.membership(userId, since) === 'join';
  const news = room
    .between(since, left.position)
    .filter(({ event }) => wasIn || event.state_key === userId);
  const timeline = news.slice(-limit);
  return {
    timeline: formatTimeline(timeline, reader, timeline.length < news.length),
    state: { events: [] },
    account_data: { events: [] },
  };
}
