/**
 * What a homeserver hands us → our own types, field by field. Everything here is attacker-chosen: what
 * does not have the shape of what we know is dropped, and nothing is taken over that is not named.
 */
import {
  type EventId,
  parseEventId,
  parseRoomId,
  parseUserId,
  type RoomId,
  type UserId,
} from '../base/ids.ts';
import type { Message } from '../trust/sighting.ts';
import type { SyncKeys } from './crypto/device.ts';
import { leadingLink } from './mention.ts';
import { shownOf } from './shown.ts';

export type Fields = Readonly<Record<string, unknown>>;

export interface TimelineEvent {
  readonly type: string;
  readonly event: EventId;
  readonly sender: UserId;
  readonly stateKey: string | undefined;
  readonly content: Fields;
}

export interface JoinedRoom {
  readonly room: RoomId;
  readonly events: readonly TimelineEvent[];
  /** More was said since the last sync than is given here: where to page back from. */
  readonly gapBefore: string | undefined;
  /** Somebody's membership changed, or may have, so the list of members has to be fetched anew. */
  readonly membersChanged: boolean;
  /** Some of its state is another one, or may be. */
  readonly stateChanged: boolean;
}

export interface Invite {
  readonly room: RoomId;
  readonly from: UserId | undefined;
}

export interface Sync {
  readonly keys: SyncKeys;
  readonly joined: readonly JoinedRoom[];
  readonly invites: readonly Invite[];
}

export function parseSync(raw: unknown): Sync {
  const sync = fieldsOf(raw);
  const rooms = fieldsOf(sync['rooms']);
  return {
    keys: parseKeys(sync),
    joined: parseRooms(rooms['join'], parseJoined),
    invites: parseRooms(rooms['invite'], parseInvite),
  };
}

function parseKeys(sync: Fields): SyncKeys {
  const lists = fieldsOf(sync['device_lists']);
  const counts = Object.entries(fieldsOf(sync['device_one_time_keys_count']));
  const toDevice = listOf(fieldsOf(sync['to_device'])['events']).filter(
    (event) =>
      typeof fieldsOf(event)['type'] === 'string' &&
      parseUserId(text(fieldsOf(event)['sender'])).ok &&
      isFields(fieldsOf(event)['content']),
  );
  return {
    toDevice: toDevice as object[],
    changed: usersIn(lists['changed']),
    left: usersIn(lists['left']),
    oneTimeKeyCounts: new Map(
      counts.filter((pair): pair is [string, number] => Number.isSafeInteger(pair[1])),
    ),
    unusedFallbackKeys: new Set(
      listOf(sync['device_unused_fallback_key_types']).filter((t) => typeof t === 'string'),
    ),
  };
}

function parseRooms<T>(raw: unknown, parse: (room: RoomId, fields: Fields) => T): T[] {
  return Object.entries(fieldsOf(raw)).flatMap(([id, value]) => {
    const room = parseRoomId(id);
    return room.ok ? [parse(room.value, fieldsOf(value))] : [];
  });
}

function parseJoined(room: RoomId, fields: Fields): JoinedRoom {
  const timeline = fieldsOf(fields['timeline']);
  const events = parseEvents(timeline['events']);
  const state = parseEvents(fieldsOf(fields['state'])['events']);
  const limited = timeline['limited'] === true;
  const all = [...state, ...events];
  const membersChanged = limited || all.some((e) => e.type === 'm.room.member');
  const stateChanged = limited || all.some((e) => e.stateKey !== undefined);
  const gapBefore = limited ? parseToken(timeline['prev_batch']) : undefined;
  return { room, events, gapBefore, membersChanged, stateChanged };
}

/** A place in a timeline, by the name that the homeserver gives it; it goes back as part of an address. */
export const parseToken = (raw: unknown): string | undefined =>
  typeof raw === 'string' && raw !== '' && raw.length <= 4000 ? raw : undefined;

