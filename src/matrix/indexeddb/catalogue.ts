/**
 * Which databases, object stores and indexes exist. A connection reads its part once and keeps it
 * in memory: it cannot change under a connection, because an upgrade demands to be the only one.
 */
import type { DatabaseSync } from 'node:sqlite';
import { integerIn, textIn } from './columns.ts';
import { checkedKeyPath, type KeyPath } from './key-path.ts';

export interface IndexSchema {
  readonly id: number;
  readonly name: string;
  readonly keyPath: KeyPath;
  readonly unique: boolean;
}

export interface StoreSchema {
  readonly id: number;
  readonly name: string;
  readonly indexes: Map<string, IndexSchema>;
}

export interface DatabaseSchema {
  readonly name: string;
  /** 0 while the database does not exist. */
  readonly version: number;
  readonly stores: Map<string, StoreSchema>;
}

export class Catalogue {
  readonly #sql: DatabaseSync;
  #lastId: number;

  constructor(sql: DatabaseSync) {
    this.#sql = sql;
    const row = sql.prepare(`SELECT max(id) AS last FROM (
      SELECT 0 AS id UNION ALL SELECT id FROM object_store UNION ALL SELECT id FROM store_index
    )`);
    this.#lastId = integerIn(row.get() ?? {}, 'last');
  }

  /** An id that no store and no index has. */
  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  read(name: string): DatabaseSchema {
    const row = this.#sql.prepare('SELECT version FROM database WHERE name = ?').get(name);
    const version = row === undefined ? 0 : integerIn(row, 'version');
    return { name, version, stores: this.#readStores(name) };
  }

  #readStores(database: string): Map<string, StoreSchema> {
    const rows = this.#sql
      .prepare('SELECT id, name FROM object_store WHERE database = ?')
      .all(database);
    return new Map(
      rows.map((row) => {
        const id = integerIn(row, 'id');
        const name = textIn(row, 'name');
        return [name, { id, name, indexes: this.#readIndexes(id) }];
      }),
    );
  }

  #readIndexes(store: number): Map<string, IndexSchema> {
    const rows = this.#sql
      .prepare('SELECT id, name, key_path, is_unique FROM store_index WHERE store = ?')
      .all(store);
    return new Map(
      rows.map((row) => {
        const name = textIn(row, 'name');
        const keyPath = checkedKeyPath(JSON.parse(textIn(row, 'key_path')));
        const unique = integerIn(row, 'is_unique') === 1;
        return [name, { id: integerIn(row, 'id'), name, keyPath, unique }];
      }),
    );
  }

  setVersion(database: string, version: number): void {
    this.#sql.prepare('INSERT OR REPLACE INTO database VALUES (?, ?)').run(database, version);
  }

  addStore(database: string, store: StoreSchema): void {
    this.#sql
      .prepare('INSERT INTO object_store VALUES (?, ?, ?)')
      .run(store.id, database, store.name);
  }

  addIndex(store: StoreSchema, index: IndexSchema): void {
    this.#sql
      .prepare('INSERT INTO store_index VALUES (?, ?, ?, ?, ?)')
      .run(index.id, store.id, index.name, JSON.stringify(index.keyPath), index.unique ? 1 : 0);
  }

  /** The store's own rows must have been deleted before. */
  deleteStore(store: StoreSchema): void {
    this.#sql.prepare('DELETE FROM store_index WHERE store = ?').run(store.id);
    this.#sql.prepare('DELETE FROM object_store WHERE id = ?').run(store.id);
  }
}
