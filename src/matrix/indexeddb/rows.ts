/** What an object store and an index are to a query: rows in the order of their keys. */
import type { Span } from './span.ts';

export interface Row {
  /** The encoded key by which the source is sorted: an index key, or the primary key. */
  readonly key: Uint8Array;
  readonly primaryKey: Uint8Array;
  /** As `encodeValue` wrote it. */
  readonly value: string;
}

export interface RowSource {
  /** The first row of `span`, or the first after the row `after`. */
  first(span: Span, after?: Row): Row | undefined;
  /** The rows of `span` in order, read as they are asked for. */
  all(span: Span): IteratorObject<Row>;
  count(span: Span): number;
}
