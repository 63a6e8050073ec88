/**
 * The file: who may read it, who has it open, and that what was committed survives a power cut.
 *
 * WAL with synchronous=FULL syncs the log before COMMIT returns. The exclusive lock is taken first
 * and kept, so a second process fails at its own start, and no -shm file is needed. POSIX drops a
 * process's locks on a file when that process closes any descriptor of it: nothing in the daemon
 * may read or copy the file by other means while it is open.
 */
import * as fs from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { BY_RECOVER, Fatal } from '../../base/errors.ts';
import { textIn } from './columns.ts';
import { describeHolder } from './holder.ts';
import { CHECKPOINT_PAGES, PAGE_BYTES } from './reserve.ts';
import { migrate, storedVersion, Unusable } from './schema.ts';
import { type Storage, storageOn } from './storage.ts';

/**
 * Opens the file, making it (0600) and its folder (0700) if they are missing.
 *
 * @throws Fatal `directory_in_use` when another process has it open; `crypto_store_damaged` when it
 * is damaged, is not ours or was written by a later version; `crypto_store_failed` when it cannot be used.
 */
export function openStorage(path: string): Storage {
  const file = resolve(path);
  let sql: DatabaseSync | undefined;
  try {
    makeFolder(dirname(file));
    makeFile(file);
    sql = new DatabaseSync(file);
    takeLock(sql);
    storedVersion(sql); // before the first change to it: the file may not be ours
    mustBeSound(sql);
    makePrivate(file);
    makeDurable(sql);
    migrate(sql);
    return storageOn(file, sql);
  } catch (error) {
    sql?.close();
    throw asFatal(file, error);
  }
}

/** Its entry in its parent is synced: a store that a power cut unlinks is a lost identity. */
function makeFolder(folder: string): void {
  const firstMade = fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (firstMade === undefined) return;
  const existed = dirname(firstMade);
  for (let at = folder; at !== existed; at = dirname(at)) syncFolder(dirname(at));
}

function syncFolder(folder: string): void {
  const descriptor = fs.openSync(folder, 'r');
  fs.fsyncSync(descriptor);
  fs.closeSync(descriptor);
}

/** Exclusively, so that a descriptor of a file that we have open already is never closed here. */
function makeFile(file: string): void {
  try {
    fs.closeSync(fs.openSync(file, 'wx', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  if (!fs.lstatSync(file).isFile()) throw new Unusable('it is not a regular file');
}

function takeLock(sql: DatabaseSync): void {
  sql.exec(`PRAGMA page_size = ${PAGE_BYTES}`); // heeded only before the first access to a new file
  sql.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT');
}

/**
 * Reads the whole file (0.1 s for 20 000 sessions), so that damage is found now and not in a share.
 */
function mustBeSound(sql: DatabaseSync): void {
  const finding = textIn(sql.prepare('PRAGMA quick_check(1)').get() ?? {}, 'quick_check');
  if (finding === 'ok') return;
  // What the disk did not give is reported here as well, by SQLite's extended result code.
  const code = /error code=(\d+)/.exec(finding)?.[1];
  if (code !== undefined && (Number(code) & 0xff) !== SQLITE_CORRUPT) throw new Error(finding);
  throw new Unusable(`it is damaged: ${finding}`);
}

/** SQLite gives a new -wal the mode of its database; what an earlier run left is set here. */
function makePrivate(file: string): void {
  for (const path of [file, `${file}-wal`, `${file}-shm`]) {
    if (fs.existsSync(path)) fs.chmodSync(path, 0o600);
  }
}

function makeDurable(sql: DatabaseSync): void {
  const mode = textIn(sql.prepare('PRAGMA journal_mode = WAL').get() ?? {}, 'journal_mode');
  if (mode !== 'wal') throw new Error(`its journal mode stays ${mode}`);
  sql.exec('PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY');
  sql.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
}

const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

function asFatal(file: string, error: unknown): Fatal {
  const code = sqliteCode(error);
  if (code === SQLITE_BUSY) return new Fatal('directory_in_use', describeUse(file), error);
  const mend = error instanceof Unusable ? error.mend : BY_RECOVER;
  if (error instanceof Unusable || code === SQLITE_CORRUPT || code === SQLITE_NOTADB)
    return new Fatal(
      'crypto_store_damaged',
      `the crypto store ${file} cannot be used: ${mend}`,
      error,
    );
  return new Fatal('crypto_store_failed', `cannot open the crypto store ${file}`, error);
}

/** The primary result code, of an error that came from SQLite. */
const sqliteCode = (error: unknown): number | undefined =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : undefined;

const describeUse = (file: string): string =>
  `${file} is in use by ${describeHolder(file) ?? 'another process'}: a vaktrom directory has one daemon, and nothing beside it; stop that one first`;
