/** Answers to `sync`: what one device has not heard yet, at once or as soon as there is something. */
import { deviceListsSince, formatDeviceLists } from './device-lists.ts';
import { acknowledgeInbox } from './inbox.ts';
import type { JsonObject } from './json.ts';
import { countOneTimeKeys, unusedFallbackKeys } from './keys.ts';
import type { State } from './state.ts';
import { formatToken } from './stream.ts';
import { type Reader, syncRooms } from './sync-rooms.ts';

export interface Poll {
  /** How long to wait for something to say; an initial sync never waits. */
  readonly timeoutMs: number;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
}

export async function poll(state: State, reader: Reader, wait: Poll): Promise<JsonObject> {
  const until = Date.now() + wait.timeoutMs;
  acknowledgeInbox(reader.device, reader.since ?? 0);
  for (let over = reader.since === undefined; ; ) {
    // Position and news are read in one go: what happens later is after the token, never lost.
    const position = state.stream.position;
    const news = newsFor(state, reader);
    const leftMs = until - Date.now();
    if (over || leftMs <= 0 || Object.keys(news).length > 0)
      return { next_batch: formatToken(position), ...formatKeyCounts(reader), ...news };
    over = (await state.stream.pause(leftMs, wait.signal)) === 'over';
  }
}

/** The sections of a sync answer that have something in them; none: no reason to wake anybody. */
function newsFor(state: State, reader: Reader): JsonObject {
  const { since, device } = reader;
  const accountData = device.account.accountData
    .filter(({ roomId, position }) => roomId === undefined && position > (since ?? 0))
    .map(({ type, content }) => ({ type, content }));
  const sections = {
    rooms: syncRooms(state, reader),
    to_device: formatEvents(device.inbox.map(({ message }) => message)),
    account_data: formatEvents(accountData),
    device_lists:
      since === undefined ? {} : formatDeviceLists(deviceListsSince(state, device.account, since)),
  };
  return Object.fromEntries(
    Object.entries(sections).filter(([, section]) => Object.keys(section).length > 0),
  );
}

const formatEvents = (events: readonly JsonObject[]): JsonObject =>
  events.length > 0 ? { events } : {};

/** In every answer: a client makes new keys when it sees them fall. */
const formatKeyCounts = ({ device }: Reader): JsonObject => ({
  device_one_time_keys_count: countOneTimeKeys(device),
  device_unused_fallback_key_types: unusedFallbackKeys(device),
});
