/**
 * Keys as bytes that SQLite can sort: comparing two encodings byte by byte gives the order of the
 * keys in W3C IndexedDB 3.0, section 2.4 (number < string < array; strings by UTF-16 code unit),
 * and equal keys have equal encodings. The bytes can be read back, so a key is stored once. Dates
 * and binary keys are outside the subset.
 */
import { refusal } from './refusal.ts';

export type Key = number | string | readonly Key[];

const END = 0x00;
const ESCAPE = 0x01;
const NUMBER = 0x10;
const STRING = 0x30;
const ARRAY = 0x50;

/** Deeper arrays are refused, which also ends the walk through an array that contains itself. */
const MAX_DEPTH = 16;

/**
 * @throws DOMException `DataError` when `key` is no key, `NotSupportedError` for a Date or bytes.
 */
export function encodeKey(key: unknown): Uint8Array {
  const out: number[] = [];
  writeKey(out, key, 0);
  return Uint8Array.from(out);
}

/** The key that was encoded. Throws an Error when the bytes are not what `encodeKey` writes. */
export function decodeKey(bytes: Uint8Array): Key {
  const reader = { bytes, at: 0 };
  const key = readKey(reader, nextByte(reader));
  if (reader.at !== bytes.length) throw new Error('bytes after the end of a stored key');
  return key;
}

function writeKey(out: number[], key: unknown, depth: number): void {
  if (typeof key === 'number' && !Number.isNaN(key)) writeNumber(out, key);
  else if (typeof key === 'string') writeString(out, key);
  else if (Array.isArray(key) && depth < MAX_DEPTH) writeArray(out, key, depth);
  else if (key instanceof Date || key instanceof ArrayBuffer || ArrayBuffer.isView(key))
    throw refusal('NotSupportedError', 'a key that is a Date or binary');
  else throw refusal('DataError', 'not a valid key');
}

function writeNumber(out: number[], number: number): void {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(number === 0 ? 0 : number); // -0 and 0 are one key
  toggleSign(bytes, number >= 0);
  out.push(NUMBER, ...bytes);
}

/**
 * Between IEEE 754 big endian and bytes in numerical order, in both directions: a positive number
 * has its sign bit set, a negative one all its bits inverted.
 */
function toggleSign(bytes: Uint8Array, positive: boolean): void {
  for (const [i, byte] of bytes.entries()) {
    bytes[i] = positive ? byte ^ (i === 0 ? 0x80 : 0) : byte ^ 0xff;
  }
}

/**
 * Each UTF-16 code unit as UTF-8 would write it, surrogates included (CESU-8), because UTF-8 proper
 * sorts U+10000 after U+FFFF and IndexedDB before it. 0 and 1 are escaped so that 0 can end the
 * string.
 */
function writeString(out: number[], text: string): void {
  out.push(STRING);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit <= ESCAPE) out.push(ESCAPE, unit + 1);
    else if (unit < 0x80) out.push(unit);
    else if (unit < 0x800) out.push(0xc0 | (unit >> 6), 0x80 | (unit & 0x3f));
    else out.push(0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f));
  }
  out.push(END);
}

function writeArray(out: number[], keys: readonly unknown[], depth: number): void {
  out.push(ARRAY);
  for (const key of keys) writeKey(out, key, depth + 1);
  out.push(END);
}

interface Reader {
  readonly bytes: Uint8Array;
  at: number;
}

function nextByte(reader: Reader): number {
  const byte = reader.bytes[reader.at++];
  if (byte === undefined) throw new Error('a stored key is cut short');
  return byte;
}

function readKey(reader: Reader, tag: number): Key {
  if (tag === NUMBER) return readNumber(reader);
  if (tag === STRING) return readString(reader);
  if (tag === ARRAY) return readArray(reader);
  throw new Error(`a stored key has the unknown tag ${tag}`);
}

function readNumber(reader: Reader): number {
  const bytes = Buffer.alloc(8);
  for (let i = 0; i < 8; i++) bytes[i] = nextByte(reader);
  toggleSign(bytes, bytes.readUInt8() >= 0x80);
  return bytes.readDoubleBE();
}

function readString(reader: Reader): string {
  let text = '';
  for (let byte = nextByte(reader); byte !== END; byte = nextByte(reader)) {
    text += String.fromCharCode(readUnit(reader, byte));
  }
  return text;
}

function readUnit(reader: Reader, first: number): number {
  if (first === ESCAPE) return nextByte(reader) - 1;
  if (first < 0x80) return first;
  const second = nextByte(reader) & 0x3f;
  if (first < 0xe0) return ((first & 0x1f) << 6) | second;
  return ((first & 0x0f) << 12) | (second << 6) | (nextByte(reader) & 0x3f);
}

function readArray(reader: Reader): readonly Key[] {
  const keys: Key[] = [];
  for (let tag = nextByte(reader); tag !== END; tag = nextByte(reader)) {
    keys.push(readKey(reader, tag));
  }
  return keys;
}
