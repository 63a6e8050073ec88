/** How the machine of the crate is opened, and whom it shares with. */
import * as wasm from '@matrix-org/matrix-sdk-crypto-wasm';
import { Fatal } from '../../base/errors.ts';
import type { DeviceId, UserId } from '../../base/ids.ts';
import type { Atomically } from './calls.ts';

const STORE_NAME = 'vaktrom';
const ROTATE_AFTER_MESSAGES = 100n;
const ROTATE_AFTER_MICROSECONDS = 7n * 24n * 3600n * 1_000_000n;

/** A durable store, whose IndexedDB globals are in place (indexeddb/). */
export interface SealedStore {
  /** 32 bytes, with which its content is encrypted. */
  readonly key: Uint8Array;
  readonly atomically: Atomically;
}

interface MachineOptions {
  readonly user: UserId;
  readonly device: DeviceId;
  /** Without it everything is in memory. */
  readonly store?: SealedStore;
}

/** Throws Fatal `crypto_store_damaged` for a store that is not of this key or device. */
export async function openMachine({
  user,
  device,
  store,
}: MachineOptions): Promise<wasm.OlmMachine> {
  const handle = store
    ? await wasm.StoreHandle.openWithKey(STORE_NAME, store.key).catch((cause: unknown) => {
        const mend = 'restore secrets/crypto-key if it is another one than before';
        throw new Fatal('crypto_store_damaged', `the crypto store does not open: ${mend}`, cause);
      })
    : await wasm.StoreHandle.open(null, null);
  try {
    const [userId, deviceId] = [new wasm.UserId(user), new wasm.DeviceId(device)];
    return await wasm.OlmMachine.initFromStore(userId, deviceId, handle);
  } catch (cause) {
    const mend = 'look at user and device in vaktrom.yaml';
    const what = `the crypto store is not of ${user} ${device}: ${mend}`;
    throw new Fatal('crypto_store_damaged', what, cause);
  }
}

/** To devices that their owner has signed, and to no others; a new session now and then. */
export function encryptionSettings(): wasm.EncryptionSettings {
  const settings = new wasm.EncryptionSettings();
  settings.sharingStrategy = wasm.CollectStrategy.identityBasedStrategy();
  settings.rotationPeriodMessages = ROTATE_AFTER_MESSAGES;
  settings.rotationPeriod = ROTATE_AFTER_MICROSECONDS;
  return settings;
}
