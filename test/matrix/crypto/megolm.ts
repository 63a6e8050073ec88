/** A Megolm message from the outside: where it stands in its session, and what makes two of them one. */
import t from 'tap';
import { describeCiphertext, readMessageIndex } from '../../../src/matrix/crypto/megolm.ts';

const [TEXT_BYTES, MAC_BYTES, SIGNATURE_BYTES] = [48, 8, 64];
const message = (text = 1, index = 5): Buffer =>
  Buffer.concat([
    Buffer.from([3, 0x08, index, 0x12, TEXT_BYTES]),
    Buffer.alloc(TEXT_BYTES, text),
    Buffer.alloc(MAC_BYTES, 7),
    Buffer.alloc(SIGNATURE_BYTES, text + index),
  ]);
const base64 = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '');
const ONE = describeCiphertext(base64(message()));

t.test('one ciphertext is the same, however it is spelled', async (t) => {
  t.strictSame([ONE.signature.length, ONE.text.length], [64, 64]);
  t.not(ONE.signature, ONE.text);
  const plain = base64(message());
  for (const spelled of [
    message().toString('base64'),
    message().toString('base64url'),
    `${plain.slice(0, 8)}\n${plain.slice(8)}`,
    `=${plain}`,
    `${plain.slice(0, 8)}=${plain.slice(8)}`,
  ])
    t.strictSame(describeCiphertext(spelled), ONE, spelled);
});

t.test('a copy that is damaged in one part is known by the others', async (t) => {
  const damaged = (at: number) => {
    const bytes = message();
    const place = at < 0 ? bytes.length + at : at;
    bytes.writeUInt8(bytes.readUInt8(place) ^ 1, place);
    const { signature, text } = describeCiphertext(base64(bytes));
    return [signature === ONE.signature, text === ONE.text];
  };
  for (const header of [0, 1, 2, 3, 4]) t.strictSame(damaged(header), [true, true]);
  t.strictSame(damaged(-(SIGNATURE_BYTES + MAC_BYTES + 1)), [true, false], 'the text');
  t.strictSame(damaged(-(SIGNATURE_BYTES + 1)), [true, true], 'the MAC');
  t.strictSame(damaged(-1), [false, true], 'the signature');
});

t.test('another message is another one', async (t) => {
  const other = describeCiphertext(base64(message(2)));
  t.not(other.signature, ONE.signature);
  t.not(other.text, ONE.text);
});

t.test('a position is read where it stands, and has one spelling', async (t) => {
  const indexOf = (...head: readonly number[]) =>
    readMessageIndex(base64(Buffer.concat([Buffer.from(head), Buffer.alloc(72)])));
  t.equal(indexOf(3, 0x08, 0), 0);
  t.equal(indexOf(3, 0x08, 0x80, 0x01), 128);
  t.equal(indexOf(3, 0x08, 0x80, 0x00), undefined, 'padded');
  t.equal(indexOf(4, 0x08, 1), undefined, 'of another version');
  t.equal(indexOf(3, 0x10, 1), undefined, 'another field first');
});
