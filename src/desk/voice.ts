/** Says something once, in a thread, and knows when everything that was to be said has been. */
import type { EventId, RoomId } from '../base/ids.ts';
import { type Block, renderBlocks } from '../output/block.ts';
import type { Chat, Log } from '../ports.ts';

export interface Addressee {
  readonly room: RoomId;
  readonly thread: EventId;
  /** What is being answered: one answer per event, however often it is attempted. */
  readonly event: EventId;
}

export interface Voice {
  /** Does not wait for the room. */
  say(to: Addressee, blocks: readonly Block[]): void;
  /** Resolves once everything said so far has reached the room, or has failed for good. */
  settled(): Promise<void>;
}

export function openVoice(chat: Chat, log: Log): Voice {
  const saying = new Set<Promise<void>>();
  return {
    say({ room, thread, event }, blocks) {
      const said: Promise<void> = chat
        .post({ room, thread, key: `${event}/answer`, body: renderBlocks(blocks) })
        .then(
          () => {},
          (error: unknown) => log.warn({ error, event }, 'an answer was not delivered'),
        )
        .finally(() => saying.delete(said));
      saying.add(said);
    },
    settled: async () => void (await Promise.all(saying)),
  };
}
