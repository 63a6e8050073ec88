/**
 * The tables, and the version that says which of them a file has. A file of a later version is
 * refused rather than guessed at: it may hold sessions that this version would not find.
 */
import type { DatabaseSync } from 'node:sqlite';
import { BY_RECOVER } from '../../base/errors.ts';
import { integerIn } from './columns.ts';

/**
 * Step n brings a file from version n to n + 1. Steps are only ever added.
 *
 * `record` has a row id of its own because its values are larger than a quarter of a page, which
 * the b-tree of a table WITHOUT ROWID would push out to overflow pages.
 */
const STEPS: readonly string[] = [
  `CREATE TABLE crypto_store(schema_version INTEGER NOT NULL) STRICT;
   INSERT INTO crypto_store VALUES (0);
   CREATE TABLE database(name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT;
   CREATE TABLE object_store(
     id INTEGER PRIMARY KEY, database TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (database, name)
   ) STRICT;
   CREATE TABLE store_index(
     id INTEGER PRIMARY KEY, store INTEGER NOT NULL, name TEXT NOT NULL,
     key_path TEXT NOT NULL, is_unique INTEGER NOT NULL, UNIQUE (store, name)
   ) STRICT;
   CREATE TABLE record(
     id INTEGER PRIMARY KEY, store INTEGER NOT NULL, key BLOB NOT NULL, value TEXT NOT NULL,
     UNIQUE (store, key)
   ) STRICT;
   CREATE TABLE entry(
     store_index INTEGER NOT NULL, key BLOB NOT NULL, index_key BLOB NOT NULL,
     PRIMARY KEY (store_index, key)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX entry_in_order ON entry(store_index, index_key, key);`,
];

/** The file is not ours, or not sound: no further attempt will find it otherwise. */
export class Unusable extends Error {
  readonly mend: string;
  constructor(message: string, mend = BY_RECOVER) {
    super(message);
    this.mend = mend;
  }
}

/** 0 for an empty file. Throws Unusable for a file that is not ours or that is newer than we are. */
export function storedVersion(sql: DatabaseSync): number {
  const tables = sql.prepare('SELECT name FROM sqlite_schema').all();
  if (tables.length === 0) return 0;
  if (!tables.some((table) => table['name'] === 'crypto_store')) {
    throw new Unusable('it is the SQLite file of another program');
  }
  const row = sql.prepare('SELECT schema_version FROM crypto_store').get() ?? {};
  const version = integerIn(row, 'schema_version');
  if (version <= STEPS.length) return version;
  throw new Unusable(
    `it has schema version ${version}, this program knows up to ${STEPS.length}`,
    'run the version of Vaktrom that wrote it, or a later one',
  );
}

/** Brings the tables to the newest version, all steps or none. */
export function migrate(sql: DatabaseSync): void {
  sql.exec('BEGIN IMMEDIATE');
  for (const step of STEPS.slice(storedVersion(sql))) sql.exec(step);
  sql.prepare('UPDATE crypto_store SET schema_version = ?').run(STEPS.length);
  sql.exec('COMMIT');
}
