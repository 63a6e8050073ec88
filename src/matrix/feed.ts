/**
 * A sync response → sightings, in the order of the timeline. Messages whose key has not come yet wait
 * for it a short while: the homeserver may deliver the two in either order. What has the signature of
 * one that waits, waits behind it: refused first, a copy would have the original refused as well.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { Fatal } from '../base/errors.ts';
import type { Instant, RoomId, UserId } from '../base/ids.ts';
import type { Clock, Log } from '../ports.ts';
import { ownerOf, type Register } from '../trust/judge.ts';
import type { Seen, Sighting } from '../trust/sighting.ts';
import { fetchGap, type Gap } from './backfill.ts';
import type { SyncClient } from './client.ts';
import type { Crypto } from './crypto/device.ts';
import { describeCiphertext, readMessageIndex } from './crypto/megolm.ts';
import {
  type Fields,
  fieldsOf,
  parseMessage,
  type Sync,
  type TimelineEvent,
  text,
  threadOf,
} from './events.ts';
import type { Members } from './members.ts';

/** How long a message waits for its key. */
const PATIENCE_MS = 10_000;
/** Of all accounts that the policy names; the others have places of their own, and cannot take these. */
const MAX_WAITING = 100;
const MAX_WAITING_OF_STRANGERS = 50;
const MAX_WAITING_OF_ONE = 20;
const MAX_WAITING_WITH_COPIES = 1000;

interface Waiting {
  readonly room: RoomId;
  readonly event: TimelineEvent;
  readonly when: Sighting['when'];
  readonly untilAt: Instant;
  /** The position before the sync that it came with. */
  readonly since: string | undefined;
}

/** `signature`: as in Ciphertext. */
type Held = Waiting & { readonly signature: string };
type Later = { readonly kind: 'later'; readonly signature: string };

export interface FeedParts {
  readonly client: Pick<SyncClient, 'tryGet'>;
  readonly crypto: Pick<Crypto, 'receive' | 'decrypt' | 'hearVerification'>;
  readonly members: Pick<Members, 'forget'>;
  readonly register: () => Register;
  readonly clock: Clock;
  readonly log: Log;
  /** Resolves once what became of the sighting is durable. */
  readonly hear: (sighting: Sighting) => Promise<void>;
}

export interface Feed {
  /** `since`: the position of the sync before, if there was one. */
  handle(sync: Sync, when: Sighting['when'], since?: string): Promise<void>;
  /**
   * The last position before which nothing waits for its key, if there is one. `token`: the position of
   * the sync that was handled last.
   */
  heardUpTo(token: string): string | undefined;
}

