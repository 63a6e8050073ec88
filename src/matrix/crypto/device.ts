/**
 * Our end of the encryption: one device of one account, on the crate that Element runs. The only
 * folder that imports @matrix-org/matrix-sdk-crypto-wasm; nothing of it leaves it.
 *
 * What the crate asks of us, learnt the hard way: calls into the machine must not overlap; sharing a
 * room key and encrypting with it must not be interleaved with another send to a room; an exception in
 * a callback, a panic or a call that never settles leaves it broken, so each is fatal and the
 * supervisor starts us anew from the durable store.
 */
import * as wasm from '@matrix-org/matrix-sdk-crypto-wasm';
import type { Fault } from '../../base/errors.ts';
import type { DeviceId, RoomId, UserId } from '../../base/ids.ts';
import { openMutex } from '../../base/mutex.ts';
import type { SenderDevice, SenderIdentity, Undecryptable } from '../../trust/sighting.ts';
import { type Calls, openCalls } from './calls.ts';
import { KeyExchange } from './exchange.ts';
import {
  exportIdentity,
  isAsPinned,
  makeIdentity,
  type PrivateIdentity,
  readOwnIdentity,
  restoreIdentity,
} from './identity.ts';
import { encryptionSettings, openMachine, type SealedStore } from './machine.ts';
import {
  type Decryption,
  describeDecrypted,
  liveDevice,
  liveIdentity,
  type RawEncrypted,
  reasonOf,
} from './provenance.ts';
import type { KeyRequest } from './requests.ts';
import { SasVerifications } from './sas-verifications.ts';
import { toUserIds } from './user-ids.ts';
import {
  VERIFIES_NOBODY,
  type VerificationEvent,
  type VerificationOptions,
  type Verifications,
} from './verification.ts';

/** The encryption part of a sync response, as the homeserver sent it. */
export interface SyncKeys {
  readonly toDevice: readonly object[];
  readonly changed: readonly UserId[];
  readonly left: readonly UserId[];
  readonly oneTimeKeyCounts: ReadonlyMap<string, number>;
  readonly unusedFallbackKeys: ReadonlySet<string>;
}

export interface EncryptedFile {
  readonly bytes: Uint8Array;
  /** The `file` object of an event, but for its `url`. */
  readonly info: Readonly<Record<string, unknown>>;
}

export interface CryptoOptions {
  readonly user: UserId;
  readonly device: DeviceId;
  /** Without it everything is in memory, for throw-away clients. */
  readonly store?: SealedStore;
  /** Sends a request to the homeserver, for as long as it takes; resolves with the body, as JSON. */
  readonly send: (request: KeyRequest) => Promise<string>;
  /** The master key without which an account is sent nothing; undefined: whichever it has. */
  readonly pinOf?: (user: UserId) => string | undefined;
  /** Told of what the homeserver refused, where nothing else fails by it. It will be asked again. */
  readonly onRefused?: (refused: Fault) => void;
  /** Without it, nobody is answered who wants to verify us. */
  readonly verification?: VerificationOptions;
}

