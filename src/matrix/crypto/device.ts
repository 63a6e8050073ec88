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
import { Fatal } from '../../base/errors.ts';
import type { DeviceId, RoomId, UserId } from '../../base/ids.ts';
import type { Undecryptable } from '../../trust/sighting.ts';
import { openMutex } from './mutex.ts';
import {
  type Decryption,
  describeDecrypted,
  liveIdentity,
  masterKeyOf,
  type RawEncrypted,
  reasonOf,
} from './provenance.ts';
import { describeRequest, type KeyRequest, type Outgoing } from './requests.ts';

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
  /** 32 bytes for the durable store; without it everything is in memory, for throw-away clients. */
  readonly storeKey?: Uint8Array;
  /** Sends a request to the homeserver, for as long as it takes; resolves with the body, as JSON. */
  readonly send: (request: KeyRequest) => Promise<string>;
}

export type Crypto = Awaited<ReturnType<typeof openCrypto>>;

const STORE_NAME = 'vaktrom';
const CALL_LIMIT_MS = 30_000;
const ROTATE_AFTER_MESSAGES = 100n;
const ROTATE_AFTER_MICROSECONDS = 7n * 24n * 3600n * 1_000_000n;

/** The IndexedDB globals must be in place when `storeKey` is given (indexeddb/). */
export async function openCrypto(options: CryptoOptions) {
  await wasm.initAsync();
  const machine = await openMachine(options);
  // Keys come from the device that made them, when it sends the message; from nobody else, ever.
  machine.roomKeyRequestsEnabled = false;
  machine.roomKeyForwardingEnabled = false;
  const alone = openMutex();
  const outbound = openMutex();
  /** One call into the machine at a time, each with a limit. */
  const call = <T>(work: () => Promise<T>): Promise<T> => alone(() => limited(work()));

  const sendOutgoing = async (request: Outgoing): Promise<void> => {
    const response = await options.send(describeRequest(request));
    const { id, type } = request;
    if (id !== undefined) await call(() => machine.markRequestAsSent(id, type, response));
  };

  const drain = async (): Promise<void> => {
    // A response can ask for more (a query shows a device that needs a claim); it soon has enough.
    for (let round = 0; round < 10; round++) {
      const requests = await call(() => machine.outgoingRequests());
      if (requests.length === 0) return;
      for (const request of requests) await sendOutgoing(request as Outgoing);
    }
  };

  const queryKeys = async (user: UserId): Promise<void> =>
    sendOutgoing(await call(async () => machine.queryKeysForUsers([new wasm.UserId(user)])));

  const tryDecrypt = (event: RawEncrypted, room: RoomId): Promise<Decryption> =>
    call(async () => {
      using roomId = new wasm.RoomId(room);
      using settings = new wasm.DecryptionSettings(wasm.TrustRequirement.CrossSigned);
      try {
        using result = await machine.decryptRoomEvent(JSON.stringify(event), roomId, settings);
        return await describeDecrypted(machine, event, result);
      } catch (error) {
        return {
          kind: 'undecryptable',
          because: reasonOf(error),
          session: event.content.session_id,
        };
      }
    });

  return {
    /** Our own Curve25519 and Ed25519 keys, base64. */
    identityKeys: machine.identityKeys,

    /** Takes in what a sync brought; durable when it resolves. */
    async receive(keys: SyncKeys): Promise<void> {
      await call(() =>
        machine.receiveSyncChanges(
          JSON.stringify(keys.toDevice),
          new wasm.DeviceLists(keys.changed.map(toUserId), keys.left.map(toUserId)),
          new Map(keys.oneTimeKeyCounts),
          new Set(keys.unusedFallbackKeys),
          new wasm.DecryptionSettings(wasm.TrustRequirement.CrossSigned),
        ),
      );
      await drain();
    },

    drain,

    /** Keeps the devices and identities of these accounts up to date from now on. */
    async track(users: readonly UserId[]): Promise<void> {
      await call(() => machine.updateTrackedUsers(users.map(toUserId)));
      await drain();
    },

    /** The cross-signing identity of an account as it is now. */
    identityOf: (user: UserId) => call(() => liveIdentity(machine, user)),

    /** Decrypts, and demands that the sending device is cross-signed by its owner (MSC4153). */
    async decrypt(event: RawEncrypted, room: RoomId): Promise<Decryption> {
      const first = await tryDecrypt(event, room);
      if (first.kind === 'decrypted' || !MENDED_BY_QUERY.has(first.because)) return first;
      await queryKeys(event.sender);
      return tryDecrypt(event, room);
    },

    /**
     * Encrypts for the cross-signed devices of `members`, the content of an event of type
     * m.room.encrypted. Devices that their owner has not signed are told that they get nothing.
     */
    encrypt(room: RoomId, members: readonly UserId[], type: string, content: object) {
      return outbound(async () => {
        await call(() => machine.updateTrackedUsers(members.map(toUserId)));
        await drain();
        const claim = await call(() => machine.getMissingSessions(members.map(toUserId)));
        if (claim) await sendOutgoing(claim);
        using roomId = new wasm.RoomId(room);
        const shares = await call(() =>
          machine.shareRoomKey(roomId, members.map(toUserId), encryptionSettings()),
        );
        for (const share of shares) await sendOutgoing(share);
        const json = await call(() =>
          machine.encryptRoomEvent(roomId, type, JSON.stringify(content)),
        );
        return JSON.parse(json) as object;
      });
    },

    encryptFile(bytes: Uint8Array): EncryptedFile {
      using attachment = wasm.Attachment.encrypt(bytes);
      const info = JSON.parse(attachment.mediaEncryptionInfo ?? '{}') as Record<string, unknown>;
      return { bytes: attachment.encryptedData, info };
    },

    /** The master key of our own identity, if this device holds its private part. */
    async ownIdentity(): Promise<string | undefined> {
      const status = await call(() => machine.crossSigningStatus());
      if (!status.hasMaster || !status.hasSelfSigning) return undefined;
      const own = await call(() => machine.getIdentity(toUserId(options.user)));
      return own && masterKeyOf(own.masterKey);
    },

    /**
     * Makes a cross-signing identity for the account and signs this device with it. `upload` puts the
     * public keys on the homeserver, which may ask for the password.
     */
    async makeIdentity(upload: (body: string) => Promise<void>): Promise<void> {
      await drain();
      const requests = await call(() => machine.bootstrapCrossSigning(true));
      const first = requests.uploadKeysRequest as Outgoing | undefined;
      if (first) await sendOutgoing(first);
      await upload(requests.uploadSigningKeysRequest.body);
      await sendOutgoing(requests.uploadSignaturesRequest);
      await queryKeys(options.user);
    },

    close(): void {
      machine.close();
    },
  };
}

