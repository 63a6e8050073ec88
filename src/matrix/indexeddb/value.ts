/**
 * Values as JSON text. What the wasm stores is plain data; anything that JSON would not give back
 * as it was is refused. The one exception is a property that is `undefined`: it is left out, which
 * the wasm reads alike. (V8's structured clone in a blob was measured too: slower, and a fifth more
 * memory.)
 */
import { refusal } from './refusal.ts';

/** Deeper values are refused, which also ends the walk through a value that contains itself. */
const MAX_DEPTH = 64;

/**
 * @throws DOMException `DataCloneError` for what has no clone, such as a function;
 * `NotSupportedError` for what has one but is no plain data, such as a Map or bytes.
 */
export function encodeValue(value: unknown): string {
  mustBePlain(value, 0);
  return JSON.stringify(value);
}

/**
 * A fresh copy of the value. Throws a SyntaxError when the text is not what `encodeValue` wrote.
 */
export const decodeValue = (text: string): unknown => JSON.parse(text);

function mustBePlain(value: unknown, depth: number): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return;
  if (typeof value === 'number' && Number.isFinite(value) && !Object.is(value, -0)) return;
  if (typeof value === 'function' || typeof value === 'symbol') {
    throw refusal('DataCloneError', `a ${typeof value} cannot be stored`);
  }
  if (!isPlainObject(value) || depth === MAX_DEPTH) {
    throw refusal('NotSupportedError', 'only plain data can be stored');
  }
  // `Array.from` makes the holes of a sparse array visible: as undefined, which is refused.
  const parts = Array.isArray(value) ? Array.from(value) : definedProperties(value);
  for (const part of parts) mustBePlain(part, depth + 1);
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}

const definedProperties = (value: object): unknown[] =>
  Object.values(value).filter((property) => property !== undefined);
