/**
 * What a query selects. To SQLite every query, a single key included, is one half-open span of encoded
 * keys, so that each statement needs only one shape.
 */
import { AFTER_ALL_KEYS, BEFORE_ALL_KEYS, encodeKey, successor } from './key.ts';
import { refusal } from './refusal.ts';

/** Encoded keys from `low`, included, to `high`, excluded. */
export interface Span {
  readonly low: Uint8Array;
  readonly high: Uint8Array;
}

/** The standard's class, made by its static methods. `open` means without the bound itself. */
export class IDBKeyRange {
  readonly span: Span;

  private constructor(low: Uint8Array, high: Uint8Array) {
    this.span = { low, high };
  }

  static only(key: unknown): IDBKeyRange {
    return IDBKeyRange.bound(key, key);
  }

  static lowerBound(lower: unknown, open = false): IDBKeyRange {
    return new IDBKeyRange(lowEnd(encodeKey(lower), open), AFTER_ALL_KEYS);
  }

  static upperBound(upper: unknown, open = false): IDBKeyRange {
    return new IDBKeyRange(BEFORE_ALL_KEYS, highEnd(encodeKey(upper), open));
  }

  /** @throws DOMException `DataError` for a range that cannot hold a key. */
  static bound(lower: unknown, upper: unknown, lowerOpen = false, upperOpen = false): IDBKeyRange {
    const low = lowEnd(encodeKey(lower), lowerOpen);
    const high = highEnd(encodeKey(upper), upperOpen);
    if (Buffer.compare(low, high) >= 0) throw refusal('DataError', 'an empty key range');
    return new IDBKeyRange(low, high);
  }
}

const lowEnd = (key: Uint8Array, open: boolean): Uint8Array => (open ? successor(key) : key);
const highEnd = (key: Uint8Array, open: boolean): Uint8Array => (open ? key : successor(key));

/** The span of a key or of a range; of everything when there is no query. */
export function spanOf(query: unknown): Span {
  if (query === undefined || query === null) return { low: BEFORE_ALL_KEYS, high: AFTER_ALL_KEYS };
  return query instanceof IDBKeyRange ? query.span : IDBKeyRange.only(query).span;
}

/** As `spanOf`, where the standard demands a query. */
export function requiredSpanOf(query: unknown): Span {
  if (query === undefined || query === null) throw refusal('DataError', 'a query is required');
  return spanOf(query);
}
