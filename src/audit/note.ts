/**
 * Signed notes, C2SP signed-note.md: a text, a blank line, and signature lines
 * `— <name> <base64(key id ‖ signature)>`. Only Ed25519 (type 0x01) is made and checked here; lines
 * of other keys are left alone, so that witnesses can add theirs.
 */
import { fromBase64, sha256, toBase64, utf8 } from '../base/bytes.ts';
import { err, ok, type Result } from '../base/result.ts';

const ED25519 = 0x01;
const DASH = '— ';

export interface VerifierKey {
  readonly name: string;
  /** Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
}

export interface Signer extends VerifierKey {
  /** The detached Ed25519 signature of `message`, 64 bytes. */
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** Checks a detached Ed25519 signature. */
export type VerifySignature = (
  signature: Uint8Array,
  message: Uint8Array,
  publicKey: Uint8Array,
) => boolean;

/** A text that stands under a good signature of `signedBy`. Only `openNote` makes one. */
export interface OpenedNote {
  readonly text: string;
  readonly signedBy: string;
}

/** Key names hold neither spaces nor plus signs. */
export const isKeyName = (name: string): boolean => /^[^\s+]+$/u.test(name);

function keyId({ name, publicKey }: VerifierKey): Uint8Array {
  return sha256(utf8(`${name}\n`), Uint8Array.of(ED25519), publicKey).subarray(0, 4);
}

/** `name+keyid+base64(0x01 ‖ key)`: how a public key is handed around. */
export function formatVerifierKey(key: VerifierKey): string {
  const bytes = Buffer.concat([Uint8Array.of(ED25519), key.publicKey]);
  return `${key.name}+${Buffer.from(keyId(key)).toString('hex')}+${toBase64(bytes)}`;
}

export function parseVerifierKey(text: string): Result<VerifierKey, string> {
  const [, name = '', id, data = ''] =
    /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text) ?? [];
  const bytes = fromBase64(data);
  if (!isKeyName(name) || bytes?.length !== 33 || bytes[0] !== ED25519)
    return err('is not an Ed25519 verifier key (name+id+base64)');
  const key = { name, publicKey: bytes.subarray(1) };
  return Buffer.from(keyId(key)).toString('hex') === id
    ? ok(key)
    : err('has a key id that is not of this name and key');
}

/** Signs `text`, which has to end in a newline and hold no control character but newlines. */
export function formatNote(text: string, signer: Signer): string {
  if (!text.endsWith('\n') || /[^\P{Cc}\n]/u.test(text)) throw new RangeError('not a note text');
  const signature = Buffer.concat([keyId(signer), signer.sign(utf8(text))]);
  return `${text}\n${DASH}${signer.name} ${toBase64(signature)}\n`;
}

/**
 * The text of a note that `key` has signed. A missing signature, a bad one and a malformed line are all
 * refusals; lines of other keys are ignored. The note is attacker-chosen.
 */
export function openNote(
  note: string,
  key: VerifierKey,
  verify: VerifySignature,
): Result<OpenedNote, string> {
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n')) return err('is not a signed note');
  const text = note.slice(0, split + 1);
  const id = Buffer.from(keyId(key));
  let signed = false;
  for (const line of note.slice(split + 2, -1).split('\n')) {
    const [, name, data = ''] = /^— (\S+) (\S+)$/.exec(line) ?? [];
    const bytes = fromBase64(data);
    if (name === undefined || !bytes || bytes.length < 5)
      return err('has a malformed signature line');
    if (name !== key.name || !id.equals(bytes.subarray(0, 4))) continue;
    if (!verify(bytes.subarray(4), utf8(text), key.publicKey))
      return err(`has a bad signature of ${name}`);
    signed = true;
  }
  return signed ? ok({ text, signedBy: key.name }) : err(`is not signed by ${key.name}`);
}
