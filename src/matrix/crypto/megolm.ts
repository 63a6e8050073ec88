/**
 * The position of a Megolm message in its session, read from the ciphertext itself: the bindings do
 * not tell it. Format: version byte 3, then fields; the first is 0x08 and the index as a varint
 * (Megolm specification, "Message format"). Covered by the message's MAC and signature, so once a
 * message has decrypted, its index is the sender's.
 */
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
