/** The records of one object store, and the upkeep of their entries in its indexes. */
import type { IndexSchema, StoreSchema } from './catalogue.ts';
import { bytesIn, type Columns, integerIn, textIn } from './columns.ts';
import { IndexRows } from './index-rows.ts';
import { refusal } from './refusal.ts';
import type { Row, RowSource } from './rows.ts';
import { EVERYTHING, type Span, successor } from './span.ts';
import type { Statements } from './statements.ts';
import { decodeValue } from './value.ts';

export interface Write {
  readonly key: Uint8Array;
  readonly value: string;
  readonly ifExists: 'replace' | 'refuse';
}

export class StoreRows implements RowSource {
  readonly #statements: Statements;
  readonly #schema: StoreSchema;

  constructor(statements: Statements, schema: StoreSchema) {
    this.#statements = statements;
    this.#schema = schema;
  }

  first(span: Span, after?: Row): Row | undefined {
    const low = after === undefined ? span.low : successor(after.key);
    const columns = this.#statements.selectRecords.get(this.#schema.id, low, span.high);
    return columns && toRow(columns);
  }

  all(span: Span): IteratorObject<Row> {
    return this.#statements.selectRecords.iterate(this.#schema.id, span.low, span.high).map(toRow);
  }

  count(span: Span): number {
    const row = this.#statements.countRecords.get(this.#schema.id, span.low, span.high);
    return integerIn(row ?? {}, 'count');
  }

  /** @throws DOMException `ConstraintError`, and then nothing has been written. */
  put({ key, value, ifExists }: Write): void {
    if (ifExists === 'refuse' && this.#statements.findRecord.get(this.#schema.id, key)) {
      throw refusal('ConstraintError', `the store ${this.#schema.name} has this key already`);
    }
    const indexes = [...this.#schema.indexes.values()].map((index) => this.index(index));
    // What is indexed is what will be read back, not the caller's object.
    const stored = indexes.length > 0 ? decodeValue(value) : undefined;
    const indexKeys = indexes.map((index) => index.keyFor(key, stored));
    this.#statements.putRecord.run(this.#schema.id, key, value);
    for (const [i, index] of indexes.entries()) index.set(key, indexKeys[i]);
  }

  delete(span: Span): void {
    for (const schema of this.#schema.indexes.values()) this.index(schema).delete(span);
    this.#statements.deleteRecords.run(this.#schema.id, span.low, span.high);
  }

  index(schema: IndexSchema): IndexRows {
    return new IndexRows(this.#statements, this.#schema, schema);
  }

  /**
   * Enters the records that are there into a new index.
   * @throws DOMException `ConstraintError` when two of them have one key and it is unique.
   */
  fill(schema: IndexSchema): void {
    const index = this.index(schema);
    for (const row of this.all(EVERYTHING)) {
      index.set(row.primaryKey, index.keyFor(row.primaryKey, decodeValue(row.value)));
    }
  }
}

function toRow(columns: Columns): Row {
  const key = bytesIn(columns, 'key');
  return { key, primaryKey: key, value: textIn(columns, 'value') };
}
