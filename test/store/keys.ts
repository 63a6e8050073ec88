import { createPublicKey, verify as nodeVerify } from 'node:crypto';
import t from 'tap';
import { Fatal } from '../../src/base/errors.ts';
import {
  keyedHash,
  makeSigningKey,
  randomSecret,
  readSigningKey,
  seal,
  unseal,
  verifySignature,
} from '../../src/store/keys.ts';
import { SIGNING_KEY } from '../support/signer.ts';

const MESSAGE = Buffer.from('a message');

t.test('a new key signs, and what it signs is verified here and elsewhere', async (t) => {
  const { name, publicKey, sign } = readSigningKey(makeSigningKey('log.example/a'));
  t.equal(name, 'log.example/a');
  const signature = sign(MESSAGE);
  t.ok(verifySignature(signature, MESSAGE, publicKey));
  const x = Buffer.from(publicKey).toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  t.ok(nodeVerify(null, MESSAGE, key, signature), 'by OpenSSL');
});

t.test('a signature is of one message, by one key, and whole', async (t) => {
  const { publicKey, sign } = readSigningKey(SIGNING_KEY);
  const other = readSigningKey(makeSigningKey('log.example/a'));
  const signature = sign(MESSAGE);
  t.notOk(verifySignature(signature, Buffer.from('a massage'), publicKey));
  t.notOk(verifySignature(signature, MESSAGE, other.publicKey));
  t.notOk(verifySignature(signature.subarray(1), MESSAGE, publicKey));
  t.notOk(verifySignature(new Uint8Array(0), MESSAGE, publicKey));
  t.notOk(verifySignature(Buffer.concat([signature, signature]), MESSAGE, publicKey));
});

t.test('no two keys are the same', async (t) => {
  t.not(makeSigningKey('a'), makeSigningKey('a'));
  t.notSame(randomSecret(32), randomSecret(32));
  t.equal(randomSecret(32).length, 32);
});

t.test('a key is read with the newline of its file', async (t) => {
  t.same(readSigningKey(`${SIGNING_KEY}\n`).publicKey, readSigningKey(SIGNING_KEY).publicKey);
});

t.test('a damaged key is refused, and no part of it is told', async (t) => {
  const damaged = [
    '',
    'PRIVATE+KEY+',
    SIGNING_KEY.slice(0, -1),
    SIGNING_KEY.replace('PRIVATE', 'PUBLIC'),
    SIGNING_KEY.replace('log', 'lag'),
    SIGNING_KEY.replace('3bfe53c7', '3bfe53c8'),
    SIGNING_KEY.replace('AZyw', 'BZyw'),
    SIGNING_KEY.replace('AZyw', 'AZyx'),
    SIGNING_KEY.replace('test.example', 'test example'),
  ];
  for (const text of damaged)
    try {
      readSigningKey(text);
      t.fail(`was taken: ${text}`);
    } catch (error) {
      t.has(error, { name: 'Fatal', code: 'key_unreadable' });
      t.ok(error instanceof Fatal && !error.message.includes('AZyw') && error.cause === undefined);
    }
});

t.test('a log is not given a name that its notes could not hold', async (t) => {
  for (const name of ['', 'a b', 'a+b', 'a\n']) t.throws(() => makeSigningKey(name), RangeError);
});

t.test('a keyed hash is the same for one key and text, and for no other', async (t) => {
  const [one, other] = [randomSecret(32), randomSecret(32)];
  const hex = (key: Uint8Array, text: string) => Buffer.from(keyedHash(key, text)).toString('hex');
  t.equal(hex(one, 'alice').length, 64);
  t.equal(hex(one, 'alice'), hex(one, 'alice'));
  t.equal(new Set([hex(one, 'alice'), hex(one, 'bob'), hex(other, 'alice')]).size, 3);
});

t.test('what is sealed opens under its key, and is another text each time', async (t) => {
  const key = randomSecret(32);
  for (const text of ['', 'GEZDGNBVGY3TQOJQ', 'é☃'.repeat(1000)]) {
    const sealed = seal(key, text, 'alice');
    t.equal(unseal(key, sealed, 'alice'), text);
    t.not(seal(key, text, 'alice'), sealed);
    if (text !== '') t.notOk(Buffer.from(sealed, 'base64').includes(text));
  }
});

t.test('what was changed, cut or sealed under another key does not open', async (t) => {
  const key = randomSecret(32);
  const sealed = seal(key, 'GEZDGNBVGY3TQOJQ', 'alice');
  const bytes = Buffer.from(sealed, 'base64');
  const flipped = (at: number) => Buffer.from(bytes.map((b, i) => (i === at ? b ^ 1 : b)));
  const wrong = [
    ...['', '!', sealed.slice(0, -1), ` ${sealed}`, bytes.subarray(1).toString('base64')],
    ...[0, 23, 24, bytes.length - 1].map((at) => flipped(at).toString('base64')),
  ];
  for (const text of wrong)
    t.throws(() => unseal(key, text, 'alice'), { code: /^key_unreadable$/ }, text);
  t.throws(() => unseal(randomSecret(32), sealed, 'alice'), { code: /^key_unreadable$/ });
  t.throws(
    () => unseal(key, sealed, 'bob'),
    { code: /^key_unreadable$/ },
    'nor as that of another',
  );
  t.throws(() => unseal(randomSecret(16), sealed, 'alice'), { code: /^key_unreadable$/ });
});
