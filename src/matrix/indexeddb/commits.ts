/**
 * When what was written becomes durable: with each transaction, or, inside a unit, with the whole unit.
 *
 * The crate makes several transactions in one call, and some are of use only together: it keeps how far
 * an Olm session has come before it keeps the room key that arrived over it. A process that is killed in
 * between could never read that message again, and the key would be gone for good.
 */
import type { DatabaseSync } from 'node:sqlite';

export class Commits {
  readonly #sql: DatabaseSync;
  #unit: 'none' | 'open' | 'begun' = 'none';

  constructor(sql: DatabaseSync) {
    this.#sql = sql;
  }

  /** From here on, transactions are parts of a unit. Between two transactions only, like `endUnit`. */
  beginUnit(): void {
    if (this.#unit !== 'none') throw new Error('a unit within a unit');
    this.#unit = 'open';
  }

  endUnit(): void {
    if (this.#unit === 'begun') this.#sql.exec('COMMIT');
    this.#unit = 'none';
  }

  /** Begins a transaction; they never overlap. */
  begin(): void {
    if (this.#unit !== 'begun') this.#sql.exec('BEGIN IMMEDIATE');
    if (this.#unit === 'none') return;
    this.#unit = 'begun';
    this.#sql.exec('SAVEPOINT part');
  }

  commit(): void {
    this.#sql.exec(this.#unit === 'none' ? 'COMMIT' : 'RELEASE part');
  }

  rollback(): void {
    this.#sql.exec(this.#unit === 'none' ? 'ROLLBACK' : 'ROLLBACK TO part; RELEASE part');
  }
}
