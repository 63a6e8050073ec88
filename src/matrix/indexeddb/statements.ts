/**
 * The SQL of records and of their entries in indexes, compiled once for an open file. A record has
 * at most one entry in an index (no multiEntry), so `entry` is keyed by index and record, and an
 * entry that stays the same costs no write. There is no `LIMIT ?`: SQLite compiles a statement
 * again each time a limit is bound, and reading stops when no more rows are asked for.
 */
import type { DatabaseSync } from 'node:sqlite';

export type Statements = ReturnType<typeof prepareStatements>;

export const prepareStatements = (sql: DatabaseSync) => ({
  selectRecords: sql.prepare(`SELECT key, value FROM record
    WHERE store = ? AND key >= ? AND key < ? ORDER BY key`),
  countRecords: sql.prepare(`SELECT count(*) AS count FROM record
    WHERE store = ? AND key >= ? AND key < ?`),
  findRecord: sql.prepare(`SELECT 1 FROM record WHERE store = ? AND key = ?`),
  putRecord: sql.prepare(`INSERT INTO record(store, key, value) VALUES (?, ?, ?)
    ON CONFLICT (store, key) DO UPDATE SET value = excluded.value`),
  deleteRecords: sql.prepare(`DELETE FROM record WHERE store = ? AND key >= ? AND key < ?`),

  selectEntries: sql.prepare(`SELECT entry.index_key, entry.key, record.value
    FROM entry JOIN record ON record.store = ? AND record.key = entry.key
    WHERE entry.store_index = ?
      AND (entry.index_key, entry.key) >= (?, ?) AND entry.index_key < ?
    ORDER BY entry.index_key, entry.key`),
  countEntries: sql.prepare(`SELECT count(*) AS count FROM entry
    WHERE store_index = ? AND index_key >= ? AND index_key < ?`),
  findOtherEntry: sql.prepare(`SELECT 1 FROM entry
    WHERE store_index = ? AND index_key = ? AND key <> ?`),
  putEntry: sql.prepare(`INSERT INTO entry(store_index, key, index_key) VALUES (?, ?, ?)
    ON CONFLICT (store_index, key) DO UPDATE SET index_key = excluded.index_key
    WHERE index_key <> excluded.index_key`),
  deleteEntries: sql.prepare(`DELETE FROM entry WHERE store_index = ? AND key >= ? AND key < ?`),
});
