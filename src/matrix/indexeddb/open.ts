/**
 * The durable store of the Matrix crypto: IndexedDB, as far as matrix-sdk-crypto-wasm 18.9.0 uses
 * it, on one SQLite file. The wasm finds it by globals: it calls `indexedDB.open`, makes ranges
 * with `IDBKeyRange` and recognises what it gets by `instanceof` of the other constructors below (a
 * missing one would be the answer "no", not an error). It looks them up at each use, never when it
 * is imported: the import may come before or after, but no `StoreHandle` may be opened before.
 */
import { Fatal, Fault } from '../../base/errors.ts';
import { openMutex } from '../../base/mutex.ts';
import { IDBCursor, IDBCursorWithValue } from './cursor.ts';
import { IDBDatabase } from './database.ts';
import { IDBFactory, IDBOpenDBRequest } from './factory.ts';
import { JobQueue } from './job-queue.ts';
import { IDBKeyRange } from './key-range.ts';
import { IDBRequest } from './request.ts';
import { isReserved, reservePages } from './reserve.ts';
import { openStorage } from './sqlite-file.ts';
import type { Storage } from './storage.ts';

export interface IndexedDbOptions {
  /** Its folder is made if it is missing. */
  readonly file: string;
  /**
   * Called at most once, when memory and disk may disagree from here on. Nothing is settled after
   * it: the process must exit.
   */
  readonly onFatal: (error: Fatal) => void;
}

export interface IndexedDb extends AsyncDisposable {
  /**
   * Runs `work`, one at a time; all that it has the store write becomes durable at once, before it
   * resolves or rejects. Of work that rejects with Fatal nothing is kept: the process is to exit.
   */
  atomically<T>(work: () => Promise<T>): Promise<T>;
  /** Reserves disk space for some hundred more units. Rejects with Fault `disk_full`. */
  reserve(): Promise<void>;
}

/**
 * Close the `OlmMachine` before this is disposed of; one store at a time in a process.
 *
 * @throws Fatal `directory_in_use` when another process has the file open; `crypto_store_failed`
 * when it is damaged, is not ours, was written by a later version or cannot be used.
 */
export async function openIndexedDb(options: IndexedDbOptions): Promise<IndexedDb> {
  return serveIndexedDb(openStorage(options.file), options.onFatal);
}

/** The same on a file that is open already. */
export function serveIndexedDb(storage: Storage, onFatal: IndexedDbOptions['onFatal']): IndexedDb {
  const { file, sql, commits } = storage;
  if ('indexedDB' in globalThis) {
    sql.close();
    throw new Fatal('crypto_store_failed', `this process has an IndexedDB already, beside ${file}`);
  }
  const queue = new JobQueue((error) =>
    onFatal(new Fatal('crypto_store_failed', `the crypto store ${file} failed`, error)),
  );
  const globals = {
    indexedDB: new IDBFactory(storage, queue),
    IDBCursor,
    IDBCursorWithValue,
    IDBDatabase,
    IDBKeyRange,
    IDBOpenDBRequest,
    IDBRequest,
  };
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, configurable: true });
  }
  const alone = openMutex();
  const runUnit = async <T>(work: () => Promise<T>): Promise<T> => {
    await queue.do(() => commits.beginUnit());
    let isFatal = false;
    try {
      return await work();
    } catch (error) {
      isFatal = error instanceof Fatal;
      throw error;
    } finally {
      if (!isFatal) await queue.do(() => commits.endUnit());
    }
  };
  return {
    atomically: (work) => alone(() => runUnit(work)),
    async reserve() {
      if (isReserved(storage)) return;
      let isDone = false;
      const make = () => {
        isDone = reservePages(sql);
      };
      await alone(() => queue.do(make));
      if (!isDone) throw new Fault('disk_full', 'there is no space left for the crypto store');
    },
    async [Symbol.asyncDispose]() {
      await queue.close();
      for (const name of Object.keys(globals)) Reflect.deleteProperty(globalThis, name);
      if (sql.isOpen) sql.close();
    },
  };
}
