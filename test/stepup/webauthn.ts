import t from 'tap';
import { makeChallenge } from '../../src/stepup/challenge.ts';
import {
  assertionOptions,
  type Credential,
  formatAnswer,
  type RelyingParty,
  registrationOptions,
  verifyAssertion,
  verifyRegistration,
} from '../../src/stepup/webauthn.ts';
import { type Lie, SoftPasskey } from '../support/soft-passkey.ts';

const PARTY: RelyingParty = { id: 'example.org', origin: 'https://ops.example.org' };
const CHALLENGE = makeChallenge('stepup', Buffer.alloc(16, 1), 'd'.repeat(64));
const OTHER = makeChallenge('approval', Buffer.alloc(16, 1), 'd'.repeat(64));

/** What makes an answer worth nothing, whichever of the two it is. */
const LIES: Readonly<Record<string, Lie>> = {
  'another page': { origin: 'https://ops.example.org.evil.test' },
  'a page without TLS': { origin: 'http://ops.example.org' },
  'another relying party': { rpId: 'evil.test' },
  'nobody who was verified': { isUserVerified: false },
  'another challenge': { challenge: Buffer.from(OTHER).toString('base64url') },
};
const NO_ANSWERS = [undefined, null, 7, 'x', {}, [], { id: 'x' }, { id: {}, response: 1 }];

const ALICE = { name: 'alice', handle: Buffer.from('handle') };

async function enrol(passkey: SoftPasskey, lie: Lie = {}) {
  const options = await registrationOptions(PARTY, ALICE, CHALLENGE, []);
  return verifyRegistration(PARTY, CHALLENGE, passkey.create(options, lie));
}

async function enrolled(): Promise<{ passkey: SoftPasskey; credential: Credential }> {
  const passkey = new SoftPasskey(PARTY);
  const credential = await enrol(passkey);
  if (!credential.ok) throw new Error(credential.error);
  return { passkey, credential: credential.value };
}

t.test('a new passkey is known by its id and public key', async (t) => {
  const { passkey, credential } = await enrolled();
  t.equal(credential.id, passkey.id);
  t.match(credential.key, /^[A-Za-z0-9_-]{100,}$/);
});

for (const [what, lie] of Object.entries(LIES))
  t.test(`a registration by ${what} is none`, async (t) => {
    t.match(await enrol(new SoftPasskey(PARTY), lie), { ok: false });
  });

t.test(
  'a browser is asked for the right person, and not for a passkey that is there',
  async (t) => {
    const known = { id: 'AAAA', key: 'k' };
    t.hasStrict(await registrationOptions(PARTY, ALICE, CHALLENGE, [known]), {
      rp: { id: 'example.org', name: 'Vaktrom' },
      user: { name: 'alice', id: Buffer.from('handle').toString('base64url') },
      challenge: Buffer.from(CHALLENGE).toString('base64url'),
      attestation: 'none',
      excludeCredentials: [{ id: 'AAAA' }],
      authenticatorSelection: { userVerification: 'required' },
    });
    t.hasStrict(await assertionOptions(PARTY, CHALLENGE, [known]), {
      ...{ rpId: 'example.org', userVerification: 'required', allowCredentials: [{ id: 'AAAA' }] },
      challenge: Buffer.from(CHALLENGE).toString('base64url'),
    });
  },
);

async function assert(lie: Lie = {}) {
  const { passkey, credential } = await enrolled();
  const options = await assertionOptions(PARTY, CHALLENGE, [credential]);
  const answer = passkey.get(options, lie);
  return {
    answer,
    credential,
    verified: await verifyAssertion(PARTY, CHALLENGE, [credential], answer),
  };
}

t.test('an assertion proves itself, and what is kept of it proves it again', async (t) => {
  const { answer, credential, verified } = await assert();
  if (!verified.ok) throw new Error(verified.error);
  t.equal(verified.value.credential, credential.id);
  t.strictSame(formatAnswer(verified.value), answer);
  const again = await verifyAssertion(PARTY, CHALLENGE, [credential], formatAnswer(verified.value));
  t.strictSame(again, verified);
});

for (const [what, lie] of Object.entries(LIES))
  t.test(`an assertion by ${what} is none`, async (t) => {
    t.match((await assert(lie)).verified, { ok: false });
  });

t.test('an assertion is of one passkey, of one person, and for one thing', async (t) => {
  const { answer, credential } = await assert();
  const { credential: other } = await enrolled();
  const verify = (challenge: Uint8Array, known: readonly Credential[]) =>
    verifyAssertion(PARTY, challenge, known, answer);
  t.match(await verify(CHALLENGE, [other, credential]), { ok: true });
  t.match(await verify(OTHER, [credential]), { ok: false });
  t.strictSame(await verify(CHALLENGE, [other]), {
    ...{ ok: false, error: 'that passkey is not one of this person' },
  });
  t.match(await verify(CHALLENGE, []), { ok: false });
  const swapped = { id: credential.id, key: other.key };
  t.strictSame(await verify(CHALLENGE, [swapped]), {
    ...{ ok: false, error: 'the signature is not of that passkey' },
  });
});

t.test('what is no answer is refused, and nothing is thrown', async (t) => {
  const { credential } = await enrolled();
  for (const answer of [
    ...NO_ANSWERS,
    { id: credential.id },
    { id: credential.id, response: {} },
  ]) {
    const text = JSON.stringify(answer);
    t.match(await verifyAssertion(PARTY, CHALLENGE, [credential], answer), { ok: false }, text);
    t.match(await verifyRegistration(PARTY, CHALLENGE, answer), { ok: false }, text);
  }
});
