import t from 'tap';
import { isKeyOf, keyCheck, openSecret, sealSecret } from '../../src/matrix/secret-seal.ts';

const key = new Uint8Array(32).fill(1);
const other = new Uint8Array(32).fill(2);

t.test('a secret opens with its key under its name, and no other way', async (t) => {
  const sealed = { ...sealSecret(key, 'm.name', 'the secret') };
  t.equal(openSecret(key, 'm.name', sealed), 'the secret');
  t.equal(openSecret(other, 'm.name', sealed), undefined);
  t.equal(openSecret(key, 'm.other', sealed), undefined);
  t.notSame(sealSecret(key, 'm.name', 'the secret'), sealed, 'never sealed the same way twice');
});

t.test('what was changed does not open, and what is nonsense does no harm', async (t) => {
  const sealed = { ...sealSecret(key, 'm.name', 'the secret') };
  const flipped = Buffer.from(sealed.ciphertext, 'base64');
  flipped[0] = (flipped[0] ?? 0) ^ 1;
  for (const change of [
    { ciphertext: flipped.toString('base64') },
    { iv: '' },
    { iv: 7 },
    { mac: '' },
    { mac: null },
    { ciphertext: {} },
  ])
    t.equal(openSecret(key, 'm.name', { ...sealed, ...change }), undefined);
});

t.test('a key is told from another by its check', async (t) => {
  const check = { ...keyCheck(key) };
  t.ok(isKeyOf(key, check));
  t.notOk(isKeyOf(other, check));
  t.notOk(isKeyOf(key, { ...check, iv: 'AAAA' }));
  t.notOk(isKeyOf(key, {}));
});
