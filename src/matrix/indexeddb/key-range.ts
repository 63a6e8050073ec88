/** What a query selects: a key, a range of keys, or everything. */
import { encodeKey } from './key.ts';
import { refusal } from './refusal.ts';
import { EVERYTHING, type Span, spanOfOne, successor } from './span.ts';

/**
 * The standard's class, made by its static methods, whose parameters it sets. `open`: without the
 * bound itself.
 */
export class IDBKeyRange {
  readonly span: Span;

  private constructor(low: Uint8Array, high: Uint8Array) {
    this.span = { low, high };
  }

  static lowerBound(lower: unknown, open = false): IDBKeyRange {
    return new IDBKeyRange(lowEnd(encodeKey(lower), open), EVERYTHING.high);
  }

  static upperBound(upper: unknown, open = false): IDBKeyRange {
    return new IDBKeyRange(EVERYTHING.low, highEnd(encodeKey(upper), open));
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
  if (query === undefined || query === null) return EVERYTHING;
  return query instanceof IDBKeyRange ? query.span : spanOfOne(encodeKey(query));
}

/** As `spanOf`, where the standard demands a query. */
export function requiredSpanOf(query: unknown): Span {
  if (query === undefined || query === null) throw refusal('DataError', 'a query is required');
  return spanOf(query);
}
