/** The only importer of libsodium: Ed25519 for the audit log, and sealing for secrets at rest. */
import sodium from 'libsodium-wrappers';
import { formatVerifierKey, isKeyName, type Signer, type VerifySignature } from '../audit/note.ts';
import { fromBase64, toBase64 } from '../base/bytes.ts';
import { BY_RECOVER, Fatal } from '../base/errors.ts';

await sodium.ready;

const PREFIX = 'PRIVATE+KEY+';

/** A new signing key for the log `name`, as text to be kept secret. */
export function makeSigningKey(name: string): string {
  if (!isKeyName(name)) throw new RangeError(`not a key name: ${name}`);
  return formatSigningKey(name, sodium.randombytes_buf(sodium.crypto_sign_SEEDBYTES));
}

/** The form of Go's x/mod/sumdb/note: the prefix makes a leaked key easy to find. */
function formatSigningKey(name: string, seed: Uint8Array): string {
  const { publicKey } = sodium.crypto_sign_seed_keypair(seed);
  const [, id] = formatVerifierKey({ name, publicKey }).split('+');
  return `${PREFIX}${name}+${id}+${toBase64(Buffer.concat([Uint8Array.of(1), seed]))}`;
}

/** Throws Fatal `key_unreadable`; the message never holds a part of the key. */
export function readSigningKey(text: string): Signer {
  const [, name = '', , data = ''] =
    /^PRIVATE\+KEY\+([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text.trim()) ?? [];
  const bytes = fromBase64(data);
  if (
    bytes?.length !== 33 ||
    bytes[0] !== 1 ||
    formatSigningKey(name, bytes.subarray(1)) !== text.trim()
  )
    throw new Fatal(
      'key_unreadable',
      `the audit key is damaged: restore secrets/audit-key from a backup, or ${BY_RECOVER}`,
    );
  const { publicKey, privateKey } = sodium.crypto_sign_seed_keypair(bytes.subarray(1));
  return { name, publicKey, sign: (message) => sodium.crypto_sign_detached(message, privateKey) };
}

export const verifySignature: VerifySignature = (signature, message, publicKey) =>
  signature.length === sodium.crypto_sign_BYTES &&
  sodium.crypto_sign_verify_detached(signature, message, publicKey);

export const randomSecret = (bytes: number): Uint8Array => sodium.randombytes_buf(bytes);

/** 32 bytes (keyed BLAKE2b) that only who has the key can tell from random ones. */
export const keyedHash = (key: Uint8Array, text: string): Uint8Array =>
  sodium.crypto_generichash(32, text, key);

/** Encrypts (XChaCha20-Poly1305) under a 32-byte key, for nothing but `about`; base64 of nonce and box. */
export function seal(key: Uint8Array, text: string, about: string): string {
  const nonce = sodium.randombytes_buf(sodium.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
  const box = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(text, about, null, nonce, key);
  return toBase64(Buffer.concat([nonce, box]));
}

/** Throws Fatal `key_unreadable` when it was not sealed under this key about just that, or was changed. */
export function unseal(key: Uint8Array, sealed: string, about: string): string {
  const bytes = fromBase64(sealed) ?? new Uint8Array();
  const split = sodium.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
  try {
    const box = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
      null,
      bytes.subarray(split),
      about,
      bytes.subarray(0, split),
      key,
    );
    return Buffer.from(box).toString('utf8');
  } catch (cause) {
    throw new Fatal(
      'key_unreadable',
      'a sealed secret does not open: its key is another one, or it was changed',
      cause,
    );
  }
}
