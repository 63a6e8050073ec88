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
  /** The account in this room: spent once more of it was refused than can be kept one by one. */
  readonly account: string;
  /**
   * Its signature, its text and its position, each by itself: a copy that is damaged in one of them is
   * still known by the others. Only the signature counts for every sender: text and position are known
   * to all who have the key of the session, who could spend what another one is yet to say.
   */
  readonly sealed: readonly string[];
}

export function fingerprintsOf({ room, event, sender, seen }: Sighting): Fingerprints {
  const names = {
    event: fingerprint('event', room, event),
    account: fingerprint('account', room, sender),
  };
  if (seen.kind === 'clear') return { ...names, sealed: [] };
  const { session, index, ciphertext } = seen.kind === 'decrypted' ? seen.from : seen;
  const { signature, text } = ciphertext;
  const sealed = [
    fingerprint('signature', room, signature),
    fingerprint('text', room, sender, text),
  ];
  if (index !== undefined) sealed.push(fingerprint('position', room, sender, session, `${index}`));
  return { ...names, sealed };
}

const fingerprint = (...parts: readonly string[]): string =>
  Buffer.from(sha256(utf8(parts.join('\n'))).subarray(0, 16)).toString('base64url');
