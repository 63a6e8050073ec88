/**
 * A passkey without a device: makes what an authenticator and a browser would send, ES256, and whatever
 * a forger would send instead (W3C WebAuthn 3, 6.1 and 5.8.1).
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

const sha256 = (data: Uint8Array | string): Buffer => createHash('sha256').update(data).digest();
const b64 = (data: Uint8Array): string => Buffer.from(data).toString('base64url');

export interface Lie {
  /** What the browser says that the page's origin is. */
  readonly origin?: string;
  readonly rpId?: string;
  readonly isUserVerified?: boolean;
  readonly challenge?: string;
}

interface Options {
  readonly challenge: string;
}

export class SoftPasskey {
  readonly id = b64(randomBytes(16));
  readonly #origin: string;
  readonly #rpId: string;
  readonly #private: KeyObject;
  readonly #cose: Buffer;

  constructor(party: { readonly origin: string; readonly id: string }) {
    this.#origin = party.origin;
    this.#rpId = party.id;
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    this.#private = privateKey;
    // {1: 2, 3: -7, -1: 1, -2: x, -3: y} in CBOR
    this.#cose = Buffer.concat([
      Buffer.from('a5010203262001215820', 'hex'),
      Buffer.from(x, 'base64url'),
      Buffer.from('225820', 'hex'),
      Buffer.from(y, 'base64url'),
    ]);
  }

  /** The user handle that it was made for last, base64url. */
  madeFor = '';

  /** The COSE key, base64url. */
  get key(): string {
    return b64(this.#cose);
  }

  /** What `navigator.credentials.create` gives, with no attestation. */
  create(options: object, lie: Lie = {}): object {
    this.madeFor = (options as { readonly user?: { readonly id?: string } }).user?.id ?? '';
    const id = Buffer.from(this.id, 'base64url');
    const credential = Buffer.concat([
      Buffer.alloc(16),
      Buffer.from([0, id.length]),
      id,
      this.#cose,
    ]);
    const authData = this.#authenticatorData(0x40, lie, credential);
    // {"fmt": "none", "attStmt": {}, "authData": authData}
    const attestation = Buffer.concat([
      Buffer.from('a363666d74646e6f6e656761747453746d74a068617574684461746159', 'hex'),
      Buffer.from([authData.length >> 8, authData.length & 255]),
      authData,
    ]);
    return this.#credential({
      clientDataJSON: b64(this.#clientData('webauthn.create', options, lie)),
      attestationObject: b64(attestation),
    });
  }

  /** What `navigator.credentials.get` gives. */
  get(options: object, lie: Lie = {}): object {
    const clientData = this.#clientData('webauthn.get', options, lie);
    const authData = this.#authenticatorData(0, lie);
    const signed = Buffer.concat([authData, sha256(clientData)]);
    return this.#credential({
      clientDataJSON: b64(clientData),
      authenticatorData: b64(authData),
      signature: b64(sign('sha256', signed, this.#private)),
    });
  }

  #authenticatorData(flags: number, lie: Lie, credential = Buffer.alloc(0)): Buffer {
    const verified = lie.isUserVerified === false ? 0 : 0x04;
    return Buffer.concat([
      sha256(lie.rpId ?? this.#rpId),
      Buffer.from([0x01 | verified | flags, 0, 0, 0, 0]),
      credential,
    ]);
  }

  #clientData(type: string, options: object, lie: Lie): Buffer {
    const { challenge } = options as Options; // made by the code under test
    const origin = lie.origin ?? this.#origin;
    return Buffer.from(
      JSON.stringify({ type, challenge: lie.challenge ?? challenge, origin, crossOrigin: false }),
    );
  }

  #credential(response: object): object {
    const { id } = this;
    return { id, rawId: id, type: 'public-key', response, clientExtensionResults: {} };
  }
}
