/** What a decryption proves, put together with what is known of the sender right now. */
import * as wasm from '@matrix-org/matrix-sdk-crypto-wasm';
import type { DeviceId, UserId } from '../../base/ids.ts';
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

async function liveDevice(
  machine: wasm.OlmMachine,
  user: UserId,
  id: wasm.DeviceId | undefined,
): Promise<SenderDevice | undefined> {
  if (!id) return undefined;
  using device = await machine.getDevice(new wasm.UserId(user), id);
  if (!device) return undefined;
  return {
    id: id.toString() as DeviceId,
    key: device.curve25519Key?.toBase64() ?? '',
    crossSigned: device.isCrossSignedByOwner(),
    deleted: device.isDeleted(),
  };
}

export async function liveIdentity(
  machine: wasm.OlmMachine,
  user: UserId,
): Promise<SenderIdentity | undefined> {
  using identity = await machine.getIdentity(new wasm.UserId(user));
  if (!identity) return undefined;
  const changed =
    identity.hasVerificationViolation() ||
    (identity instanceof wasm.OtherUserIdentity && identity.identityNeedsUserApproval());
  return { masterKey: masterKeyOf(identity.masterKey), changed };
}

/** The public key out of a cross-signing key object, which holds exactly one. */
export function masterKeyOf(json: string): string {
  const { keys } = JSON.parse(json) as { keys: Record<string, string> };
  return Object.values(keys)[0] ?? '';
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
