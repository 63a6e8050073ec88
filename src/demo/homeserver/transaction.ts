/**
 * Requests with a transaction id happen once: a repeated one is answered as the first was. Synapse
 * counts by device, not by access token, and so does the specification since v1.7; the path names
 * the endpoint, the room and the id.
 */
import type { Json } from '../../base/bytes.ts';
import type { Device } from './accounts.ts';

/** A request that threw left no trace and may be tried again. */
export function once(device: Device, path: string, act: () => Json): Json {
  const before = device.transactions.get(path);
  if (before !== undefined) return before;
  const answer = act();
  device.transactions.set(path, answer);
  return answer;
}
