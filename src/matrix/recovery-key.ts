/**
 * A recovery key as people keep it (Matrix specification, "Recovery key"): two fixed bytes, 32 of the
 * key, one of parity, in Bitcoin's base 58 and in groups of four. Other clients take it, too.
 */
import { err, ok, type Result } from '../base/result.ts';

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const PREFIX = [0x8b, 0x01] as const;
const KEY_BYTES = 32;

const parityOf = (bytes: Iterable<number>): number => [...bytes].reduce((sum, b) => sum ^ b, 0);

/** `key`: 32 bytes. */
export function formatRecoveryKey(key: Uint8Array): string {
  const body = [...PREFIX, ...key];
  let number = BigInt(`0x${Buffer.from([...body, parityOf(body)]).toString('hex')}`);
  let digits = '';
  for (; number > 0n; number /= 58n) digits = ALPHABET.charAt(Number(number % 58n)) + digits;
  return (digits.match(/.{1,4}/g) ?? []).join(' ');
}

/** Spaces are for reading only. The message never repeats what was typed. */
export function parseRecoveryKey(typed: string): Result<Uint8Array, string> {
  const digits = typed.replace(/\s+/g, '');
  if (digits.length > 64) return err('it is too long for a recovery key');
  let number = 0n;
  for (const digit of digits) {
    const value = ALPHABET.indexOf(digit);
    if (value < 0) return err('it has a character that no recovery key has');
    number = number * 58n + BigInt(value);
  }
  const hex = number.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  if (bytes.length !== PREFIX.length + KEY_BYTES + 1 || parityOf(bytes) !== 0)
    return err('it is mistyped or incomplete');
  if (bytes[0] !== PREFIX[0] || bytes[1] !== PREFIX[1]) return err('it is not a recovery key');
  return ok(bytes.subarray(PREFIX.length, -1));
}
