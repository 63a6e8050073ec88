/**
 * The position of a Megolm message in its session, read from the ciphertext itself: the bindings do
 * not tell it. Format: version byte 3, then fields; the first is 0x08 and the index as a varint
 * (Megolm specification, "Message format"). Covered by the message's MAC and signature, so once a
 * message has decrypted, its index is the sender's.
 */
import { sha256Hex } from '../../base/bytes.ts';

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

/** What ends a message, and is not of its text: a MAC of 8 bytes and a signature of 64. */
const SEAL_BYTES = 72;

/** The same for every spelling of a ciphertext, and for one whose seal is another one. */
export const fingerprintOf = (ciphertext: string): string =>
  sha256Hex(Buffer.from(ciphertext, 'base64').subarray(0, -SEAL_BYTES));
