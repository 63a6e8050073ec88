/**
 * Device keys, one-time keys and fallback keys. The server checks no signature, it only keeps and
 * hands out: what a key is worth, the clients decide.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Json } from '../../base/bytes.ts';
import type { Account, Accounts, Device } from './accounts.ts';
import { isObject, type JsonObject, objectAt, objectsIn, textAt } from './json.ts';
import { matrixError } from './matrix-error.ts';

/** Throws M_BAD_JSON for another device's keys, M_UNKNOWN for a one-time key id used for two keys. */
export function uploadKeys(accounts: Accounts, device: Device, body: JsonObject): JsonObject {
  const { device_keys: keys } = body;
  if (isObject(keys)) setDeviceKeys(accounts, device, keys);
  const oneTimeKeys = Object.entries(objectAt(body, 'one_time_keys'));
  const clash = oneTimeKeys.find(([id, key]) => {
    const held = device.oneTimeKeys.get(id);
    return held !== undefined && !isDeepStrictEqual(held, key);
  });
  if (clash) throw matrixError(400, 'M_UNKNOWN', `One time key ${clash[0]} already exists.`);
  for (const [id, key] of oneTimeKeys) device.oneTimeKeys.set(id, key);
  for (const [id, key] of Object.entries(objectAt(body, 'fallback_keys')))
    device.fallbackKeys.set(algorithmOf(id), { id, key, used: false });
  return { one_time_key_counts: countOneTimeKeys(device) };
}

function setDeviceKeys(accounts: Accounts, device: Device, keys: JsonObject): void {
  if (textAt(keys, 'user_id') !== device.account.userId || textAt(keys, 'device_id') !== device.id)
    throw matrixError(400, 'M_BAD_JSON', 'device_keys are not those of the authenticated device');
  if (isDeepStrictEqual(device.keys, keys)) return;
  device.keys = keys;
  accounts.devicesChanged(device.account);
}

const algorithmOf = (keyId: string): string => keyId.split(':', 1).join();

/** How many unclaimed keys there are, by algorithm; the one in use is always listed. */
export function countOneTimeKeys(device: Device): JsonObject {
  const counts = new Map([['signed_curve25519', 0]]);
  for (const id of device.oneTimeKeys.keys())
    counts.set(algorithmOf(id), (counts.get(algorithmOf(id)) ?? 0) + 1);
  return Object.fromEntries(counts);
}

export const unusedFallbackKeys = (device: Device): readonly string[] =>
  [...device.fallbackKeys].filter(([, { used }]) => !used).map(([algorithm]) => algorithm);

/** Takes the oldest one-time key, or the fallback key when they ran out. */
export function claimKey(device: Device, algorithm: string): JsonObject | undefined {
  const oldest = device.oneTimeKeys.entries().find(([id]) => algorithmOf(id) === algorithm);
  if (oldest) {
    device.oneTimeKeys.delete(oldest[0]);
    return { [oldest[0]]: oldest[1] };
  }
  const fallback = device.fallbackKeys.get(algorithm);
  if (!fallback) return undefined;
  fallback.used = true;
  return { [fallback.id]: fallback.key };
}

/** `wanted`: user id → device id → algorithm. Devices without a key are left out. */
export function claimKeys(accounts: Accounts, wanted: JsonObject): JsonObject {
  const claimed = objectsIn(wanted)
    .map(([userId, devices]) => [userId, claimFrom(accounts.at(userId), devices)] as const)
    .filter(([, keys]) => Object.keys(keys).length > 0);
  return { one_time_keys: Object.fromEntries(claimed), failures: {} };
}

function claimFrom(account: Account | undefined, wanted: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.keys(wanted).flatMap((deviceId) => {
      const device = account?.devices.get(deviceId);
      const key = device && claimKey(device, textAt(wanted, deviceId) ?? '');
      return key ? [[deviceId, key]] : [];
    }),
  );
}

/** Keys of the devices named in `wanted`, of all devices if it is empty. */
export function deviceKeysOf(account: Account, wanted: readonly Json[]): JsonObject {
  const asked = [...account.devices.values()].filter(
    ({ id }) => wanted.length === 0 || wanted.includes(id),
  );
  return Object.fromEntries(
    asked.flatMap((device) => (device.keys ? [[device.id, signedKeys(device, device.keys)]] : [])),
  );
}

function signedKeys({ account, displayName, signatures }: Device, keys: JsonObject): JsonObject {
  const own = objectAt(objectAt(keys, 'signatures'), account.userId);
  return {
    ...keys,
    signatures: {
      ...objectAt(keys, 'signatures'),
      [account.userId]: { ...own, ...signatures },
    },
    unsigned: displayName === undefined ? {} : { device_display_name: displayName },
  };
}
