/**
 * From a password to a device that others can trust: logs in, makes a cross-signing identity for the
 * account and signs the new device with it.
 */
import { Fault } from '../base/errors.ts';
import { type DeviceId, parseDeviceId, type UserId } from '../base/ids.ts';
import { type Crypto, openCrypto } from './crypto/device.ts';
import { type Fields, fieldsOf, text } from './events.ts';
import { type Http, type HttpRequest, openHttp, Refused } from './http.ts';

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

/** The IndexedDB globals have to be in place; the device's keys end up in them, under `storeKey`. */
export async function signIn(account: Account, storeKey: Uint8Array): Promise<SignedIn> {
  const signal = AbortSignal.timeout(60_000);
  const login = await logIn(account, openHttp({ baseUrl: account.homeserver, signal }));
  const http = openHttp({ baseUrl: account.homeserver, signal, token: login.token });
  const send = async (request: HttpRequest) => JSON.stringify(await http(request));
  try {
    const crypto = await openCrypto({ user: account.user, device: login.device, storeKey, send });
    await using _open = { [Symbol.asyncDispose]: () => crypto.close() };
    return { ...login, identity: await giveIdentity(crypto, account, http) };
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
