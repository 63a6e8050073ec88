/**
 * Spans of encoded keys. To SQLite every query, a single key included, is one half-open span, so
 * that each statement needs only one shape.
 */

/** Encoded keys from `low`, included, to `high`, excluded. */
export interface Span {
  readonly low: Uint8Array;
  readonly high: Uint8Array;
}

/** The first byte of an encoded key is a tag between these. */
export const EVERYTHING: Span = { low: Uint8Array.of(), high: Uint8Array.of(0xff) };

/** The smallest byte string that sorts after `key`. */
export const successor = (key: Uint8Array): Uint8Array => Buffer.concat([key, Uint8Array.of(0)]);

export const spanOfOne = (key: Uint8Array): Span => ({ low: key, high: successor(key) });
