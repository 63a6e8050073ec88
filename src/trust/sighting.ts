/**
 * What the chat adapter saw, before anybody decided what it means.
 *
 * Trust marks: `room`, `event`, `sender`, `thread` and everything under `clear` are the homeserver's
 * word. What stands under `decrypted` came out of a Megolm ciphertext, except `message.relation`
 * and the key of a reaction in `message.shown`, which Matrix keeps outside of it.
 */
import type { DeviceId, EventId, RoomId, UserId } from '../base/ids.ts';

export interface Message {
  /** A plain text message; all others (a notice, a caption, an emote) may not be commands. */
  readonly isText: boolean;
  readonly text: string;
  /** Every text that some client may show of it; none is empty. */
  readonly shown: readonly string[];
  /** Outside the ciphertext: good enough to refuse by, never to act by. */
  readonly relation: 'none' | 'thread' | 'reply' | 'edit';
  /** The accounts that the message says it mentions. */
  readonly mentions: readonly string[];
  /** The link to an account with which it begins, and the text that stands for it. */
  readonly link: { readonly user: UserId; readonly text: string } | undefined;
}

/** The live device that owns the session, as the crypto store knows it now. */
export interface SenderDevice {
  readonly id: DeviceId;
  /** Its Curve25519 identity key, base64. */
  readonly key: string;
  readonly crossSigned: boolean;
  readonly deleted: boolean;
}

/** The sender's cross-signing identity as it is now. */
export interface SenderIdentity {
  /** The public Ed25519 master key, unpadded base64. */
  readonly masterKey: string;
  /** It is not the one that was first seen for this account, and nobody has approved that. */
  readonly changed: boolean;
}

/** A ciphertext seen from outside, as hashes: the same for every base64 spelling of it. */
export interface Ciphertext {
  /** Of the signature. Nobody can make it before the sender does. */
  readonly signature: string;
  /** Of the end of the encrypted text. Who has the key of the session can make it. */
  readonly text: string;
}

/** What a decryption proves about where a message came from. */
export interface Provenance {
  /** The Megolm session, and the position in it that this ciphertext spends. */
  readonly session: string;
  readonly index: number;
  readonly ciphertext: Ciphertext;
  /** The Curve25519 key of the device that made the session. */
  readonly senderKey: string;
  /** The session key was handed on by somebody else than the device that made it. */
  readonly forwarded: boolean;
  readonly device: SenderDevice | undefined;
  readonly identity: SenderIdentity | undefined;
}

export type Undecryptable =
  | 'missing_key'
  | 'unsigned_device'
  | 'unknown_device'
  | 'sender_mismatch'
  | 'identity_violation'
  | 'damaged';

export type Seen =
  | { readonly kind: 'clear'; readonly message: Message }
  | {
      readonly kind: 'undecryptable';
      readonly because: Undecryptable;
      /** Which session it says that it belongs to, and which position of it where that can be read. */
      readonly session: string;
      readonly index: number | undefined;
      readonly ciphertext: Ciphertext;
    }
  | { readonly kind: 'decrypted'; readonly message: Message; readonly from: Provenance };

export interface Sighting {
  readonly room: RoomId;
  readonly event: EventId;
  readonly sender: UserId;
  /** The event under which an answer is shown. */
  readonly thread: EventId;
  /**
   * `missed`: delivered by the first sync of this process, sent while it was away; `history`: the same,
   * with no earlier position to go on from. Both may be of any age.
   */
  readonly when: 'live' | 'missed' | 'history';
  readonly seen: Seen;
}
