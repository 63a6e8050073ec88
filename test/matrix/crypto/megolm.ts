/** A Megolm message from the outside: where it stands in its session, and what makes two of them one. */
import t from 'tap';
import { fingerprintOf, readMessageIndex } from '../../../src/matrix/crypto/megolm.ts';

const SEAL = Buffer.alloc(72, 7);
const sealed = (...head: readonly number[]): Buffer => Buffer.concat([Buffer.from(head), SEAL]);
const base64 = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '');

const MESSAGE = sealed(3, 0x08, 5, 0x12, 2, 0xff, 0xfe);

t.test('one ciphertext has one fingerprint, however it is spelled and sealed', async (t) => {
  const one = fingerprintOf(base64(MESSAGE));
  t.equal(one.length, 64);
  t.equal(fingerprintOf(MESSAGE.toString('base64')), one, 'padded');
  t.equal(fingerprintOf(MESSAGE.toString('base64url')), one, 'in the other alphabet');
  t.equal(fingerprintOf(`${base64(MESSAGE).slice(0, 8)}\n${base64(MESSAGE).slice(8)}`), one);
  const otherSeal = Buffer.concat([MESSAGE.subarray(0, -72), Buffer.alloc(72, 8)]);
  t.equal(fingerprintOf(base64(otherSeal)), one, 'with another seal');
});

t.test('another text, or another position, has another one', async (t) => {
  const all = [MESSAGE, sealed(3, 0x08, 6, 0x12, 2, 0xff, 0xfe), sealed(3, 0x08, 5, 0x12, 1, 0xff)];
  t.equal(new Set(all.map((one) => fingerprintOf(base64(one)))).size, all.length);
});

t.test('a position is read where it stands, and has one spelling', async (t) => {
  const indexOf = (...head: readonly number[]) => readMessageIndex(base64(sealed(...head)));
  t.equal(indexOf(3, 0x08, 0), 0);
  t.equal(indexOf(3, 0x08, 0x80, 0x01), 128);
  t.equal(indexOf(3, 0x08, 0x80, 0x00), undefined, 'padded');
  t.equal(indexOf(4, 0x08, 1), undefined, 'of another version');
  t.equal(indexOf(3, 0x10, 1), undefined, 'another field first');
});
