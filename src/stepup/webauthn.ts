/**
 * Passkeys: options for the browser, and what its answers prove. The only importer of
 * @simplewebauthn/server. User verification is always demanded; attestation never, since who may enrol
 * is decided by other means. Answers are attacker-chosen.
 */
import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { err, ok, type Result } from '../base/result.ts';

/** Where the page is served from; passkeys belong to the RP id and work nowhere else. */
export interface RelyingParty {
  readonly id: string;
  /** `https://ops.example.org` */
  readonly origin: string;
}

export interface Credential {
  /** base64url. */
  readonly id: string;
  /** COSE public key, base64url. */
  readonly key: string;
}

const USER_VERIFICATION = 'required';
/** Ed25519, ECDSA on P-256, RSA: what authenticators have, without what Node calls experimental. */
const ALGORITHMS = [-8, -7, -257];
const NAME = 'Vaktrom';

export interface PasskeyUser {
  readonly name: string;
  /** At most 64 bytes that say nothing (WebAuthn, 14.6.1). A store keeps one passkey for a handle and party. */
  readonly handle: Uint8Array;
}

export const registrationOptions = (
  party: RelyingParty,
  user: PasskeyUser,
  challenge: Uint8Array,
  known: readonly Credential[],
): Promise<object> =>
  generateRegistrationOptions({
    rpName: NAME,
    rpID: party.id,
    userName: user.name,
    userID: new Uint8Array(user.handle),
    challenge: new Uint8Array(challenge),
    attestationType: 'none',
    supportedAlgorithmIDs: ALGORITHMS,
    excludeCredentials: known.map(({ id }) => ({ id })),
    authenticatorSelection: { userVerification: USER_VERIFICATION, residentKey: 'discouraged' },
  });

export const assertionOptions = (
  party: RelyingParty,
  challenge: Uint8Array,
  allowed: readonly Credential[],
): Promise<object> =>
  generateAuthenticationOptions({
    rpID: party.id,
    challenge: new Uint8Array(challenge),
    allowCredentials: allowed.map(({ id }) => ({ id })),
    userVerification: USER_VERIFICATION,
  });

export async function verifyRegistration(
  party: RelyingParty,
  challenge: Uint8Array,
  response: unknown,
): Promise<Result<Credential, string>> {
  try {
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: response as RegistrationResponseJSON, // checked field by field by the library
      expectedChallenge: Buffer.from(challenge).toString('base64url'),
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    });
    if (!verified) return err('the authenticator did not prove itself');
    const { id, publicKey } = registrationInfo.credential;
    return ok({ id, key: Buffer.from(publicKey).toString('base64url') });
  } catch (error) {
    return err(reasonOf(error));
  }
}

/** The parts of an assertion that let anybody check it again, all base64url. */
export interface Assertion {
  readonly credential: string;
  readonly clientData: string;
  readonly authenticatorData: string;
  readonly signature: string;
}

/** An assertion as a browser gave it, put together again from what was kept of it. */
export const formatAnswer = (assertion: Assertion): object => ({
  id: assertion.credential,
  rawId: assertion.credential,
  type: 'public-key',
  response: {
    clientDataJSON: assertion.clientData,
    authenticatorData: assertion.authenticatorData,
    signature: assertion.signature,
  },
  clientExtensionResults: {},
});

/** Holds the answer against one of the person's own credentials and against this very challenge. */
export async function verifyAssertion(
  party: RelyingParty,
  challenge: Uint8Array,
  credentials: readonly Credential[],
  response: unknown,
): Promise<Result<Assertion, string>> {
  const answer = response as AuthenticationResponseJSON; // checked field by field by the library
  const credential = credentials.find(({ id }) => id === answer?.id);
  if (!credential) return err('that passkey is not one of this person');
  try {
    const { verified } = await verifyAuthenticationResponse({
      response: answer,
      expectedChallenge: Buffer.from(challenge).toString('base64url'),
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      // Passkeys that are synced count nothing; what is spent once here is the nonce.
      credential: {
        id: credential.id,
        publicKey: Buffer.from(credential.key, 'base64url'),
        counter: 0,
      },
      requireUserVerification: true,
    });
    if (!verified) return err('the signature is not of that passkey');
    const { clientDataJSON, authenticatorData, signature } = answer.response;
    return ok({
      credential: credential.id,
      clientData: clientDataJSON,
      authenticatorData,
      signature,
    });
  } catch (error) {
    return err(reasonOf(error));
  }
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : 'not an answer';
