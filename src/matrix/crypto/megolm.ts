/**
 * The position of a Megolm message in its session, read from the ciphertext itself: the bindings do
 * not tell it. Format: version byte 3, then fields; the first is 0x08 and the index as a varint
 * (Megolm specification, "Message format"). Covered by the message's MAC and signature, so once a
 * message has decrypted, its index is the sender's.
 */
import { sha256Hex } from '../../base/bytes.ts';
import type { Ciphertext } from '../../trust/sighting.ts';

export function readMessageIndex(ciphertext: string): number | undefined {
  const bytes = Buffer.from(ciphertext, 'base64');
  if (bytes[0] !== 3 || bytes[1] !== 0x08) return undefined;
  let index = 0;
  for (let i = 0; i < 5; i++) {
    const byte = bytes[2 + i];
    if (byte === undefined) return undefined;
    index += (byte & 0x7f) * 2 ** (7 * i);
    // A padded varint would be a second spelling of the same index.
    if (byte < 0x80) return byte === 0 && i > 0 ? undefined : index;
  }
  return undefined;
}

/** A message ends with a MAC of 8 bytes and a signature of 64. */
const [MAC_BYTES, SIGNATURE_BYTES] = [8, 64];
/** Two blocks of AES: in CBC they depend on all the text before them, and on no header. */
const END_BYTES = 32;

/** Takes any bytes: what was damaged on the way is to be known again by what was not. */
export function describeCiphertext(ciphertext: string): Ciphertext {
  // Node stops at the first "=": what stands behind it would have no hash.
  const bytes = Buffer.from(ciphertext.replaceAll('=', ''), 'base64');
  const text = bytes.subarray(0, -(MAC_BYTES + SIGNATURE_BYTES));
  return {
    signature: sha256Hex(bytes.subarray(-SIGNATURE_BYTES)),
    text: sha256Hex(text.subarray(-END_BYTES)),
  };
}
