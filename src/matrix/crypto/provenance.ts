/** What a decryption proves, put together with what is known of the sender right now. */
import * as wasm from '@matrix-org/matrix-sdk-crypto-wasm';
import { parseDeviceId, type UserId } from '../../base/ids.ts';
import type { SenderDevice, SenderIdentity, Undecryptable } from '../../trust/sighting.ts';
import { readMessageIndex } from './megolm.ts';

/** An event of type m.room.encrypted with Megolm content; checked by events.ts. */
export interface RawEncrypted {
  readonly sender: UserId;
  readonly content: { readonly session_id: string; readonly ciphertext: string };
}

export interface Decrypted {
  readonly kind: 'decrypted';
  readonly type: string;
  readonly content: unknown;
  readonly session: string;
  readonly index: number;
  readonly senderKey: string;
  readonly forwarded: boolean;
  readonly device: SenderDevice | undefined;
  readonly identity: SenderIdentity | undefined;
}

export type Decryption =
  | Decrypted
  | { readonly kind: 'undecryptable'; readonly because: Undecryptable; readonly session: string };

export async function describeDecrypted(
  machine: wasm.OlmMachine,
  event: RawEncrypted,
  result: wasm.DecryptedRoomEvent,
): Promise<Decryption> {
  const clear = JSON.parse(result.event) as { type?: unknown; content?: unknown };
  const index = readMessageIndex(event.content.ciphertext);
  const { session_id: session } = event.content;
  if (index === undefined || typeof clear.type !== 'string')
    return { kind: 'undecryptable', because: 'damaged', session };
  return {
    kind: 'decrypted',
    type: clear.type,
    content: clear.content,
    session,
    index,
    senderKey: result.senderCurve25519Key,
    forwarded: result.forwarder !== undefined,
    device: await liveDevice(machine, event.sender, result.senderDevice),
    identity: await liveIdentity(machine, event.sender),
  };
}

export async function liveDevice(
  machine: wasm.OlmMachine,
  user: UserId,
  id: wasm.DeviceId | undefined,
): Promise<SenderDevice | undefined> {
  if (!id) return undefined;
  using device = await machine.getDevice(new wasm.UserId(user), id);
  // The id was chosen by whoever logged in: one that cannot be shown is not known.
  const name = parseDeviceId(id.toString());
  const key = device?.curve25519Key?.toBase64();
  if (!device || !name.ok || key === undefined) return undefined;
  const { value } = name;
  return {
    id: value,
    key,
    crossSigned: device.isCrossSignedByOwner(),
    deleted: device.isDeleted(),
  };
}

export async function liveIdentity(
  machine: wasm.OlmMachine,
  user: UserId,
): Promise<SenderIdentity | undefined> {
  using identity = await machine.getIdentity(new wasm.UserId(user));
  const masterKey = identity && masterKeyOf(identity.masterKey);
  if (!identity || masterKey === undefined) return undefined;
  const changed =
    identity.hasVerificationViolation() ||
    (identity instanceof wasm.OtherUserIdentity && identity.identityNeedsUserApproval());
  return { masterKey, changed };
}

/**
 * The public key out of a cross-signing key object. One that lists several is no identity: which of
 * them was checked, and which would be compared with the pin?
 */
export function masterKeyOf(json: string): string | undefined {
  const { keys } = JSON.parse(json) as { readonly keys: Readonly<Record<string, string>> };
  const [only, ...more] = Object.entries(keys);
  return only && more.length === 0 && only[0] === `ed25519:${only[1]}` ? only[1] : undefined;
}

export function reasonOf(error: unknown): Undecryptable {
  if (!(error instanceof wasm.MegolmDecryptionError)) throw error;
  switch (error.code) {
    case wasm.DecryptionErrorCode.MissingRoomKey:
    case wasm.DecryptionErrorCode.UnknownMessageIndex:
      return 'missing_key';
    case wasm.DecryptionErrorCode.UnsignedSenderDevice:
      return 'unsigned_device';
    case wasm.DecryptionErrorCode.UnknownSenderDevice:
      return 'unknown_device';
    case wasm.DecryptionErrorCode.MismatchedSender:
    case wasm.DecryptionErrorCode.MismatchedIdentityKeys:
      return 'sender_mismatch';
    case wasm.DecryptionErrorCode.SenderIdentityVerificationViolation:
      return 'identity_violation';
    default:
      return 'damaged';
  }
}
