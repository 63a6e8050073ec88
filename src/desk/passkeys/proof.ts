/**
 * One question to a passkey, and what its answer proves. Each question has a nonce of its own that is
 * good for one answer; who asks holds the only reference to it.
 */
import { randomBytes } from 'node:crypto';
import type { Evidence } from '../../audit/body.ts';
import type { PersonName } from '../../base/ids.ts';
import { ok, type Result } from '../../base/result.ts';
import { makeChallenge, type Purpose } from '../../stepup/challenge.ts';
import {
  assertionOptions,
  type Credential,
  type RelyingParty,
  verifyAssertion,
} from '../../stepup/webauthn.ts';
import type { Desk } from '../desk.ts';

export interface PasskeyParts {
  readonly desk: Desk;
  readonly party: RelyingParty;
  /** For WebAuthn: always the same for a person, and another one in every installation. */
  readonly handleOf: (person: PersonName) => Uint8Array;
}

/** What the browser is to do: make a passkey, or use one. */
export interface Asked {
  readonly kind: 'create' | 'get';
  /** As `PublicKeyCredential.parse…OptionsFromJSON` takes them. */
  readonly options: object;
}

export type Taken =
  | { readonly kind: 'done'; readonly said: string }
  | { readonly kind: 'next'; readonly step: Step }
  /** It does not count; `why` is for the log. */
  | { readonly kind: 'refused'; readonly why: string };

/** A question, and what is to happen with the one answer that it takes. */
export interface Step {
  readonly asked: Asked;
  /** The answer and the remark are attacker-chosen. */
  take(answer: unknown, remark: string): Promise<Taken>;
}

export const passkeysOf = ({ standing }: Desk, person: PersonName): readonly Credential[] =>
  standing.passkeysOf(person).map(({ credential: id, key }) => ({ id, key }));

interface Question {
  readonly person: PersonName;
  readonly purpose: Purpose;
  /** Of what is being agreed to, hex. */
  readonly digest: string;
}

export interface Proof {
  readonly asked: Asked;
  /** Evidence that one of the person's passkeys has signed exactly this, with user verification. */
  verify(answer: unknown): Promise<Result<Evidence, string>>;
}

export async function askForProof(
  { desk, party }: PasskeyParts,
  { person, purpose, digest }: Question,
): Promise<Proof> {
  const nonce = randomBytes(32);
  const challenge = makeChallenge(purpose, nonce, digest);
  const options = await assertionOptions(party, challenge, passkeysOf(desk, person));
  return {
    asked: { kind: 'get', options },
    async verify(answer) {
      // Looked up anew: a passkey may have been taken from its person meanwhile.
      const given = await verifyAssertion(party, challenge, passkeysOf(desk, person), answer);
      if (!given.ok) return given;
      return ok({ kind: 'webauthn', nonce: nonce.toString('base64url'), ...given.value });
    },
  };
}
