/**
 * `indexedDB.open`: a connection, after an upgrade if the caller asks for a higher version than
 * there is. The standard would wait for other connections to the database before an upgrade; the
 * wasm always closes them first, so one that is left is refused.
 */
import type { DatabaseSchema } from './catalogue.ts';
import { IDBDatabase } from './database.ts';
import { deliver, IDBEvent, IDBVersionChangeEvent, type Listener } from './event.ts';
import type { Job, JobQueue } from './job-queue.ts';
import { refusal } from './refusal.ts';
import { IDBRequest } from './request.ts';
import type { Storage } from './storage.ts';
import type { IDBTransaction } from './transaction.ts';

export class IDBOpenDBRequest extends IDBRequest {
  onupgradeneeded: Listener<IDBVersionChangeEvent> = null;
  /** That of the upgrade while it runs. */
  transaction: IDBTransaction | null = null;
}

export class IDBFactory {
  readonly #storage: Storage;
  readonly #queue: JobQueue;
  readonly #connections = new Set<IDBDatabase>();

  constructor(storage: Storage, queue: JobQueue) {
    this.#storage = storage;
    this.#queue = queue;
  }

  /** Without a version: the one that there is, or 1. */
  open(name: string, version?: number): IDBOpenDBRequest {
    if (version !== undefined && !(Number.isSafeInteger(version) && version > 0)) {
      throw new TypeError(`${version} is no version of a database`);
    }
    const request = new IDBOpenDBRequest();
    this.#queue.add(this.#connect(request, name, version));
    return request;
  }

  *#connect(request: IDBOpenDBRequest, name: string, wanted?: number): Job {
    const schema = this.#storage.catalogue.read(name);
    const version = wanted ?? Math.max(schema.version, 1);
    if (version < schema.version) {
      return reject(
        request,
        refusal('VersionError', `the version of ${name} is ${schema.version}`),
      );
    }
    if (version > schema.version && this.#isConnected(name)) {
      return reject(request, refusal('NotSupportedError', `${name} is open, no upgrade can start`));
    }
    const database = this.#connection(schema, version);
    if (version > schema.version) {
      const upgrade = yield* runUpgrade(request, database, schema.version);
      if (upgrade.aborted) {
        database.close();
        return reject(request, refusal('AbortError', `the upgrade of ${name} was aborted`));
      }
    }
    request.settle({ result: database });
    deliver(request.onsuccess, new IDBEvent('success', request));
  }

  #isConnected(name: string): boolean {
    return this.#connections.values().some((database) => database.name === name);
  }

  #connection(schema: DatabaseSchema, version: number): IDBDatabase {
    const database = new IDBDatabase({
      storage: this.#storage,
      queue: this.#queue,
      schema,
      version,
      onClose: () => this.#connections.delete(database),
    });
    this.#connections.add(database);
    return database;
  }
}

/** The upgrade's transaction, finished; what the listener asks of it is part of it. */
function* runUpgrade(
  request: IDBOpenDBRequest,
  database: IDBDatabase,
  from: number,
): Generator<undefined, IDBTransaction, undefined> {
  const upgrade = database.beginUpgrade();
  request.settle({ result: database });
  request.transaction = upgrade;
  deliver(request.onupgradeneeded, new IDBVersionChangeEvent(request, from));
  yield;
  yield* upgrade.run();
  request.transaction = null;
  return upgrade;
}

function reject(request: IDBOpenDBRequest, error: DOMException): void {
  request.settle({ error });
  deliver(request.onerror, new IDBEvent('error', request));
}
