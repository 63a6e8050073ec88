/**
 * What a sync left out: when more was said in a room than one response holds, the homeserver sends the
 * end of it and a token to page back from.
 */
import type { RoomId } from '../base/ids.ts';
import type { SyncClient } from './client.ts';
import { fieldsOf, parseEvents, parseToken, type TimelineEvent } from './events.ts';

/** Ten pages; who was away for longer than that is told by the log of the daemon only. */
const MAX_PAGES = 10;
const PAGE = 100;

export interface Gap {
  readonly room: RoomId;
  /** Where the timeline that we were given begins. */
  readonly before: string;
  /** The position of the sync before. */
  readonly after: string;
}

/** The events in the gap, oldest first; `complete` is false when there were too many. */
export async function fetchGap(
  client: Pick<SyncClient, 'tryGet'>,
  { room, before, after }: Gap,
): Promise<{ readonly events: readonly TimelineEvent[]; readonly complete: boolean }> {
  const path = `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/messages`;
  const events: TimelineEvent[] = [];
  let from = before;
  for (let page = 0; page < MAX_PAGES; page++) {
    const query = { dir: 'b', from, to: after, limit: PAGE };
    const answer = fieldsOf(await client.tryGet(path, query));
    const chunk = parseEvents(answer['chunk']).slice(0, PAGE);
    events.push(...chunk);
    const end = parseToken(answer['end']);
    if (end === undefined || chunk.length === 0)
      return { events: events.toReversed(), complete: true };
    from = end;
  }
  return { events: events.toReversed(), complete: false };
}
