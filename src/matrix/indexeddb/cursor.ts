/**
 * A cursor walks the rows of a query in the order of their keys, one SELECT a step, so that it sees
 * what was written and deleted on the way. Only this direction is in the subset.
 */
import { decodeKey, type Key } from './key.ts';
import { refusal } from './refusal.ts';
import type { IDBRequest, RequestScope } from './request.ts';
import type { Row, RowSource } from './rows.ts';
import { type Span, spanOfOne } from './span.ts';
import type { StoreRows } from './store-rows.ts';
import { decodeValue, encodeValue } from './value.ts';

export interface CursorOptions {
  readonly scope: RequestScope;
  readonly rows: RowSource;
  /** Where `update` and `delete` act: the store itself, also when `rows` are those of an index. */
  readonly store: StoreRows;
  readonly span: Span;
}

interface Position {
  readonly row: Row;
  readonly key: Key;
  readonly value: unknown;
}

export class IDBCursor {
  /** Succeeds with this cursor at each row, and with null after the last one. */
  readonly request: IDBRequest;
  readonly #options: CursorOptions;
  #position: Position | undefined;
  /**
   * Between `continue` and the event that follows there is no current row (standard: got value
   * flag).
   */
  #moving = true;

  constructor(options: CursorOptions) {
    this.#options = options;
    this.request = options.scope.place(() => this.#advance());
  }

  get key(): Key | undefined {
    return this.#position?.key;
  }

  get value(): unknown {
    return this.#position?.value;
  }

  continue(key?: unknown): void {
    if (key !== undefined) throw refusal('NotSupportedError', 'a cursor that jumps to a key');
    this.#currentRow();
    this.#options.scope.place(() => this.#advance(), this.request);
    this.#moving = true;
  }

  update(value: unknown): IDBRequest {
    const key = this.#rowToChange().primaryKey;
    const write = { key, value: encodeValue(value), ifExists: 'replace' } as const;
    return this.#options.scope.place(() => {
      this.#options.store.put(write);
      return decodeKey(key);
    });
  }

  delete(): IDBRequest {
    const key = this.#rowToChange().primaryKey;
    return this.#options.scope.place(() => this.#options.store.delete(spanOfOne(key)));
  }

  #advance(): this | null {
    const { rows, span } = this.#options;
    const row = rows.first(span, this.#position?.row);
    this.#moving = false;
    this.#position = row && {
      row,
      key: decodeKey(row.key),
      value: decodeValue(row.value),
    };
    return row === undefined ? null : this;
  }

  #currentRow(): Row {
    if (this.#position === undefined || this.#moving) {
      throw refusal('InvalidStateError', 'the cursor is at no record');
    }
    return this.#position.row;
  }

  #rowToChange(): Row {
    if (this.#options.scope.mode === 'readonly') throw refusal('ReadOnlyError', 'a cursor to read');
    return this.#currentRow();
  }
}

/** The class by which the wasm recognises a cursor; those of the subset all have a value. */
export class IDBCursorWithValue extends IDBCursor {}
