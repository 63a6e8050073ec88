/**
 * From a password to a device that others can trust: logs in, and signs the new device with the
 * cross-signing identity of the account, which is made, or brought along from where it was kept.
 */
import { randomBytes } from 'node:crypto';
import { Fault } from '../base/errors.ts';
import { type DeviceId, parseDeviceId, type UserId } from '../base/ids.ts';
import { type Crypto, openCrypto } from './crypto/device.ts';
import type { PrivateIdentity } from './crypto/identity.ts';
import type { SealedStore } from './crypto/machine.ts';
import { type Fields, fieldsOf, text } from './events.ts';
import { type Http, type HttpRequest, openHttp, Refused } from './http.ts';
import { formatRecoveryKey } from './recovery-key.ts';
import { fetchIdentity, openAccountData, publicKeyOf, storeIdentity } from './secret-storage.ts';

export interface Account {
  readonly homeserver: string;
  readonly user: UserId;
  readonly password: string;
  /** Replace an identity that the account has already; everybody has to verify it anew. */
  readonly newIdentity: boolean;
}

export interface SignedIn {
  readonly device: DeviceId;
  readonly token: string;
  /** The public master key, unpadded base64. */
  readonly identity: string;
}

/** Where the identity of the account comes from; resolves with its public master key. */
export type Bring = (device: NewDevice) => Promise<string>;

export interface NewDevice {
  readonly crypto: Crypto;
  readonly http: Http;
}

/** A new identity, kept in secret storage under a new recovery key, which is told to `onKey`. */
export const bringNew =
  (account: Account, onKey: (recoveryKey: string) => void): Bring =>
  async ({ crypto, http }) => {
    const identity = await giveIdentity(crypto, account, http);
    const key = randomBytes(32);
    const data = openAccountData(http, account.user);
    await storeIdentity(data, key, await crypto.exportIdentity());
    onKey(formatRecoveryKey(key));
    return identity;
  };

/** The identity that secret storage keeps under the recovery key. */
export const bringStored =
  ({ user }: Account, key: Uint8Array): Bring =>
  async (device) =>
    bring(device, user, await fetchIdentity(openAccountData(device.http, user), key));

/** The identity of another device of ours. */
export const bringKept =
  ({ user }: Account, keys: PrivateIdentity): Bring =>
  (device) =>
    bring(device, user, keys);

/** Refuses keys that are not those of the identity that everybody else sees. */
async function bring({ crypto, http }: NewDevice, user: UserId, keys: PrivateIdentity) {
  const body = JSON.stringify({ device_keys: { [user]: [] } });
  const published = fieldsOf(await http({ method: 'POST', path: `${V3}/keys/query`, body }));
  const isPublished = (kind: string, seed: string): boolean => {
    const key = publicKeyOf(seed);
    const listed = fieldsOf(fieldsOf(fieldsOf(published[kind])[user])['keys']);
    return listed[`ed25519:${key}`] === key && Object.keys(listed).length === 1;
  };
  if (
    !isPublished('master_keys', keys.master) ||
    !isPublished('self_signing_keys', keys.selfSigning) ||
    !isPublished('user_signing_keys', keys.userSigning)
  )
    throw new Fault(
      'identity_differs',
      `${user} goes by another identity by now: whoever replaced it can speak as the bot`,
    );
  await crypto.restoreIdentity(keys);
  const identity = await crypto.ownIdentity();
  if (identity !== publicKeyOf(keys.master))
    throw new Fault('identity_differs', 'the homeserver does not stand by the identity it has');
  return identity;
}

/** The device's keys end up in `store`. */
export async function signIn(
  account: Account,
  store: SealedStore,
  bringIdentity: Bring,
): Promise<SignedIn> {
  const signal = AbortSignal.timeout(60_000);
  const login = await logIn(account, openHttp({ baseUrl: account.homeserver, signal }));
  const http = openHttp({ baseUrl: account.homeserver, signal, token: login.token });
  const send = async (request: HttpRequest) => JSON.stringify(await http(request));
  try {
    const crypto = await openCrypto({ user: account.user, device: login.device, store, send });
    await using _open = { [Symbol.asyncDispose]: () => crypto.close() };
    return { ...login, identity: await bringIdentity({ crypto, http }) };
  } catch (error) {
    // A device that nobody will use is only a burden to everybody who encrypts for the account.
    await http({ method: 'POST', path: `${V3}/logout`, once: true }).catch(() => {});
    throw error;
  }
}

const V3 = '/_matrix/client/v3';

/** A new device of the account. */
export async function logIn({ user, password }: Account, http: Http) {
  const body = JSON.stringify({
    type: 'm.login.password',
    identifier: { type: 'm.id.user', user },
    password,
    initial_device_display_name: 'Vaktrom',
  });
  const answer = fieldsOf(await http({ method: 'POST', path: `${V3}/login`, body, once: true }));
  const device = parseDeviceId(text(answer['device_id']));
  const token = text(answer['access_token']);
  if (text(answer['user_id']) !== user || !device.ok || token === '')
    throw new Fault('homeserver_refused', `the homeserver logged in somebody else than ${user}`);
  return { device: device.value, token };
}

/** Makes a cross-signing identity for the account and signs the device with it; its master key. */
export async function giveIdentity(crypto: Crypto, account: Account, http: Http): Promise<string> {
  const { user, newIdentity } = account;
  const body = JSON.stringify({ device_keys: { [user]: [] } });
  const keys = fieldsOf(await http({ method: 'POST', path: `${V3}/keys/query`, body }));
  if (!newIdentity && user in fieldsOf(keys['master_keys']))
    throw new Fault(
      'identity_exists',
      `${user} has a cross-signing identity already; --new-identity replaces it (everybody then has to verify the bot anew)`,
    );
  await crypto.makeIdentity((keysBody) => uploadIdentity(account, http, keysBody));
  const identity = await crypto.ownIdentity();
  if (identity === undefined)
    throw new Fault('homeserver_refused', 'the homeserver did not keep the new identity');
  return identity;
}

/** The homeserver may ask for the password again before it takes an identity (UIA). */
async function uploadIdentity(account: Account, http: Http, keys: string): Promise<void> {
  const path = `${V3}/keys/device_signing/upload`;
  const upload = (body: string) => http({ method: 'POST', path, body });
  try {
    await upload(keys);
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 401) throw error;
    const challenge: Fields = fieldsOf(error.body);
    const auth = {
      type: 'm.login.password',
      identifier: { type: 'm.id.user', user: account.user },
      password: account.password,
      session: challenge['session'],
    };
    await upload(JSON.stringify({ ...fieldsOf(JSON.parse(keys)), auth }));
  }
}