async function openMachine({ user, device, storeKey }: CryptoOptions): Promise<wasm.OlmMachine> {
  const store = storeKey
    ? await wasm.StoreHandle.openWithKey(STORE_NAME, storeKey)
    : await wasm.StoreHandle.open(null, null);
  try {
    return await wasm.OlmMachine.initFromStore(toUserId(user), new wasm.DeviceId(device), store);
  } catch (cause) {
    throw new Fatal('crypto_store_failed', `the crypto store is not of ${user} ${device}`, cause);
  }
}

async function limited<T>(work: Promise<T>): Promise<T> {
  const timer = Promise.withResolvers<never>();
  const stalled = new Fatal('crypto_stalled', 'the crypto library does not answer any more');
  const timeout = setTimeout(() => timer.reject(stalled), CALL_LIMIT_MS);
  try {
    return await Promise.race([work, timer.promise]);
  } finally {
    clearTimeout(timeout);
  }
}

const toUserId = (user: UserId): wasm.UserId => new wasm.UserId(user);

function encryptionSettings(): wasm.EncryptionSettings {
  const settings = new wasm.EncryptionSettings();
  settings.sharingStrategy = wasm.CollectStrategy.identityBasedStrategy();
  settings.rotationPeriodMessages = ROTATE_AFTER_MESSAGES;
  settings.rotationPeriod = ROTATE_AFTER_MICROSECONDS;
  return settings;
}

/** A fresh look at the sender's devices may help against these. */
const MENDED_BY_QUERY: ReadonlySet<Undecryptable> = new Set(['unknown_device', 'unsigned_device']);
