/**
 * Cross-signing keys and the signatures on them. Two sorts of signature are told apart, as Synapse
 * does: an account's signatures on its own devices are shown to everybody, its signatures on master
 * keys (another user's, or its own by a device) to nobody but itself.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Account, Accounts, CrossSigningName } from './accounts.ts';
import { isObject, type JsonObject, objectAt, objectsIn, textAt } from './json.ts';
import { deviceKeysOf } from './keys.ts';
import { invalid, matrixError } from './matrix-error.ts';
import type { State } from './state.ts';

const NAMES: readonly CrossSigningName[] = ['master_key', 'self_signing_key', 'user_signing_key'];

/** The keys in `body` that the account does not have yet. Throws M_INVALID_PARAM on a malformed key. */
export function newCrossSigningKeys(
  account: Account,
  body: JsonObject,
): ReadonlyMap<CrossSigningName, JsonObject> {
  const fresh = new Map<CrossSigningName, JsonObject>();
  for (const name of NAMES) {
    const key = body[name];
    if (key === undefined || isDeepStrictEqual(account.crossSigning.get(name), key)) continue;
    if (!isObject(key) || textAt(key, 'user_id') !== account.userId || keyIdOf(key) === undefined)
      throw invalid(`Invalid ${name}`);
    fresh.set(name, key);
  }
  return fresh;
}

/** The public key, which is also the name of a cross-signing key. */
const keyIdOf = (key: JsonObject | undefined): string | undefined =>
  Object.keys(objectAt(key ?? {}, 'keys'))[0]?.replace(/^ed25519:/, '');

/** `body`: user id → device id or master key → the signed object. Answers what could not be found. */
export function uploadSignatures(state: State, signer: Account, body: JsonObject): JsonObject {
  const failures = objectsIn(body).map(([userId, objects]): [string, JsonObject] => {
    const unknown = objectsIn(objects).filter(([keyId, object]) => {
      const signatures = objectAt(objectAt(object, 'signatures'), signer.userId);
      const signed = { userId, keyId, signatures };
      return !signOwnDevice(state, signer, signed) && !signMasterKey(state, signer, signed);
    });
    const failure = { status: 404, errcode: 'M_NOT_FOUND', message: 'No such device or key' };
    return [userId, Object.fromEntries(unknown.map(([keyId]) => [keyId, failure]))];
  });
  return {
    failures: Object.fromEntries(failures.filter(([, keys]) => Object.keys(keys).length > 0)),
  };
}

interface Signed {
  readonly userId: string;
  readonly keyId: string;
  readonly signatures: JsonObject;
}

function signOwnDevice({ accounts }: State, signer: Account, signed: Signed): boolean {
  const device = signed.userId === signer.userId && signer.devices.get(signed.keyId);
  if (!device) return false;
  const merged = { ...device.signatures, ...signed.signatures };
  if (isDeepStrictEqual(merged, device.signatures)) return true;
  device.signatures = merged;
  accounts.devicesChanged(signer);
  return true;
}

function signMasterKey({ accounts, stream }: State, signer: Account, signed: Signed): boolean {
  const { userId, keyId, signatures } = signed;
  if (keyIdOf(accounts.at(userId)?.crossSigning.get('master_key')) !== keyId) return false;
  const held = signer.masterSignatures.get(userId);
  const before = held?.keyId === keyId ? held.signatures : {};
  signer.masterSignatures.set(userId, {
    position: stream.advance(),
    keyId,
    signatures: { ...before, ...signatures },
  });
  return true;
}

/**
 * The answer to `keys/query`, as `asker` may see it. `wanted`: user id → list of device ids. Throws
 * M_BAD_JSON when that is not what it is.
 */
export function queryKeys(accounts: Accounts, asker: Account, wanted: JsonObject): JsonObject {
  const users = Object.entries(wanted).map(([userId, devices]) => {
    if (!Array.isArray(devices))
      throw matrixError(400, 'M_BAD_JSON', "'device_keys' values must be a list of strings");
    return { userId, devices, account: accounts.at(userId) };
  });
  const known = users.flatMap(({ account }) => (account ? [account] : []));
  const self = known.filter((account) => account === asker);
  const devices = users.map(({ userId, devices, account }) => [
    userId,
    account ? deviceKeysOf(account, devices) : {},
  ]);
  return {
    device_keys: Object.fromEntries(devices),
    failures: {},
    master_keys: keysNamed('master_key', known, asker),
    self_signing_keys: keysNamed('self_signing_key', known, asker),
    user_signing_keys: keysNamed('user_signing_key', self, asker),
  };
}

const keysNamed = (
  name: CrossSigningName,
  owners: readonly Account[],
  asker: Account,
): JsonObject =>
  Object.fromEntries(
    owners.flatMap((owner) => {
      const key = owner.crossSigning.get(name);
      return key ? [[owner.userId, withSignaturesOf(asker, owner, key)]] : [];
    }),
  );

function withSignaturesOf(asker: Account, owner: Account, key: JsonObject): JsonObject {
  const made = asker.masterSignatures.get(owner.userId);
  if (made === undefined || made.keyId !== keyIdOf(key)) return key;
  const before = objectAt(key, 'signatures');
  const merged = { ...objectAt(before, asker.userId), ...made.signatures };
  return { ...key, signatures: { ...before, [asker.userId]: merged } };
}