export interface Crypto {
  /** Takes in what a sync brought; durable when it resolves. */
  receive(keys: SyncKeys): Promise<void>;
  /** Sends what has to be sent for others to be able to encrypt for us. */
  drain(): Promise<void>;
  /** Keeps the devices and identities of these accounts up to date from now on. */
  track(users: readonly UserId[]): Promise<void>;
  /** A device of an account as it is now; undefined: there is none such. */
  deviceOf(user: UserId, device: DeviceId): Promise<SenderDevice | undefined>;
  /** The cross-signing identity of an account as it is now. */
  identityOf(user: UserId): Promise<SenderIdentity | undefined>;
  /**
   * Decrypts, and demands that the sending device is cross-signed by its owner (MSC4153). If that fails for
   * somebody whom the policy names, it takes a fresh look at their devices and tries again. The server of
   * a stranger can take ten seconds to answer, so nobody waits for it.
   */
  decrypt(event: RawEncrypted, room: RoomId): Promise<Decryption>;
  /**
   * Encrypts for the cross-signed devices of `members`, the content of an event of type
   * m.room.encrypted. Devices that their owner has not signed are told that they get nothing; whoever
   * goes by a pinned account under another identity is not even told.
   */
  encrypt(room: RoomId, members: readonly UserId[], type: string, content: object): Promise<object>;
  encryptFile(bytes: Uint8Array): EncryptedFile;
  /** The master key of our own identity, if this device holds its private part. */
  ownIdentity(): Promise<string | undefined>;
  /**
   * Makes a cross-signing identity for the account and signs this device with it. `upload` puts the
   * public keys on the homeserver, which may ask for the password. Rejects with Fault when any of it
   * is refused.
   */
  makeIdentity(upload: (body: string) => Promise<void>): Promise<void>;
  /** The private part of our own identity. Rejects with Fault when this device does not hold it. */
  exportIdentity(): Promise<PrivateIdentity>;
  /** Takes over the identity that the account has, and signs this device with it. Rejects with Fault. */
  restoreIdentity(keys: PrivateIdentity): Promise<void>;
  readonly verifications: Verifications;
  /** An event of a room that is about a verification; it says itself whether it is meant for us. */
  hearVerification(event: VerificationEvent): void;
  /** Resolves once the calls into the library that are waiting now are done. */
  turn(): Promise<void>;
  /** Resolves once nothing is under way any more; what comes later is refused. */
  close(): Promise<void>;
}

export async function openCrypto(options: CryptoOptions): Promise<Crypto> {
  await wasm.initAsync();
  const machine = await openMachine(options);
  // Keys come from the device that made them, when it sends the message; from nobody else, ever.
  machine.roomKeyRequestsEnabled = false;
  machine.roomKeyForwardingEnabled = false;
  return new CryptoDevice(machine, options);
}

class CryptoDevice implements Crypto {
  readonly #machine: wasm.OlmMachine;
  readonly #options: CryptoOptions;
  readonly #calls: Calls;
  readonly #exchange: KeyExchange;
  readonly #outbound = openMutex();
  readonly verifications: SasVerifications;