/** Who invited us: the sender of the event that made us invited, as far as the homeserver says. */
function parseInvite(room: RoomId, fields: Fields): Invite {
  const events = listOf(fieldsOf(fields['invite_state'])['events']).map(fieldsOf);
  const invite = events.findLast(
    (e) => e['type'] === 'm.room.member' && fieldsOf(e['content'])['membership'] === 'invite',
  );
  const from = parseUserId(text(invite?.['sender']));
  return { room, from: from.ok ? from.value : undefined };
}

/** Those of a list that are events. */
export const parseEvents = (raw: unknown): readonly TimelineEvent[] =>
  listOf(raw).flatMap(parseEvent);

function parseEvent(raw: unknown): TimelineEvent[] {
  const { type, event_id, sender, state_key, content } = fieldsOf(raw);
  const event = parseEventId(text(event_id));
  const user = parseUserId(text(sender));
  if (typeof type !== 'string' || !event.ok || !user.ok) return [];
  return [
    {
      type,
      event: event.value,
      sender: user.value,
      stateKey: typeof state_key === 'string' ? state_key : undefined,
      content: fieldsOf(content),
    },
  ];
}

/** A key that somebody reacts with. */
const MAX_KEY_LENGTH = 50;

/**
 * What somebody has said, with half characters replaced; undefined where it says nothing. The homeserver
 * chooses `outerRelation`, which stands beside a ciphertext: it says what is edited or answered where the
 * content does not. Nothing of it counts as shown except the key of a reaction.
 */
export function parseMessage(
  type: string,
  content: unknown,
  outerRelation?: unknown,
): Message | undefined {
  const fields = fieldsOf(content);
  const msgtype = fields['msgtype'];
  if (type.startsWith('m.key.verification.') || msgtype === 'm.key.verification.request')
    return undefined;
  const outer = 'm.relates_to' in fields ? {} : fieldsOf(outerRelation);
  const key = type === 'm.reaction' ? text(outer['key']) : '';
  const shown = shownOf([fields, key.length <= MAX_KEY_LENGTH ? key : '']);
  if (shown.length === 0) return undefined;
  const relation = relationOf({ 'm.relates_to': outer, ...fields });
  return {
    isText: type === 'm.room.message' && msgtype === 'm.text' && typeof fields['body'] === 'string',
    text: withoutFallback(fields, relation, text(fields['body'])).toWellFormed(),
    shown,
    relation,
    mentions: listOf(fieldsOf(fields['m.mentions'])['user_ids']).filter(
      (u) => typeof u === 'string',
    ),
    link: leadingLink(text(fields['formatted_body'])),
  };
}

/** What was typed, without what clients put before it for those that know no edits or replies. */
function withoutFallback(content: Fields, relation: Message['relation'], body: string): string {
  if (relation === 'edit') return text(fieldsOf(content['m.new_content'])['body']) || body;
  return relation === 'reply' ? body.replace(/^(?:> [^\n]*\n)+\n/, '') : body;
}

function relationOf(content: Fields): Message['relation'] {
  const relation = fieldsOf(content['m.relates_to']);
  if ('m.new_content' in content || relation['rel_type'] === 'm.replace') return 'edit';
  // In a thread, clients that know none are given a reply to fall back on; that one is no reply.
  if (relation['rel_type'] === 'm.thread')
    return 'm.in_reply_to' in relation && relation['is_falling_back'] !== true ? 'reply' : 'thread';
  return 'm.in_reply_to' in relation ? 'reply' : 'none';
}

/**
 * Where an answer to this event is shown: its thread, or a new one under it; for an edit, under what it
 * edits, since no thread can hang on an edit.
 */
export function threadOf({ event, content }: TimelineEvent): EventId {
  const relation = fieldsOf(content['m.relates_to']);
  const target = parseEventId(text(relation['event_id']));
  const isElsewhere = relation['rel_type'] === 'm.thread' || relation['rel_type'] === 'm.replace';
  return isElsewhere && target.ok ? target.value : event;
}

export const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});
export const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const usersIn = (value: unknown): UserId[] =>
  listOf(value).flatMap((entry) => {
    const user = parseUserId(text(entry));
    return user.ok ? [user.value] : [];
  });
