/**
 * Keeps the card of each request up to date: one message, edited in place. In between, only the newest
 * state counts and edits are spaced out; the last word is always delivered.
 */

import type { EventId, RequestId, RoomId } from '../base/ids.ts';
import { type Block, renderBlocks } from '../output/block.ts';
import type { Chat, Clock, State } from '../ports.ts';

/** A run that prints or ends this soon is shown once, not as a card and an edit. */
const SETTLING_MS = 15;
const QUIET_MS = 400;

export interface Place {
  readonly id: RequestId;
  readonly room: RoomId;
  readonly thread: EventId;
}

export interface Face {
  readonly blocks: readonly Block[];
  /** There is something to see that a person waits for. */
  readonly lively: boolean;
}

export interface Attachment {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface Cards {
  /** Shows this state of the card some time soon, unless a newer one comes. */
  update(place: Place, face: Face): void;
  /** The last word. Resolves once the room has it and nothing is owed any more. */
  finish(place: Place, blocks: readonly Block[], attachment?: Attachment): Promise<void>;
}

interface Card {
  event: EventId | undefined;
  edits: number;
  firstAt: number;
  sentAt: number;
  pending: Face | undefined;
  sending: Promise<void>;
  cancelTimer: (() => void) | undefined;
}

export interface CardParts {
  readonly chat: Chat;
  readonly state: State;
  readonly clock: Clock;
  /** A send that failed for good, or was cut off by the shutdown. */
  readonly onFailure: (error: unknown) => void;
}

export function openCards({ chat, state, clock, onFailure }: CardParts): Cards {
  const cards = new Map<RequestId, Card>();
  const cardOf = ({ id }: Place): Card => {
    const known = cards.get(id);
    if (known) return known;
    const event = state.owed().find(([owed]) => owed === id)?.[1] as EventId | undefined;
    const card: Card = {
      event,
      edits: 0,
      firstAt: clock.now(),
      sentAt: -Infinity,
      pending: undefined,
      sending: Promise.resolve(),
      cancelTimer: undefined,
    };
    cards.set(id, card);
    return card;
  };

  const send = async (place: Place, card: Card, blocks: readonly Block[], key: string) => {
    const body = renderBlocks(blocks);
    const { room, thread } = place;
    const replaces = card.event === undefined ? {} : { replaces: card.event };
    card.sentAt = clock.now();
    const event = await chat.post({ room, thread, key: `${place.id}/${key}`, body, ...replaces });
    if (card.event !== undefined) return;
    card.event = event;
    await state.owe(place.id, event);
  };

  const sendPending = (place: Place, card: Card): void => {
    card.cancelTimer = undefined;
    card.sending = card.sending
      .then(async () => {
        const face = card.pending;
        card.pending = undefined;
        if (!face) return;
        await send(
          place,
          card,
          face.blocks,
          card.event === undefined ? 'card' : `edit/${++card.edits}`,
        );
      })
      .catch(onFailure);
  };

  return {
    update(place, face) {
      const card = cardOf(place);
      const livelier = face.lively && !card.pending?.lively && card.event === undefined;
      card.pending = face;
      if (card.cancelTimer && !livelier) return;
      card.cancelTimer?.();
      card.cancelTimer = clock.after(delayOf(card, face, clock.now()), () =>
        sendPending(place, card),
      );
    },
    async finish(place, blocks, attachment) {
      const card = cardOf(place);
      card.cancelTimer?.();
      card.pending = undefined;
      await card.sending;
      // Without a card yet, the last word is the card: same key, so that a crash in between makes one.
      await send(place, card, blocks, card.event === undefined ? 'card' : 'end');
      if (attachment) {
        const { room, thread } = place;
        const body = renderBlocks([]);
        await chat.post({ room, thread, key: `${place.id}/file`, body, file: attachment });
      }
      cards.delete(place.id);
      await state.settle(place.id);
    },
  };
}

/** Before the first message, a moment; after it, longer the longer the run goes on. */
function delayOf(card: Card, face: Face, now: number): number {
  if (card.event === undefined && card.sentAt === -Infinity)
    return face.lively ? SETTLING_MS : QUIET_MS;
  const age = now - card.firstAt;
  const spacing = age < 30_000 ? 1000 : age < 300_000 ? 2000 : 5000;
  return Math.max(0, card.sentAt + spacing - now);
}
