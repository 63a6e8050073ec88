/**
 * Secret storage (SSSS): the bot's cross-signing keys in its account data, under a recovery key that
 * only the operator has, so that the identity that people have verified outlives the host. What the
 * homeserver hands back is untrusted: secret-seal.ts shows that it was stored with that key.
 */
import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import { Fault } from '../base/errors.ts';
import type { UserId } from '../base/ids.ts';
import type { PrivateIdentity } from './crypto/identity.ts';
import { fieldsOf, text } from './events.ts';
import { type Http, Refused } from './http.ts';
import { isKeyOf, keyCheck, openSecret, sealSecret } from './secret-seal.ts';

const ALGORITHM = 'm.secret_storage.v1.aes-hmac-sha2';
const DEFAULT_KEY = 'm.secret_storage.default_key';
const SECRETS = {
  master: 'm.cross_signing.master',
  selfSigning: 'm.cross_signing.self_signing',
  userSigning: 'm.cross_signing.user_signing',
} as const satisfies Record<keyof PrivateIdentity, string>;

/** What the account keeps at the homeserver; others of its devices can write there, too. */
export interface AccountData {
  get(type: string): Promise<unknown>;
  put(type: string, content: object): Promise<void>;
}

export function openAccountData(http: Http, user: UserId): AccountData {
  const path = (type: string) =>
    `/_matrix/client/v3/user/${encodeURIComponent(user)}/account_data/${encodeURIComponent(type)}`;
  return {
    async get(type) {
      try {
        return await http({ method: 'GET', path: path(type) });
      } catch (error) {
        if (error instanceof Refused && error.status === 404) return undefined;
        throw error;
      }
    },
    async put(type, content) {
      await http({ method: 'PUT', path: path(type), body: JSON.stringify(content) });
    },
  };
}

/** Stores the identity under `key` (32 bytes), which becomes the account's default key. */
export async function storeIdentity(
  data: AccountData,
  key: Uint8Array,
  identity: PrivateIdentity,
): Promise<void> {
  const id = randomBytes(16).toString('hex');
  const { iv, mac } = keyCheck(key);
  await data.put(`m.secret_storage.key.${id}`, { algorithm: ALGORITHM, name: 'Vaktrom', iv, mac });
  for (const part of ['master', 'selfSigning', 'userSigning'] as const) {
    const sealed = sealSecret(key, SECRETS[part], identity[part]);
    await data.put(SECRETS[part], { encrypted: { [id]: sealed } });
  }
  await data.put(DEFAULT_KEY, { key: id });
}

/** Throws Fault `recovery_key_wrong` when the key does not open what is stored, or nothing is. */
export async function fetchIdentity(data: AccountData, key: Uint8Array): Promise<PrivateIdentity> {
  const id = text(fieldsOf(await data.get(DEFAULT_KEY))['key']);
  const described = fieldsOf(await data.get(`m.secret_storage.key.${id}`));
  if (id === '' || described['algorithm'] !== ALGORITHM)
    throw new Fault('recovery_key_wrong', 'the account keeps no identity that I could recover');
  if (!isKeyOf(key, described))
    throw new Fault('recovery_key_wrong', 'this is not the recovery key of the account');
  const open = async (name: string): Promise<string> => {
    const sealed = fieldsOf(fieldsOf(fieldsOf(await data.get(name))['encrypted'])[id]);
    const seed = openSecret(key, name, sealed);
    if (seed === undefined || Buffer.from(seed, 'base64').length !== SEED_BYTES)
      throw new Fault('recovery_key_wrong', `${name} is missing, or was not stored with this key`);
    return seed;
  };
  return {
    master: await open(SECRETS.master),
    selfSigning: await open(SECRETS.selfSigning),
    userSigning: await open(SECRETS.userSigning),
  };
}

const SEED_BYTES = 32;

/** RFC 8410: the seed of an Ed25519 key behind the fixed head of its PKCS#8 form. */
const ED25519_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The public key of a seed, both unpadded base64. */
export function publicKeyOf(seed: string): string {
  const der = Buffer.concat([ED25519_HEAD, Buffer.from(seed, 'base64')]);
  const secret = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const { x } = createPublicKey(secret).export({ format: 'jwk' });
  return Buffer.from(x ?? '', 'base64url')
    .toString('base64')
    .replace(/=+$/, '');
}
