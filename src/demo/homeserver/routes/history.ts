/** Reading back: one event, what stands around it, pages of the log, and what relates to an event. */
import { formatRoomEvent } from '../format-event.ts';
import { type JsonObject, objectAt, textAt } from '../json.ts';
import { notFound } from '../matrix-error.ts';
import type { Entry } from '../room.ts';
import { readableUntil } from '../room-rules.ts';
import { type Call, type Route, route, V3 } from '../router.ts';
import { formatToken, parseToken } from '../stream.ts';

const ROOM = `${V3}/rooms/:roomId`;
const RELATIONS = '/_matrix/client/v1/rooms/:roomId/relations/:eventId';
const DEFAULT_LIMIT = 10;

export const historyRoutes: readonly Route[] = [
  route('GET', `${ROOM}/event/:eventId`, (call) => {
    const { format, entries } = readable(call);
    return format(entryNamed(entries, call.params.eventId));
  }),
  route('GET', `${ROOM}/context/:eventId`, (call) => context(call, call.params.eventId)),
  route('GET', `${ROOM}/messages`, messages),
  route('GET', RELATIONS, (call) => related(call, call.params)),
  route('GET', `${RELATIONS}/:relType`, (call) => related(call, call.params)),
  route('GET', `${RELATIONS}/:relType/:type`, (call) => related(call, call.params)),
];

type RoomCall = Call<{ readonly roomId: string }>;

/** What the caller may read of the room, oldest first. */
function readable({ state, params, caller }: RoomCall) {
  const room = state.rooms.named(params.roomId);
  const until = readableUntil(room, caller.account.userId);
  return {
    room,
    entries: room.between(0, until),
    format: (entry: Entry) => formatRoomEvent(room.id, entry, caller),
  };
}

function entryNamed(entries: readonly Entry[], eventId: string): Entry {
  const entry = entries.findLast(({ event }) => event.event_id === eventId);
  if (!entry) throw notFound('Event not found.');
  return entry;
}

const limitOf = ({ request }: RoomCall): number =>
  Math.max(1, Number(request.query.get('limit') ?? DEFAULT_LIMIT));

/** As many events before as after, `limit` in all beside the event itself. */
function context(call: RoomCall, eventId: string): JsonObject {
  const { room, entries, format } = readable(call);
  const entry = entryNamed(entries, eventId);
  const at = entries.indexOf(entry);
  const half = Math.floor(limitOf(call) / 2);
  const before = entries.slice(Math.max(0, at - half), at);
  const after = entries.slice(at + 1, at + 1 + half);
  return {
    event: format(entry),
    events_before: before.toReversed().map(format),
    events_after: after.map(format),
    state: room.state(entry.position).map(format),
    start: formatToken((before[0] ?? entry).position - 1),
    end: formatToken((after.at(-1) ?? entry).position),
  };
}

/** A page from `from` on, backwards (`dir=b`) or forwards; no `end` when there is nothing after it. */
function messages(call: RoomCall): JsonObject {
  const { query } = call.request;
  const { entries, format } = readable(call);
  const backwards = query.get('dir') === 'b';
  const from = query.get('from');
  const start = from === null ? (backwards ? call.state.stream.position : 0) : parseToken(from);
  const onward = backwards
    ? entries.filter(({ position }) => position <= start).reverse()
    : entries.filter(({ position }) => position > start);
  const page = onward.slice(0, limitOf(call));
  const last = page.at(-1);
  const more = page.length < onward.length && last;
  return {
    chunk: page.map(format),
    start: formatToken(start),
    ...(more ? { end: formatToken(backwards ? last.position - 1 : last.position) } : {}),
  };
}

interface Relation {
  readonly eventId: string;
  readonly relType?: string;
  readonly type?: string;
}

/** Newest first, all of them at once. An edit of an encrypted event says in the clear what it edits. */
function related(call: RoomCall, { eventId, relType, type }: Relation): JsonObject {
  const { entries, format } = readable(call);
  const found = entries.filter(({ event }) => {
    const relation = objectAt(event.content, 'm.relates_to');
    return (
      textAt(relation, 'event_id') === eventId &&
      (relType === undefined || textAt(relation, 'rel_type') === relType) &&
      (type === undefined || event.type === type)
    );
  });
  return { chunk: found.toReversed().map(format) };
}
