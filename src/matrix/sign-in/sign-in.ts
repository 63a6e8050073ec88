/**
 * From an account to a device that others can trust: signs in, and signs the new device with the
 * cross-signing identity of the account, which is made, or brought along from where it was kept.
 */
import { randomBytes } from 'node:crypto';
import { Fault } from '../../base/errors.ts';
import type { DeviceId, UserId } from '../../base/ids.ts';
import { type Crypto, openCrypto } from '../crypto/device.ts';
import type { PrivateIdentity } from '../crypto/identity.ts';
import type { SealedStore } from '../crypto/machine.ts';
import { fieldsOf } from '../events.ts';
import type { Http, HttpRequest } from '../http.ts';
import { formatRecoveryKey } from '../recovery-key.ts';
import { fetchIdentity, openAccountData, publicKeyOf, storeIdentity } from '../secret-storage.ts';
import { endSession, openBearer, type Session } from '../session.ts';
import type { Guide } from './guide.ts';
import { type Account, logIn } from './log-in.ts';
import { openPatient } from './patient.ts';
import { type Uploader, uploadIdentity } from './upload.ts';

export interface SignedIn {
  readonly device: DeviceId;
  readonly session: Session;
  /** The public master key, unpadded base64. */
  readonly identity: string;
}

/** Gets the identity of the account; resolves with its public master key. */
export type Bring = (device: NewDevice) => Promise<string>;

/** The source of the identity, and the person who helps. */
export interface By {
  readonly bring: Bring;
  readonly guide: Guide;
}

export interface OnlineDevice {
  readonly crypto: Crypto;
  readonly http: Http;
}

export interface NewDevice extends OnlineDevice {
  /** Answers if the homeserver wants a person. */
  readonly uploader: Uploader;
}

/** A new identity, kept in secret storage under a new recovery key, which is told to `onKey`. */
export const bringNew =
  (account: Account, onKey: (recoveryKey: string) => void): Bring =>
  async (made) => {
    const { crypto, http } = made;
    const identity = await giveIdentity(made, account);
    const key = randomBytes(32);
    const data = openAccountData(http, account.user);
    await storeIdentity(data, key, await crypto.exportIdentity());
    onKey(formatRecoveryKey(key));
    return identity;
  };

/** The identity that secret storage keeps under the recovery key. */
export const bringStored =
  ({ user }: Pick<Account, 'user'>, key: Uint8Array) =>
  async (device: OnlineDevice): Promise<string> =>
    bring(device, user, await fetchIdentity(openAccountData(device.http, user), key));

/** The identity of another device of ours. */
export const bringKept =
  ({ user }: Pick<Account, 'user'>, keys: PrivateIdentity) =>
  (device: OnlineDevice): Promise<string> =>
    bring(device, user, keys);

/** Refuses keys that are not those of the identity that everybody else sees. */
async function bring({ crypto, http }: OnlineDevice, user: UserId, keys: PrivateIdentity) {
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
      `${user} has another identity now: anyone who replaced it can speak as the bot`,
    );
  await crypto.restoreIdentity(keys);
  const identity = await crypto.ownIdentity();
  if (identity !== publicKeyOf(keys.master))
    throw new Fault('identity_differs', 'the homeserver does not stand by the identity it has');
  return identity;
}

/** People take their time. */
const PATIENCE_MS = 60 * 60_000;

/** The device's keys end up in `store`. */
export async function signIn(
  account: Account,
  store: SealedStore,
  { bring: bringIdentity, guide }: By,
): Promise<SignedIn> {
  const { homeserver, user } = account;
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const { device, session, password } = await logIn(account, { guide, signal });
  let current = session;
  const save = async (next: Session): Promise<void> => {
    current = next; // on disk with everything else, once all of it is made
  };
  const token = openBearer({ homeserver, session, save, now: Date.now, signal });
  const http = openPatient({ homeserver, token, guide, signal });
  const send = async (request: HttpRequest) => JSON.stringify(await http(request));
  try {
    const crypto = await openCrypto({ user, device, store, send });
    await using _open = { [Symbol.asyncDispose]: () => crypto.close() };
    const uploader = { homeserver, user, password, guide, signal };
    const identity = await bringIdentity({ crypto, http, uploader });
    return { device, session: current, identity };
  } catch (error) {
    // A device that nobody will use is only a burden to everybody who encrypts for the account.
    if (account.way.kind !== 'token') await endSession(homeserver, current).catch(() => {});
    throw error;
  }
}

const V3 = '/_matrix/client/v3';

/** Makes a cross-signing identity for the account and signs the device with it; its master key. */
export async function giveIdentity(
  { crypto, http, uploader }: NewDevice,
  { user, newIdentity }: Pick<Account, 'user' | 'newIdentity'>,
): Promise<string> {
  const body = JSON.stringify({ device_keys: { [user]: [] } });
  const keys = fieldsOf(await http({ method: 'POST', path: `${V3}/keys/query`, body }));
  if (!newIdentity && user in fieldsOf(keys['master_keys']))
    throw new Fault(
      'identity_exists',
      `${user} has a cross-signing identity already; --new-identity replaces it (everybody then has to verify the bot anew)`,
    );
  await crypto.makeIdentity((keysBody) => uploadIdentity(http, keysBody, uploader));
  const identity = await crypto.ownIdentity();
  if (identity === undefined)
    throw new Fault('homeserver_refused', 'the homeserver did not keep the new identity');
  return identity;
}
