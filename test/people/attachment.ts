/**
 * Encrypted attachments as the Matrix specification has them ("Sending encrypted attachments"):
 * AES-256-CTR with a key and a counter of their own, which travel in the encrypted event.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { sha256, toBase64 } from '../../src/base/bytes.ts';
import { type JsonObject, objectAt, textAt } from '../../src/demo/homeserver/json.ts';

interface EncryptedFile {
  readonly v: 'v2';
  readonly url: string;
  readonly key: {
    readonly kty: 'oct';
    readonly alg: 'A256CTR';
    readonly ext: true;
    readonly key_ops: string[];
    readonly k: string;
  };
  readonly iv: string;
  readonly hashes: { readonly sha256: string };
}

export interface Sealed {
  readonly ciphertext: Uint8Array<ArrayBuffer>;
  /** The `file` of the message that announces it. */
  readonly file: (url: string) => EncryptedFile;
}

const unpadded = (data: Uint8Array): string => toBase64(data).replaceAll('=', '');

export function sealAttachment(plain: Uint8Array): Sealed {
  const key = randomBytes(32);
  // The lower half counts blocks and begins at nought, so that it never wraps.
  const iv = Buffer.concat([randomBytes(8), Buffer.alloc(8)]);
  const ciphertext = new Uint8Array(createCipheriv('aes-256-ctr', key, iv).update(plain));
  const k = key.toString('base64url');
  return {
    ciphertext,
    file: (url) => ({
      v: 'v2',
      url,
      key: { kty: 'oct', alg: 'A256CTR', ext: true, key_ops: ['encrypt', 'decrypt'], k },
      iv: unpadded(iv),
      hashes: { sha256: unpadded(sha256(ciphertext)) },
    }),
  };
}

/** Throws if the bytes are not those that the sender hashed. */
export function openAttachment(file: JsonObject, ciphertext: Uint8Array): Uint8Array {
  if (textAt(objectAt(file, 'hashes'), 'sha256') !== unpadded(sha256(ciphertext)))
    throw new Error('the attachment was changed on the way');
  const key = Buffer.from(textAt(objectAt(file, 'key'), 'k') ?? '', 'base64url');
  const iv = Buffer.from(textAt(file, 'iv') ?? '', 'base64');
  return createDecipheriv('aes-256-ctr', key, iv).update(ciphertext);
}
