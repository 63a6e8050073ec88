/**
 * What a refusal spends for good, as fingerprints that are kept on record. A message that could not be
 * read when it was refused may be readable when it is delivered again: so it is not known by what was
 * in it, but by what the homeserver had shown of it.
 */
import { sha256, utf8 } from '../base/bytes.ts';
import type { Sighting } from './sighting.ts';

/** Each the first 16 bytes of a SHA-256, base64url. The input is described in the format of the log. */
export interface Fingerprints {
  /** The name under which it was delivered: another message under that name is not heard either. */
  readonly event: string;
  /**
   * Its ciphertext in its room, and its position in the session of its sender. The first alone would
   * miss a copy that was damaged on the way; the second counts for one sender only, or any member of
   * the room could spend what another one is yet to say.
   */
  readonly sealed: readonly string[];
}

export function fingerprintsOf({ room, event, sender, seen }: Sighting): Fingerprints {
  const name = fingerprint('event', room, event);
  if (seen.kind === 'clear') return { event: name, sealed: [] };
  const { session, index, ciphertext } = seen.kind === 'decrypted' ? seen.from : seen;
  const sealed = [fingerprint('ciphertext', room, ciphertext)];
  if (index !== undefined) sealed.push(fingerprint('position', room, sender, session, `${index}`));
  return { event: name, sealed };
}

const fingerprint = (...parts: readonly string[]): string =>
  Buffer.from(sha256(utf8(parts.join('\n'))).subarray(0, 16)).toString('base64url');
