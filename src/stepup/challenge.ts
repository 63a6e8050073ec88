/**
 * What a passkey signs: a challenge that is made of the request's digest, so that an assertion for one
 * request is worth nothing for another, whatever the page that asked for it showed.
 */
import { canonicalJson, sha256, sha256Hex, utf8 } from '../base/bytes.ts';

const DOMAIN = 'vaktrom/webauthn/v1';

/**
 * What is being said: this is my request; I sign it off; I deny it; that passkey is mine. An assertion
 * for the one is worth nothing for the other.
 */
export type Purpose = 'stepup' | 'approval' | 'denial' | 'enrolment';

/** 32 bytes: SHA-256 over domain, purpose, nonce and digest, each with its length. */
export function makeChallenge(purpose: Purpose, nonce: Uint8Array, digest: string): Uint8Array {
  const parts = [utf8(DOMAIN), utf8(purpose), nonce, Buffer.from(digest, 'hex')];
  return sha256(...parts.flatMap((part) => [Uint8Array.of(part.length), part]));
}

/**
 * Stands for the passkey that is to be enrolled, hex: what an earlier passkey of the same person signs
 * to vouch for it.
 */
export const digestOfPasskey = (person: string, { id, key }: Passkey): string =>
  sha256Hex(canonicalJson({ v: 1, person, credential: id, key }));

/** Stands for the wish to enrol one: what the new passkey itself signs. */
export const digestOfEnrolment = (person: string): string =>
  sha256Hex(canonicalJson({ v: 1, person, enrols: 'passkey' }));

interface Passkey {
  readonly id: string;
  readonly key: string;
}
