/** Rooms: making them, coming and going, sending, and their state. */
import { isDeepStrictEqual } from 'node:util';
import { createRoom } from '../create-room.ts';
import { formatRoomEvent } from '../format-event.ts';
import { type JsonObject, textAt } from '../json.ts';
import { invalid, matrixError, missing, notFound } from '../matrix-error.ts';
import { type Draft, membershipIn, type Origin, type Room } from '../room.ts';
import { authorise, demandMember, readableUntil } from '../room-rules.ts';
import { changeMembership } from '../rooms.ts';
import { type Call, type Route, route, V3 } from '../router.ts';
import { once } from '../transaction.ts';

const ROOM = `${V3}/rooms/:roomId`;

type RoomCall = Call<{ readonly roomId: string }>;

export const roomRoutes: readonly Route[] = [
  route('POST', `${V3}/createRoom`, ({ state, caller, body }) => ({
    room_id: createRoom(state, caller.account, body()).id,
  })),
  route('GET', `${V3}/joined_rooms`, ({ state, caller }) => ({
    joined_rooms: state.rooms.joinedBy(caller.account.userId).map(({ id }) => id),
  })),
  route('POST', `${V3}/join/:roomId`, join),
  route('POST', `${ROOM}/join`, join),
  route('POST', `${ROOM}/leave`, leave),
  route('POST', `${ROOM}/forget`, (call) => {
    if (roomOf(call).membership(call.caller.account.userId) === 'join')
      throw matrixError(400, 'M_UNKNOWN', 'Leave the room first');
    return {};
  }),
  route('POST', `${ROOM}/invite`, (call) => changeOther(call, 'invite')),
  route('POST', `${ROOM}/kick`, (call) => changeOther(call, 'leave')),
  route('POST', `${ROOM}/unban`, (call) => changeOther(call, 'leave')),
  route('POST', `${ROOM}/ban`, (call) => changeOther(call, 'ban')),

  route('PUT', `${ROOM}/send/:type/:txnId`, (call) => {
    const { type, txnId } = call.params;
    return sendOnce(call, txnId, { type, content: call.body() });
  }),
  route('PUT', `${ROOM}/redact/:eventId/:txnId`, (call) => {
    const { eventId, txnId } = call.params;
    const content = { ...call.body(), redacts: eventId };
    return sendOnce(call, txnId, { type: 'm.room.redaction', content });
  }),

  route('GET', `${ROOM}/state`, (call) => {
    const room = roomOf(call);
    const until = readableUntil(room, call.caller.account.userId);
    return room.state(until).map((entry) => formatRoomEvent(room.id, entry, call.caller));
  }),
  route('GET', `${ROOM}/state/:type`, (call) => stateContent(call, call.params.type, '')),
  route('GET', `${ROOM}/state/:type/:stateKey`, (call) =>
    stateContent(call, call.params.type, call.params.stateKey),
  ),
  route('PUT', `${ROOM}/state/:type`, (call) => putState(call, call.params.type, '')),
  route('PUT', `${ROOM}/state/:type/:stateKey`, (call) =>
    putState(call, call.params.type, call.params.stateKey),
  ),

  route('GET', `${ROOM}/members`, members),
  route('GET', `${ROOM}/joined_members`, (call) => ({
    joined: Object.fromEntries(
      memberRoom(call)
        .joined()
        .map((userId) => [userId, shownProfile(memberRoom(call), userId)]),
    ),
  })),

  route('POST', `${ROOM}/receipt/:type/:eventId`, accept),
  route('PUT', `${ROOM}/typing/:userId`, accept),
  route('POST', `${ROOM}/read_markers`, accept),
];

const roomOf = ({ state, params }: RoomCall): Room => state.rooms.named(params.roomId);

function memberRoom(call: RoomCall): Room {
  const room = roomOf(call);
  demandMember(room, call.caller.account.userId);
  return room;
}

/** Receipts and typing are taken and thrown away. */
function accept(call: RoomCall): JsonObject {
  memberRoom(call);
  return {};
}

function join({ state, params: { roomId }, caller: { account }, body }: RoomCall): JsonObject {
  const room = state.rooms.at(roomId);
  if (!room) throw notFound('No such room');
  const { userId } = account;
  const reason = textAt(body(), 'reason');
  if (room.membership(userId) !== 'join')
    changeMembership(room, { sender: userId, target: userId, membership: 'join', reason, account });
  return { room_id: room.id };
}

function leave(call: RoomCall): JsonObject {
  const { userId } = call.caller.account;
  const reason = textAt(call.body(), 'reason');
  const own = { sender: userId, target: userId, membership: 'leave', reason };
  changeMembership(roomOf(call), own);
  return {};
}

function changeOther(call: RoomCall, membership: string): JsonObject {
  const target = textAt(call.body(), 'user_id');
  if (target === undefined) throw missing('user_id');
  if (!/^@.+:.+$/.test(target)) throw invalid('That is not a user id');
  const reason = textAt(call.body(), 'reason');
  const account = call.state.accounts.at(target);
  const sender = call.caller.account.userId;
  changeMembership(roomOf(call), { sender, target, membership, reason, account });
  return {};
}

function send(call: RoomCall, draft: Omit<Draft, 'sender'>, origin?: Origin): JsonObject {
  const room = roomOf(call);
  const complete = { ...draft, sender: call.caller.account.userId };
  authorise(room, complete);
  return { event_id: room.append(complete, origin).event_id };
}

const sendOnce = (call: RoomCall, txnId: string, draft: Omit<Draft, 'sender'>) =>
  once(call.caller, call.request.path, () => send(call, draft, { device: call.caller, txnId }));

/** State that says what the room says already makes no new event. */
function putState(call: RoomCall, type: string, stateKey: string): JsonObject {
  const content = call.body();
  const now = roomOf(call).stateEvent(type, stateKey);
  if (now?.sender === call.caller.account.userId && isDeepStrictEqual(now.content, content))
    return { event_id: now.event_id };
  return send(call, { type, state_key: stateKey, content });
}

function stateContent(call: RoomCall, type: string, stateKey: string): JsonObject {
  const room = roomOf(call);
  const until = readableUntil(room, call.caller.account.userId);
  const entry = room
    .state(until)
    .find(({ event }) => event.type === type && event.state_key === stateKey);
  if (!entry) throw notFound('Event not found.');
  return entry.event.content;
}

function members(call: RoomCall): JsonObject {
  const room = roomOf(call);
  const { query } = call.request;
  const wanted = query.get('membership');
  const unwanted = query.get('not_membership');
  const until = readableUntil(room, call.caller.account.userId);
  const chunk = room.state(until).filter(({ event }) => {
    const membership = membershipIn(event);
    return (
      event.type === 'm.room.member' &&
      membership !== unwanted &&
      (wanted === null || membership === wanted)
    );
  });
  return { chunk: chunk.map((entry) => formatRoomEvent(room.id, entry, call.caller)) };
}

function shownProfile(room: Room, userId: string): JsonObject {
  const content = room.memberEntry(userId)?.event.content ?? {};
  return {
    display_name: textAt(content, 'displayname') ?? null,
    avatar_url: textAt(content, 'avatar_url') ?? null,
  };
}