export function openFeed({ client, crypto, members, register, clock, log, hear }: FeedParts): Feed {
  let waiting: readonly Held[] = [];
  /** When the sync came that is handled: the same moment for all that is in it. */
  let cameAt: Instant = 0;
  const rooms = new Set<RoomId>();

  const handle: Feed['handle'] = async (sync, when, since) => {
    await crypto.receive(sync.keys);
    for (const { room, membersChanged } of sync.joined) if (membersChanged) members.forget(room);
    cameAt = clock.now();
    const again = waiting;
    waiting = [];
    for (const one of again) await look(one);
    const untilAt = cameAt + PATIENCE_MS;
    for (const { room, events, gapBefore } of sync.joined) {
      const arrival = rooms.has(room)
        ? -1
        : events.findLastIndex((e) => isJoinOf(e, register().bot));
      rooms.add(room);
      if (!register().rooms.has(room) && ownerOf(room, register()) === undefined) continue;
      if (gapBefore !== undefined && since !== undefined && arrival < 0)
        await fillGap({ room, before: gapBefore, after: since }, { untilAt, since });
      for (const [index, event] of events.entries())
        await look({ room, event, when: index < arrival ? 'history' : when, untilAt, since });
    }
  };

  /** What has to be asked for may be of any age: it is answered, never run. */
  const fillGap = async (gap: Gap, came: Pick<Waiting, 'untilAt' | 'since'>): Promise<void> => {
    try {
      const { events, complete } = await fetchGap(client, gap);
      log.warn({ room: gap.room, events: events.length, complete }, 'fetched what a sync left out');
      for (const event of events) await look({ room: gap.room, event, when: 'missed', ...came });
    } catch (error) {
      if (error instanceof Fatal) throw error;
      log.warn({ room: gap.room, error }, 'a sync left something out, and it cannot be fetched');
    }
  };

  const look = async (one: Waiting): Promise<void> => {
    const { room, event, when } = one;
    await turn(); // however many events come at once, timers run in between
    if (event.type === 'm.room.tombstone')
      log.warn({ room }, 'the room was upgraded; I do not follow: name the new room in the policy');
    const seen = await see(one);
    if (seen?.kind === 'later') waiting = [...waiting, { ...one, signature: seen.signature }];
    else if (seen)
      await hear({
        room,
        event: event.event,
        sender: event.sender,
        thread: threadOf(event),
        when,
        seen,
      });
  };

  const see = async (one: Waiting): Promise<Seen | Later | undefined> => {
    const { room, event } = one;
    if (event.sender === register().bot || event.stateKey !== undefined) return undefined;
    if (event.type !== 'm.room.encrypted') {
      // Unencrypted is how most clients verify in a room: what is compared shows who is in between.
      verify(one, event.type, event.content);
      const message = parseMessage(event.type, event.content);
      return message && { kind: 'clear', message };
    }
    const sealed = megolmContent(event);
    if (!sealed) return undefined;
    const ciphertext = describeCiphertext(sealed.ciphertext);
    const later: Later = { kind: 'later', signature: ciphertext.signature };
    const alike = waiting.filter(({ signature }) => signature === later.signature);
    if (alike.length > 0) {
      // The first copy from each account waits even over the limit: it may be the original.
      const isFirst = !alike.some((other) => other.event.sender === event.sender);
      if (mayWait(one) || (isFirst && waiting.length < MAX_WAITING_WITH_COPIES)) return later;
      log.warn({ room, sender: event.sender }, 'passed over a copy of a message that waits');
      return undefined;
    }
    const result = await crypto.decrypt({ ...rawOf(event), content: sealed }, room);
    if (result.kind === 'undecryptable')
      return result.because === 'missing_key' && mayWait(one)
        ? later
        : { ...result, index: readMessageIndex(sealed.ciphertext), ciphertext };
    const { type, content: clear, kind: _, ...from } = result;
    // The relation stands outside the ciphertext; an edit says so inside as well, so look at both.
    const relates = fieldsOf(event.content)['m.relates_to'];
    const content = { 'm.relates_to': relates, ...fieldsOf(clear) };
    verify(one, type, content);
    const message = parseMessage(type, fieldsOf(clear), relates);
    return message && { kind: 'decrypted', message, from: { ...from, ciphertext } };
  };

  const verify = ({ room, event: from, when }: Waiting, type: string, content: Fields): void => {
    const { event, sender } = from;
    if (when === 'live' && isVerification(type, content))
      crypto.hearVerification({ room, event, sender, type, content });
  };

  const isStranger = ({ event }: Waiting): boolean => !register().accounts.has(event.sender);

  /** However much one account sends, or all strangers do, there is space for what others wait for. */
  const mayWait = (one: Waiting): boolean => {
    const ofStranger = isStranger(one);
    const alike = waiting.filter((other) => isStranger(other) === ofStranger);
    const ofSender = alike.filter(({ event }) => event.sender === one.event.sender);
    return (
      cameAt < one.untilAt &&
      alike.length < (ofStranger ? MAX_WAITING_OF_STRANGERS : MAX_WAITING) &&
      ofSender.length < MAX_WAITING_OF_ONE
    );
  };

  return { handle, heardUpTo: (token) => (waiting[0] ? waiting[0].since : token) };
}

/** What stands before our own arrival in a room was not said to us. */
const isJoinOf = ({ type, stateKey, content }: TimelineEvent, user: UserId): boolean =>
  type === 'm.room.member' && stateKey === user && content['membership'] === 'join';

/** As the crate needs it; what else the homeserver wrote into it does not get that far. */
const rawOf = ({ event, sender, type }: TimelineEvent) => ({
  event_id: event,
  sender,
  type,
  origin_server_ts: 0, // the homeserver's word, needed by the parser and used for nothing
});

const isVerification = (type: string, content: Fields): boolean =>
  type.startsWith('m.key.verification.') ||
  (type === 'm.room.message' && content['msgtype'] === 'm.key.verification.request');

/** More than an event can hold. */
const MAX_CIPHERTEXT_LENGTH = 100_000;
/** An Ed25519 public key, which is what names a Megolm session. */
const SESSION_ID = /^[A-Za-z0-9+/]{43}$/;

/** What no client of anybody's can have sent is passed over. */
function megolmContent({ content }: TimelineEvent) {
  const { algorithm } = content;
  const [session_id, ciphertext] = [text(content['session_id']), text(content['ciphertext'])];
  return algorithm === 'm.megolm.v1.aes-sha2' &&
    SESSION_ID.test(session_id) &&
    ciphertext.length <= MAX_CIPHERTEXT_LENGTH
    ? { algorithm, session_id, ciphertext }
    : undefined;
}
