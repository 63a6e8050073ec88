/**
 * How a verification is asked for: by us, in a room that we share or on one of their devices; by
 * others, on ours.
 */
import * as wasm from '@matrix-org/matrix-sdk-crypto-wasm';
import { Fault } from '../../base/errors.ts';
import {
  type DeviceId,
  type EventId,
  parseDeviceId,
  parseUserId,
  type RoomId,
  type UserId,
} from '../../base/ids.ts';
import type { Calls } from './calls.ts';
import type { KeyExchange } from './exchange.ts';
import { SAS_ONLY } from './sas.ts';

/** Something to be said in a room, encrypted. */
export interface RoomMessage {
  readonly room: RoomId;
  readonly type: string;
  readonly content: object;
  /** The same key is the same event. */
  readonly key: string;
}

export interface AskParts {
  readonly machine: wasm.OlmMachine;
  readonly calls: Calls;
  readonly exchange: KeyExchange;
  readonly options: { readonly sendInRoom: (message: RoomMessage) => Promise<EventId> };
}

/** A request out of a message to this device: attacker-chosen, but for the sender if it was encrypted. */
export function parseDeviceRequest(message: wasm.ProcessedToDeviceEvent) {
  const { type, rawEvent } = message;
  const { Decrypted, PlainText } = wasm.ProcessedToDeviceEventType;
  if (type !== Decrypted && type !== PlainText) return undefined;
  const event = JSON.parse(rawEvent) as Readonly<Record<string, unknown>>;
  if (event['type'] !== 'm.key.verification.request') return undefined;
  const content = (event['content'] ?? {}) as { readonly transaction_id?: unknown };
  const { transaction_id: transaction } = content;
  const sender = parseUserId(String(event['sender']));
  return sender.ok && typeof transaction === 'string'
    ? { sender: sender.value, transaction }
    : undefined;
}

export async function askInRoom(
  parts: AskParts,
  user: UserId,
  room: RoomId,
): Promise<wasm.VerificationRequest> {
  const { calls, options } = parts;
  const asking = await calls.run(() =>
    withIdentity(parts, user, (identity) => identity.verificationRequestContent(SAS_ONLY())),
  );
  const content = { msgtype: 'm.key.verification.request', ...(JSON.parse(asking) as object) };
  const key = `verify/${user}/${Date.now()}`;
  const event = await options.sendInRoom({ room, type: 'm.room.message', content, key });
  return calls.run(() =>
    withIdentity(parts, user, (identity) => {
      using roomId = new wasm.RoomId(room);
      using eventId = new wasm.EventId(event);
      return identity.requestVerification(roomId, eventId, SAS_ONLY());
    }),
  );
}

async function withIdentity<T>(
  { machine }: AskParts,
  user: UserId,
  use: (identity: wasm.OtherUserIdentity) => T,
): Promise<T> {
  using userId = new wasm.UserId(user);
  using identity = await machine.getIdentity(userId);
  if (identity instanceof wasm.OtherUserIdentity) return use(identity);
  throw new Fault('identity_unknown', `${user} has no cross-signing identity`);
}

export async function askDevice(
  { machine, calls, exchange }: AskParts,
  user: UserId,
  id: DeviceId,
): Promise<wasm.VerificationRequest> {
  const [request, message] = await calls.run(async () => {
    using userId = new wasm.UserId(user);
    using deviceId = new wasm.DeviceId(id);
    using device = await machine.getDevice(userId, deviceId);
    if (!device) throw new Fault('verification_failed', `${user} has no device ${id}`);
    return device.requestVerification(SAS_ONLY());
  });
  await exchange.send(message);
  return request;
}

export async function onlyDeviceOf({ machine, calls }: AskParts, user: UserId): Promise<DeviceId> {
  const ids = await calls.run(async () => {
    using userId = new wasm.UserId(user);
    using devices = await machine.getUserDevices(userId);
    const signed = devices.devices().filter((device) => device.isCrossSignedByOwner());
    return signed.flatMap((device) => {
      const id = parseDeviceId(device.deviceId.toString());
      return id.ok ? [id.value] : [];
    });
  });
  const [only, ...more] = ids;
  if (only !== undefined && more.length === 0) return only;
  throw new Fault(
    'verification_failed',
    only === undefined
      ? `${user} has no cross-signed device`
      : `${user} is in no direct room with us and has several devices; name one: ${ids.join(' ')}`,
  );
}
