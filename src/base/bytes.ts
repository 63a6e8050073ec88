/**
 * Bytes and their one canonical spelling. The only pure file that may import `node:crypto`: hashing is
 * computation, not I/O.
 */
import { hash } from 'node:crypto';

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

export const utf8 = (text: string): Uint8Array => Buffer.from(text, 'utf8');

/** SHA-256 of the concatenation of `parts`, 32 bytes. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  return hash('sha256', parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts), 'buffer');
}

export const sha256Hex = (data: Uint8Array | string): string => hash('sha256', data, 'hex');

export const toBase64 = (data: Uint8Array): string => Buffer.from(data).toString('base64');

/** Standard base64 with padding, one spelling per value; undefined for every other text. */
export function fromBase64(text: string): Uint8Array | undefined {
  const data = Buffer.from(text, 'base64');
  return data.toString('base64') === text ? data : undefined;
}

/**
 * RFC 8785 (JCS). ECMAScript already prints numbers and strings as the RFC asks and sorts by UTF-16
 * code unit, so what is left is the order of keys and the refusal of what JSON cannot carry.
 * Throws TypeError on a string with a lone surrogate, a number that is not finite, and on whatever is
 * no JSON at all, should a type have lied.
 */
export function canonicalJson(value: Json): string {
  if (typeof value === 'string') return canonicalString(value);
  if (value === null || typeof value === 'boolean' || Number.isFinite(value))
    return JSON.stringify(value);
  if (typeof value !== 'object') throw new TypeError(`JSON cannot carry ${String(value)}`);
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([k, v]) => `${canonicalString(k)}:${canonicalJson(v)}`).join(',')}}`;
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);

function canonicalString(text: string): string {
  if (!text.isWellFormed()) throw new TypeError('lone surrogate');
  return JSON.stringify(text);
}

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** The first `length` characters of `data` in Crockford's base 32, five bits each. */
export function crockford(data: Uint8Array, length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) {
    const bit = i * 5;
    const pair = ((data[bit >> 3] ?? 0) << 8) | (data[(bit >> 3) + 1] ?? 0);
    text += CROCKFORD[(pair >> (11 - (bit & 7))) & 31];
  }
  return text;
}
