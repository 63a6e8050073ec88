/**
 * Room for what the store has to keep on a disk that is full: free pages in the file, and a journal that
 * is long enough already. Both come of one transaction, which makes a large table and drops it: its
 * pages stay with the file (and are written, since secure_delete is on), and the journal is not cut
 * while the file is open.
 *
 * It has to be had before: SQLite rolls back what it cannot COMMIT for want of room, so there is nothing
 * left that could be tried again.
 */
import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { integerIn } from './columns.ts';
import type { Storage } from './storage.ts';

export const PAGE_BYTES = 8192;
/** So many pages in the journal make SQLite move them into the file, and begin the journal anew. */
export const CHECKPOINT_PAGES = 256;
/** Above that by what one unit may come to while the journal is nearly as long. */
const RESERVE_PAGES = 384;
const SQLITE_FULL = 13;
/** A quota that is used up (EDQUOT). */
const SQLITE_IOERR_WRITE = 778;

export function isReserved({ sql, file }: Pick<Storage, 'sql' | 'file'>): boolean {
  const free = integerIn(sql.prepare('PRAGMA freelist_count').get() ?? {}, 'freelist_count');
  const journal = statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  return free >= RESERVE_PAGES / 2 && journal >= RESERVE_PAGES * PAGE_BYTES;
}

/** Between two transactions. False where there is no room; nothing has changed then. */
export function reservePages(sql: DatabaseSync): boolean {
  try {
    sql.exec(`BEGIN IMMEDIATE;
      CREATE TABLE reserve(bytes BLOB NOT NULL) STRICT;
      INSERT INTO reserve VALUES (zeroblob(${RESERVE_PAGES * PAGE_BYTES}));
      DROP TABLE reserve;
      COMMIT`);
    return true;
  } catch (error) {
    if (!isForWantOfRoom(error)) throw error;
    if (sql.isTransaction) sql.exec('ROLLBACK');
    return false;
  }
}

const isForWantOfRoom = (error: unknown): boolean =>
  error instanceof Error &&
  'errcode' in error &&
  (error.errcode === SQLITE_FULL || error.errcode === SQLITE_IOERR_WRITE);
