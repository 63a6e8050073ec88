/**
 * A connection to one database. What exists in it is known when the connection is made and changes
 * only in the upgrade for which the connection was made.
 */
import type { DatabaseSchema, StoreSchema } from './catalogue.ts';
import type { JobQueue } from './job-queue.ts';
import type { IDBObjectStore } from './object-store.ts';
import { refusal } from './refusal.ts';
import { EVERYTHING } from './span.ts';
import type { Storage } from './storage.ts';
import { StoreRows } from './store-rows.ts';
import { StringList } from './string-list.ts';
import { IDBTransaction } from './transaction.ts';

export interface ConnectionOptions {
  readonly storage: Storage;
  readonly queue: JobQueue;
  readonly schema: DatabaseSchema;
  /** The version once the upgrade, if there is one, is done. */
  readonly version: number;
  readonly onClose: () => void;
}

export interface StoreOptions {
  readonly keyPath?: unknown;
  readonly autoIncrement?: boolean;
}

export class IDBDatabase {
  readonly #options: ConnectionOptions;
  #upgrade: IDBTransaction | undefined;
  #closed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.schema.name;
  }

  get version(): number {
    return this.#options.version;
  }

  get objectStoreNames(): StringList {
    return new StringList(this.#options.schema.stores.keys());
  }

  transaction(names: string | readonly string[], mode = 'readonly'): IDBTransaction {
    if (this.#closed) throw refusal('InvalidStateError', 'the connection is closed');
    if (mode !== 'readonly' && mode !== 'readwrite') throw new TypeError(`no mode ${mode}`);
    const stores = new Map<string, StoreSchema>();
    for (const name of typeof names === 'string' ? [names] : names) {
      stores.set(name, this.#store(name));
    }
    if (stores.size === 0) throw refusal('InvalidAccessError', 'a transaction of no stores');
    const transaction = new IDBTransaction({ storage: this.#options.storage, mode, stores });
    this.#options.queue.add(transaction.run());
    return transaction;
  }

  createObjectStore(name: string, options: StoreOptions = {}): IDBObjectStore {
    const { storage, schema } = this.#options;
    const upgrade = this.#upgradeRunning();
    if ((options.keyPath ?? null) !== null || options.autoIncrement) {
      throw refusal('NotSupportedError', 'a store with keyPath or autoIncrement');
    }
    if (schema.stores.has(name)) throw refusal('ConstraintError', `there is a store ${name}`);
    const store = { id: storage.catalogue.nextId(), name, indexes: new Map() };
    upgrade.place(() => storage.catalogue.addStore(schema.name, store));
    schema.stores.set(name, store);
    return upgrade.objectStore(name);
  }

  deleteObjectStore(name: string): void {
    const { storage, schema } = this.#options;
    const upgrade = this.#upgradeRunning();
    const store = this.#store(name);
    upgrade.place(() => {
      new StoreRows(storage.statements, store).delete(EVERYTHING);
      storage.catalogue.deleteStore(store);
    });
    schema.stores.delete(name);
  }

  /** Transactions that have been started still run. Never throws: the wasm does not expect it. */
  close(): void {
    this.#closed = true;
    this.#options.onClose();
  }

  /** Makes the transaction of the upgrade, in which stores and indexes may be made and deleted. */
  beginUpgrade(): IDBTransaction {
    const { storage, schema, version } = this.#options;
    this.#upgrade = new IDBTransaction({ storage, mode: 'versionchange', stores: schema.stores });
    this.#upgrade.place(() => storage.catalogue.setVersion(schema.name, version));
    return this.#upgrade;
  }

  #upgradeRunning(): IDBTransaction {
    if (this.#upgrade === undefined) throw refusal('InvalidStateError', 'no upgrade is running');
    return this.#upgrade;
  }

  #store(name: string): StoreSchema {
    const store = this.#options.schema.stores.get(name);
    if (store === undefined) throw refusal('NotFoundError', `no store ${name}`);
    return store;
  }
}
