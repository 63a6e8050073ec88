/**
 * An object store within a transaction. Its keys are always given by the caller. Arguments are
 * checked and values copied at the call; the work is done when the request's turn comes.
 */
import type { StoreSchema } from './catalogue.ts';
import { decodeKey, encodeKey } from './key.ts';
import { checkedKeyPath } from './key-path.ts';
import { requiredSpanOf } from './key-range.ts';
import { Queryable } from './query.ts';
import { refusal } from './refusal.ts';
import type { IDBRequest, RequestScope } from './request.ts';
import { EVERYTHING } from './span.ts';
import type { Storage } from './storage.ts';
import { IDBIndex } from './store-index.ts';
import { StoreRows, type Write } from './store-rows.ts';
import { encodeValue } from './value.ts';

export interface IndexOptions {
  readonly unique?: boolean;
  readonly multiEntry?: boolean;
}

export class IDBObjectStore extends Queryable {
  readonly name: string;
  readonly transaction: RequestScope;
  readonly #storage: Storage;
  readonly #schema: StoreSchema;
  readonly #rows: StoreRows;

  constructor(transaction: RequestScope, storage: Storage, schema: StoreSchema) {
    const rows = new StoreRows(storage.statements, schema);
    super({ scope: transaction, rows, store: rows });
    this.name = schema.name;
    this.transaction = transaction;
    this.#storage = storage;
    this.#schema = schema;
    this.#rows = rows;
  }

  put(value: unknown, key: unknown): IDBRequest {
    return this.#write({ key: encodeKey(key), value: encodeValue(value), ifExists: 'replace' });
  }

  /** As `put`, but fails with `ConstraintError` when there is a record with this key. */
  add(value: unknown, key: unknown): IDBRequest {
    return this.#write({ key: encodeKey(key), value: encodeValue(value), ifExists: 'refuse' });
  }

  delete(query: unknown): IDBRequest {
    const span = requiredSpanOf(query);
    this.#mustBeWritable();
    return this.transaction.place(() => this.#rows.delete(span));
  }

  clear(): IDBRequest {
    this.#mustBeWritable();
    return this.transaction.place(() => this.#rows.delete(EVERYTHING));
  }

  index(name: string): IDBIndex {
    const index = this.#schema.indexes.get(name);
    if (index === undefined) throw refusal('NotFoundError', `no index ${name} of ${this.name}`);
    return new IDBIndex(this.transaction, this.#rows, index);
  }

  /** Only in an upgrade. Fills the index from the records that are there. */
  createIndex(name: string, keyPath: unknown, options: IndexOptions = {}): IDBIndex {
    if (this.transaction.mode !== 'versionchange') throw refusal('InvalidStateError', 'no upgrade');
    if (this.#schema.indexes.has(name)) throw refusal('ConstraintError', `there is a ${name}`);
    if (options.multiEntry) throw refusal('NotSupportedError', 'an index with multiEntry');
    const index = {
      id: this.#storage.catalogue.nextId(),
      name,
      keyPath: checkedKeyPath(keyPath),
      unique: options.unique === true,
    };
    this.transaction.place(() => {
      this.#storage.catalogue.addIndex(this.#schema, index);
      this.#rows.fill(index);
    });
    this.#schema.indexes.set(name, index);
    return this.index(name);
  }

  #write(write: Write): IDBRequest {
    this.#mustBeWritable();
    return this.transaction.place(() => {
      this.#rows.put(write);
      return decodeKey(write.key);
    });
  }

  #mustBeWritable(): void {
    if (this.transaction.mode === 'readonly') throw refusal('ReadOnlyError', 'opened to read');
  }
}