  constructor(machine: wasm.OlmMachine, options: CryptoOptions) {
    const { store, send, onRefused = () => {} } = options;
    this.#machine = machine;
    this.#calls = openCalls(store?.atomically ?? ((work) => work()));
    this.#options = options;
    this.#exchange = new KeyExchange({ machine, calls: this.#calls, send, onRefused });
    const verification = options.verification ?? VERIFIES_NOBODY;
    this.verifications = new SasVerifications({ ...this.#own, options: verification });
  }

  async receive(keys: SyncKeys): Promise<void> {
    const processed = await this.#calls.run(async () => {
      using lists = new wasm.DeviceLists(toUserIds(keys.changed), toUserIds(keys.left));
      return this.#machine.receiveSyncChanges(
        formatList(keys.toDevice),
        lists,
        new Map(keys.oneTimeKeyCounts),
        new Set(keys.unusedFallbackKeys),
        new wasm.DecryptionSettings(wasm.TrustRequirement.CrossSigned), // the call uses it up
      );
    });
    for (const message of processed) this.verifications.heardToDevice(message);
    const { verification } = this.#options;
    await this.#exchange.update(keys.changed.filter((user) => verification?.isKnown(user)));
    this.verifications.advance();
  }

  hearVerification(event: VerificationEvent): void {
    this.verifications.heardInRoom(event);
  }

  drain(): Promise<void> {
    return this.#exchange.drain();
  }

  async track(users: readonly UserId[]): Promise<void> {
    await this.#calls.run(() => this.#machine.updateTrackedUsers(toUserIds(users)));
    await this.drain();
  }

  deviceOf(user: UserId, device: DeviceId): Promise<SenderDevice | undefined> {
    return this.#calls.run(() => liveDevice(this.#machine, user, new wasm.DeviceId(device)));
  }

  identityOf(user: UserId): Promise<SenderIdentity | undefined> {
    return this.#calls.run(() => liveIdentity(this.#machine, user));
  }

  async decrypt(event: RawEncrypted, room: RoomId): Promise<Decryption> {
    const first = await this.#tryDecrypt(event, room);
    if (first.kind === 'decrypted') return first;
    if (this.#options.verification?.isKnown(event.sender) === false) return first;
    if (MENDED_BY_REFRESH.has(first.because)) await this.#exchange.refresh(event.sender);
    else if (first.because !== 'identity_violation' || !(await this.#isAsPinned(event.sender)))
      return first;
    return this.#tryDecrypt(event, room);
  }

  encrypt(room: RoomId, members: readonly UserId[], type: string, content: object) {
    return this.#outbound(async () => {
      await this.track(members);
      const claim = await this.#calls.run(() =>
        this.#machine.getMissingSessions(toUserIds(members)),
      );
      if (claim) await this.#exchange.send(claim);
      using roomId = new wasm.RoomId(room);
      for (const share of await this.#share(roomId, members)) await this.#exchange.send(share);
      const json = await this.#calls.run(() =>
        this.#machine.encryptRoomEvent(roomId, type, JSON.stringify(content)),
      );
      return JSON.parse(json) as object;
    });
  }

  encryptFile(bytes: Uint8Array): EncryptedFile {
    using attachment = wasm.Attachment.encrypt(bytes);
    const info = JSON.parse(attachment.mediaEncryptionInfo ?? '{}') as Record<string, unknown>;
    return { bytes: attachment.encryptedData, info };
  }

  ownIdentity(): Promise<string | undefined> {
    return readOwnIdentity(this.#own);
  }

  makeIdentity(upload: (body: string) => Promise<void>): Promise<void> {
    return makeIdentity(this.#own, upload);
  }

  exportIdentity(): Promise<PrivateIdentity> {
    return exportIdentity(this.#own);
  }

  restoreIdentity(keys: PrivateIdentity): Promise<void> {
    return restoreIdentity(this.#own, keys);
  }

  turn(): Promise<void> {
    return this.#calls.run(async () => {});
  }

  close(): Promise<void> {
    return this.#calls.end(() => this.#machine.close());
  }

  get #own() {
    const { user } = this.#options;
    return { machine: this.#machine, calls: this.#calls, exchange: this.#exchange, user };
  }

  #tryDecrypt(event: RawEncrypted, room: RoomId): Promise<Decryption> {
    return this.#calls.run(async () => {
      using roomId = new wasm.RoomId(room);
      using settings = new wasm.DecryptionSettings(wasm.TrustRequirement.CrossSigned);
      try {
        const json = JSON.stringify(event);
        using result = await this.#machine.decryptRoomEvent(json, roomId, settings);
        return await describeDecrypted(this.#machine, event, result);
      } catch (error) {
        const { session_id: session } = event.content;
        return { kind: 'undecryptable', because: reasonOf(error), session };
      }
    });
  }

  #isAsPinned(user: UserId): Promise<boolean> {
    return this.#calls.run(() => isAsPinned(this.#machine, user, this.#options.pinOf?.(user)));
  }

  /** One call: an identity that is replaced after this look at it can only be in the next message. */
  #share(room: wasm.RoomId, members: readonly UserId[]): Promise<wasm.ToDeviceRequest[]> {
    return this.#calls.run(async () => {
      const honest: UserId[] = [];
      const { pinOf, verification } = this.#options;
      for (const user of members) {
        const pin = pinOf?.(user);
        // Of others nothing is known that could have changed, and a look at each can take a second.
        const isOurs = pin !== undefined || verification?.isKnown(user);
        if (!isOurs || (await isAsPinned(this.#machine, user, pin))) honest.push(user);
      }
      return this.#machine.shareRoomKey(room, toUserIds(honest), encryptionSettings());
    });
  }
}

/** A JSON list; an element that is nested too deeply to be printed has nothing to tell us. */
function formatList(elements: readonly object[]): string {
  const printed = elements.flatMap((element) => {
    try {
      return [JSON.stringify(element)];
    } catch {
      return [];
    }
  });
  return `[${printed.join(',')}]`;
}

/** A fresh look at the sender's devices may help against these. */
const MENDED_BY_REFRESH: ReadonlySet<Undecryptable> = new Set([
  'unknown_device',
  'unsigned_device',
]);
