/** The entries of one index, sorted by index key and then by the key of the record. */
import type { IndexSchema, StoreSchema } from './catalogue.ts';
import { bytesIn, type Columns, integerIn, textIn } from './columns.ts';
import { keyAtPath } from './key-path.ts';
import { refusal } from './refusal.ts';
import type { Row, RowSource } from './rows.ts';
import { EVERYTHING, type Span, spanOfOne, successor } from './span.ts';
import type { Statements } from './statements.ts';

export class IndexRows implements RowSource {
  readonly #statements: Statements;
  readonly #store: StoreSchema;
  readonly #schema: IndexSchema;

  constructor(statements: Statements, store: StoreSchema, schema: IndexSchema) {
    this.#statements = statements;
    this.#store = store;
    this.#schema = schema;
  }

  first(span: Span, after?: Row): Row | undefined {
    const columns = this.#statements.selectEntries.get(...this.#bounds(span, after));
    return columns && toRow(columns);
  }

  all(span: Span): IteratorObject<Row> {
    return this.#statements.selectEntries.iterate(...this.#bounds(span)).map(toRow);
  }

  count(span: Span): number {
    const row = this.#statements.countEntries.get(this.#schema.id, span.low, span.high);
    return integerIn(row ?? {}, 'count');
  }

  /**
   * The index key of a record that is about to be written; undefined when it has none.
   * @throws DOMException `ConstraintError` when another record has it and the index is unique.
   */
  keyFor(primaryKey: Uint8Array, value: unknown): Uint8Array | undefined {
    const key = keyAtPath(this.#schema.keyPath, value);
    if (key !== undefined && this.#schema.unique) {
      if (this.#statements.findOtherEntry.get(this.#schema.id, key, primaryKey)) {
        throw refusal('ConstraintError', `the index ${this.#schema.name} has this key already`);
      }
    }
    return key;
  }

  set(primaryKey: Uint8Array, key: Uint8Array | undefined): void {
    if (key === undefined) this.delete(spanOfOne(primaryKey));
    else this.#statements.putEntry.run(this.#schema.id, primaryKey, key);
  }

  /** Deletes the entries of the records in `span`, which is of primary keys. */
  delete(span: Span): void {
    this.#statements.deleteEntries.run(this.#schema.id, span.low, span.high);
  }

  #bounds({ low, high }: Span, after?: Row) {
    return after === undefined
      ? ([this.#store.id, this.#schema.id, low, EVERYTHING.low, high] as const)
      : ([this.#store.id, this.#schema.id, after.key, successor(after.primaryKey), high] as const);
  }
}

const toRow = (columns: Columns): Row => ({
  key: bytesIn(columns, 'index_key'),
  primaryKey: bytesIn(columns, 'key'),
  value: textIn(columns, 'value'),
});
