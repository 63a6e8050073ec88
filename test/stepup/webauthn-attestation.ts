/** A registration that claims an attestation: asked for or not, one that does not hold is none. */
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import t from 'tap';
import { makeChallenge } from '../../src/stepup/challenge.ts';
import { type RelyingParty, verifyRegistration } from '../../src/stepup/webauthn.ts';

const PARTY: RelyingParty = { id: 'example.org', origin: 'https://ops.example.org' };
const CHALLENGE = makeChallenge('enrolment', Buffer.alloc(16, 1), 'd'.repeat(64));
const sha256 = (data: Uint8Array | string): Buffer => createHash('sha256').update(data).digest();
const b64 = (data: Uint8Array): string => Buffer.from(data).toString('base64url');

/** A self attestation (WebAuthn 3, 8.2): the new key signs for itself, or something else. */
function selfAttested(signed: 'what it should' | 'something else'): object {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const cose = Buffer.concat([
    Buffer.from('a5010203262001215820', 'hex'),
    Buffer.from(x, 'base64url'),
    Buffer.from('225820', 'hex'),
    Buffer.from(y, 'base64url'),
  ]);
  const id = randomBytes(16);
  const authData = Buffer.concat([
    ...[sha256(PARTY.id), Buffer.from([0x45, 0, 0, 0, 0])],
    ...[Buffer.alloc(16), Buffer.from([0, id.length]), id, cose],
  ]);
  const clientData = Buffer.from(
    JSON.stringify({ type: 'webauthn.create', challenge: b64(CHALLENGE), origin: PARTY.origin }),
  );
  const data = Buffer.concat([authData, sha256(signed === 'what it should' ? clientData : 'x')]);
  const signature = sign('sha256', data, privateKey);
  // {"fmt": "packed", "attStmt": {"alg": -7, "sig": signature}, "authData": authData}
  const attestation = Buffer.concat([
    Buffer.from('a363666d74667061636b65646761747453746d74a263616c672663736967', 'hex'),
    ...[Buffer.from([0x58, signature.length]), signature],
    ...[Buffer.from('68617574684461746159', 'hex')],
    ...[Buffer.from([authData.length >> 8, authData.length & 255]), authData],
  ]);
  return {
    ...{ id: b64(id), rawId: b64(id), type: 'public-key', clientExtensionResults: {} },
    response: { clientDataJSON: b64(clientData), attestationObject: b64(attestation) },
  };
}

t.test('one that holds is as good as none', async (t) => {
  const verified = await verifyRegistration(PARTY, CHALLENGE, selfAttested('what it should'));
  t.equal(verified.ok, true);
});

t.test('one that does not hold is no registration', async (t) => {
  const verified = await verifyRegistration(PARTY, CHALLENGE, selfAttested('something else'));
  t.strictSame(verified, { ok: false, error: 'the authenticator did not prove itself' });
});
