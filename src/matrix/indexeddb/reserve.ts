/**
 * Reserves disk space for the store: free pages in its file, and a journal that is long already. One
 * transaction makes both: it creates a large table and drops it. The pages stay with the file (and are
 * written to disk, since secure_delete is on), and SQLite does not shorten the journal of an open file.
 *
 * The space must be there before a write: if a COMMIT finds none, SQLite rolls the transaction back, and a
 * second try has nothing left to commit.
 */
import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { integerIn } from './columns.ts';
import type { Storage } from './storage.ts';

export const PAGE_BYTES = 8192;
/** After this many pages, SQLite copies the journal into the file and starts it over. */
export const CHECKPOINT_PAGES = 256;
/** More than that, so that one large unit still fits in the journal. */
const RESERVE_PAGES = 384;
const SQLITE_FULL = 13;
/** Among others, a quota is used up (EDQUOT). */
const SQLITE_IOERR_WRITE = 778;

export function isReserved({ sql, file }: Pick<Storage, 'sql' | 'file'>): boolean {
  const free = integerIn(sql.prepare('PRAGMA freelist_count').get() ?? {}, 'freelist_count');
  const journal = statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  return free >= RESERVE_PAGES / 2 && journal >= RESERVE_PAGES * PAGE_BYTES;
}

/** Call it between two transactions. False if the disk is full; then nothing has changed. */
export function reservePages(sql: DatabaseSync): boolean {
  try {
    sql.exec(`BEGIN IMMEDIATE;
      CREATE TABLE reserve(bytes BLOB NOT NULL) STRICT;
      INSERT INTO reserve VALUES (zeroblob(${RESERVE_PAGES * PAGE_BYTES}));
      DROP TABLE reserve;
      COMMIT`);
    return true;
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    if (sql.isTransaction) sql.exec('ROLLBACK');
    return false;
  }
}

const isDiskFull = (error: unknown): boolean =>
  error instanceof Error &&
  'errcode' in error &&
  (error.errcode === SQLITE_FULL || error.errcode === SQLITE_IOERR_WRITE);
