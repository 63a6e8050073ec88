/**
 * To-device messages. A message stays in a device's inbox until the device syncs with a token at or
 * after it: a reply that was lost on the way costs nothing.
 */
import type { Device } from './accounts.ts';
import { isObject, type JsonObject, objectsIn } from './json.ts';
import type { State } from './state.ts';

export interface ToDevice {
  readonly sender: string;
  readonly type: string;
  /**
   * User id → device id → content. Unknown ones are ignored. `*` is all of the user's devices, but as
   * in Synapse only when it stands alone.
   */
  readonly messages: JsonObject;
}

export function sendToDevices({ accounts, stream }: State, sent: ToDevice): void {
  for (const [userId, byDevice] of objectsIn(sent.messages)) {
    const toAll = Object.keys(byDevice).join() === '*' ? byDevice['*'] : undefined;
    for (const device of accounts.at(userId)?.devices.values() ?? []) {
      const content = toAll ?? byDevice[device.id];
      if (!isObject(content)) continue;
      const message = { sender: sent.sender, type: sent.type, content };
      device.inbox.push({ position: stream.advance(), message });
    }
  }
}

/** Forgets what the device says it has got. */
export function acknowledgeInbox({ inbox }: Device, since: number): void {
  const kept = inbox.filter(({ position }) => position > since);
  inbox.splice(0, inbox.length, ...kept);
}
