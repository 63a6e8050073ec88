/**
 * m.secret_storage.v1.aes-hmac-sha2 (Matrix specification, "Secret storage"): HKDF-SHA-256 of the key
 * with the secret's name gives an AES-256-CTR key and an HMAC-SHA-256 key, so that a secret opens only
 * with the key and under the name with which it was sealed.
 */
import { createCipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Fields, text } from './events.ts';

/** All base64. */
export interface Sealed {
  readonly iv: string;
  readonly ciphertext: string;
  readonly mac: string;
}

const IV_BYTES = 16;
const ZEROS = Buffer.alloc(32);

/** By which a key is recognised without a secret: 32 zero bytes, sealed under no name. */
export const keyCheck = (key: Uint8Array): Sealed => seal(keysFor(key, ''), ZEROS, freshIv());

/** Is it the key that made this check? What the homeserver hands us is untrusted. */
export function isKeyOf(key: Uint8Array, check: Fields): boolean {
  const iv = decode(check['iv']);
  if (iv.length !== IV_BYTES) return false;
  return isSame(decode(seal(keysFor(key, ''), ZEROS, iv).mac), decode(check['mac']));
}

export const sealSecret = (key: Uint8Array, name: string, secret: string): Sealed =>
  seal(keysFor(key, name), Buffer.from(secret), freshIv());

/** Undefined when it was not sealed with this key under this name, or was changed. */
export function openSecret(key: Uint8Array, name: string, sealed: Fields): string | undefined {
  const { aes, hmac } = keysFor(key, name);
  const [iv, ciphertext, mac] = [sealed['iv'], sealed['ciphertext'], sealed['mac']].map(decode);
  if (!iv || !ciphertext || !mac || iv.length !== IV_BYTES) return undefined;
  return isSame(macOf(hmac, ciphertext), mac) ? counter(aes, iv, ciphertext).toString() : undefined;
}

interface Keys {
  readonly aes: Uint8Array;
  readonly hmac: Uint8Array;
}

function keysFor(key: Uint8Array, name: string): Keys {
  const derived = Buffer.from(hkdfSync('sha256', key, ZEROS, name, 64));
  return { aes: derived.subarray(0, 32), hmac: derived.subarray(32) };
}

function seal({ aes, hmac }: Keys, plain: Uint8Array, iv: Uint8Array): Sealed {
  const ciphertext = counter(aes, iv, plain);
  return { iv: encode(iv), ciphertext: encode(ciphertext), mac: encode(macOf(hmac, ciphertext)) };
}

/** AES-CTR is its own inverse. */
function counter(aes: Uint8Array, iv: Uint8Array, input: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-ctr', aes, iv);
  return Buffer.concat([cipher.update(input), cipher.final()]);
}

const macOf = (hmac: Uint8Array, bytes: Uint8Array): Buffer =>
  createHmac('sha256', hmac).update(bytes).digest();

/** Bit 63 is clear, for the sake of implementations whose counter has 64 bits. */
function freshIv(): Uint8Array {
  const iv = randomBytes(IV_BYTES);
  iv[8] = (iv[8] ?? 0) & 0x7f;
  return iv;
}

const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const decode = (value: unknown): Buffer => Buffer.from(text(value), 'base64');
const isSame = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && timingSafeEqual(a, b);
