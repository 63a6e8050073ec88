/**
 * The questions that object stores and indexes answer alike. A query is a key, an IDBKeyRange, or
 * nothing, which means everything.
 */
import { IDBCursorWithValue } from './cursor.ts';
import { decodeKey } from './key.ts';
import { requiredSpanOf, spanOf } from './key-range.ts';
import { refusal } from './refusal.ts';
import type { IDBRequest, RequestScope } from './request.ts';
import type { Row, RowSource } from './rows.ts';
import type { StoreRows } from './store-rows.ts';
import { decodeValue } from './value.ts';

export interface QuerySource {
  readonly scope: RequestScope;
  readonly rows: RowSource;
  readonly store: StoreRows;
}

export abstract class Queryable {
  readonly #source: QuerySource;

  constructor(source: QuerySource) {
    this.#source = source;
  }

  /** The value at the first key that matches, or undefined. */
  get(query: unknown): IDBRequest {
    const { scope, rows } = this.#source;
    const span = requiredSpanOf(query);
    return scope.place(() => {
      const row = rows.first(span);
      return row && decodeValue(row.value);
    });
  }

  getAll(query?: unknown, count?: number): IDBRequest {
    const { scope, rows } = this.#source;
    const span = spanOf(query);
    return scope.place(() =>
      atMost(count, rows.all(span))
        .map((row) => decodeValue(row.value))
        .toArray(),
    );
  }

  /** The keys of the records, also when an index is asked. */
  getAllKeys(query?: unknown, count?: number): IDBRequest {
    const { scope, rows } = this.#source;
    const span = spanOf(query);
    return scope.place(() =>
      atMost(count, rows.all(span))
        .map((row) => decodeKey(row.primaryKey))
        .toArray(),
    );
  }

  count(query?: unknown): IDBRequest {
    const { scope, rows } = this.#source;
    const span = spanOf(query);
    return scope.place(() => rows.count(span));
  }

  openCursor(query?: unknown, direction = 'next'): IDBRequest {
    if (direction !== 'next') throw refusal('NotSupportedError', `a cursor to ${direction}`);
    return new IDBCursorWithValue({ ...this.#source, span: spanOf(query) }).request;
  }
}

/** In the standard 0 means "all", as nothing does. */
const atMost = (count: number | undefined, rows: IteratorObject<Row>): IteratorObject<Row> =>
  count ? rows.take(count) : rows;
