/**
 * What a client may send into a room: membership and power levels, as far as a small team's room
 * needs them. Left out: third-party invites, knocking, restricted rooms, and the rule that nobody
 * grants a level above their own.
 */
import { numberAt, objectAt, textAt } from './json.ts';
import { forbidden, matrixError } from './matrix-error.ts';
import { type Draft, membershipIn, type Room } from './room.ts';

const MAX_EVENT_BYTES = 65_536;

/** Returns if `room` takes the event, throws M_FORBIDDEN, M_BAD_STATE or M_TOO_LARGE if not. */
export function authorise(room: Room, draft: Draft): void {
  if (Buffer.byteLength(JSON.stringify(draft)) > MAX_EVENT_BYTES)
    throw matrixError(413, 'M_TOO_LARGE', 'event too large');
  if (draft.type === 'm.room.member' && draft.state_key !== undefined)
    authoriseMembership(room, draft, draft.state_key);
  else authoriseMessage(room, draft);
}

function authoriseMessage(room: Room, draft: Draft): void {
  demandMember(room, draft.sender);
  demandLevel(room, draft.sender, levelToSend(room, draft));
  if (draft.state_key?.startsWith('@') && draft.state_key !== draft.sender)
    throw forbidden("You are not allowed to set others' state");
  if (draft.type === 'm.room.redaction') authoriseRedaction(room, draft);
}

function authoriseMembership(room: Room, { sender, content }: Draft, target: string): void {
  const membership = textAt(content, 'membership');
  if (membership === 'join') authoriseJoin(room, sender, target);
  else if (membership === 'invite') authoriseInvite(room, sender, target);
  else if (membership === 'leave' && sender === target) authoriseLeave(room, target);
  else if (membership === 'leave') authoriseRemoval(room, { sender, target, act: 'kick' });
  else if (membership === 'ban') authoriseRemoval(room, { sender, target, act: 'ban' });
  else throw matrixError(400, 'M_BAD_JSON', 'Unknown membership');
}

function authoriseInvite(room: Room, sender: string, target: string): void {
  demandMember(room, sender);
  const now = room.membership(target);
  if (now === 'ban') throw banned('invite');
  if (now === 'join') throw forbidden(`${target} is already in the room.`);
  demandLevel(room, sender, levelFor(room, 'invite', 0));
}

interface Removal {
  readonly sender: string;
  readonly target: string;
  readonly act: 'kick' | 'ban';
}

function authoriseRemoval(room: Room, { sender, target, act }: Removal): void {
  demandMember(room, sender);
  if (act === 'kick' && room.membership(target) === 'leave')
    throw forbidden('The target user is not in the room');
  demandLevel(room, sender, levelFor(room, act, 50));
  if (levelOf(room, sender) <= levelOf(room, target))
    throw forbidden(`You cannot ${act} user ${target}.`);
}

function authoriseJoin(room: Room, sender: string, target: string): void {
  const now = room.membership(target);
  const rule = textAt(room.stateEvent('m.room.join_rules')?.content ?? {}, 'join_rule');
  if (sender !== target) throw forbidden('Cannot force another user to join.');
  if (now === 'ban') throw banned('join');
  if (now === 'leave' && rule !== 'public') throw forbidden('You are not invited to this room.');
}

function authoriseLeave(room: Room, target: string): void {
  const now = room.membership(target);
  if (now !== 'join' && now !== 'invite') throw forbidden(`${target} not in room ${room.id}.`);
}

function authoriseRedaction(room: Room, draft: Draft): void {
  const target = room.find(textAt(draft.content, 'redacts') ?? '')?.event;
  if (target?.type === 'm.room.create') throw forbidden('Redacting create events is not permitted');
  if (target && target.sender !== draft.sender)
    demandLevel(room, draft.sender, levelFor(room, 'redact', 50));
}

/**
 * The position up to which the user may read the room: no end for members, the leaving for who has
 * been one. Throws M_FORBIDDEN for everybody else.
 */
export function readableUntil(room: Room, userId: string): number {
  const own = room.memberEntry(userId);
  if (membershipIn(own?.event) === 'join') return Number.POSITIVE_INFINITY;
  if (own && membershipIn(own.replaces) === 'join') return own.position;
  throw forbidden(`User ${userId} not in room, and room previews are disabled`);
}

const banned = (what: string) =>
  matrixError(403, 'M_BAD_STATE', `Cannot ${what} user who was banned`);

export function demandMember(room: Room, userId: string): void {
  if (membershipIn(room.memberEntry(userId)?.event) !== 'join')
    throw forbidden(`User ${userId} not in room ${room.id}`);
}

function demandLevel(room: Room, userId: string, needed: number): void {
  const level = levelOf(room, userId);
  if (level < needed)
    throw forbidden(`You don't have permission to post that to the room. ${level} < ${needed}`);
}

const levels = (room: Room) => room.stateEvent('m.room.power_levels')?.content ?? {};

const levelFor = (room: Room, act: string, fallback: number): number =>
  numberAt(levels(room), act) ?? fallback;

const levelOf = (room: Room, userId: string): number =>
  numberAt(objectAt(levels(room), 'users'), userId) ?? levelFor(room, 'users_default', 0);

function levelToSend(room: Room, { type, state_key }: Draft): number {
  const byKind =
    state_key === undefined
      ? levelFor(room, 'events_default', 0)
      : levelFor(room, 'state_default', 50);
  return numberAt(objectAt(levels(room), 'events'), type) ?? byKind;
}
