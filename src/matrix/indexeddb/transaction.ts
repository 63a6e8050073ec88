/**
 * A transaction: requests in the order in which they were placed, then a commit, or a rollback if
 * one of them failed or `abort` was called. It commits by itself when it has nothing left to do.
 *
 * Only a refusal (a DOMException) fails a request. Every other error, SQLite's or one that a
 * listener throws, leaves `run`, and the queue makes it fatal.
 */
import type { StoreSchema } from './catalogue.ts';
import { deliver, IDBEvent, type Listener } from './event.ts';
import type { Job } from './job-queue.ts';
import { IDBObjectStore } from './object-store.ts';
import { refusal } from './refusal.ts';
import { IDBRequest, type Mode, type RequestScope } from './request.ts';
import type { Storage } from './storage.ts';

export interface TransactionOptions {
  readonly storage: Storage;
  readonly mode: Mode;
  readonly stores: ReadonlyMap<string, StoreSchema>;
}

interface Placed {
  readonly request: IDBRequest;
  readonly operation: () => unknown;
}

export class IDBTransaction implements RequestScope {
  onabort: Listener = null;
  oncomplete: Listener = null;
  onerror: Listener = null;
  readonly mode: Mode;
  readonly #storage: Storage;
  readonly #stores: ReadonlyMap<string, StoreSchema>;
  readonly #placed: Placed[] = [];
  #state: 'open' | 'committing' | 'committed' | 'aborted' = 'open';
  #begun = false;

  constructor({ storage, mode, stores }: TransactionOptions) {
    this.#storage = storage;
    this.mode = mode;
    this.#stores = stores;
  }

  get aborted(): boolean {
    return this.#state === 'aborted';
  }

  objectStore(name: string): IDBObjectStore {
    if (this.#state === 'committed' || this.aborted) {
      throw refusal('InvalidStateError', 'the transaction is finished');
    }
    const schema = this.#stores.get(name);
    if (schema === undefined) throw refusal('NotFoundError', `no store ${name} here`);
    return new IDBObjectStore(this, this.#storage, schema);
  }

  place(operation: () => unknown, request = new IDBRequest()): IDBRequest {
    if (this.#state !== 'open') throw refusal('TransactionInactiveError', 'takes no more requests');
    request.restart();
    this.#placed.push({ request, operation });
    return request;
  }

  commit(): void {
    if (this.#state !== 'open') throw refusal('InvalidStateError', 'already finishing');
    this.#state = 'committing';
  }

  abort(): void {
    if (this.#state !== 'open') throw refusal('InvalidStateError', 'already finishing');
    this.#state = 'aborted';
  }

  /** The transaction as a job. It ends when no request is left after listeners could place more. */
  *run(): Job {
    for (let next = this.#placed.shift(); next !== undefined; next = this.#placed.shift()) {
      if (this.#settle(next)) yield;
    }
    this.#finish();
  }

  /** Settles one request; says whether a listener has run. */
  #settle({ request, operation }: Placed): boolean {
    if (this.aborted) return this.#reject(request);
    try {
      this.#begin();
      request.settle({ result: operation() });
    } catch (error) {
      if (error instanceof DOMException) return this.#fail(request, error);
      throw error;
    }
    return deliver(request.onsuccess, new IDBEvent('success', request));
  }

  /**
   * Unlike a failed request this one is not told to the transaction, which knows: it was aborted.
   */
  #reject(request: IDBRequest): boolean {
    request.settle({ error: refusal('AbortError', 'the transaction was aborted') });
    return deliver(request.onerror, new IDBEvent('error', request));
  }

  #fail(request: IDBRequest, error: DOMException): boolean {
    request.settle({ error });
    const event = new IDBEvent('error', request);
    const heard = deliver(request.onerror, event);
    const heardHere = deliver(this.onerror, event);
    if (!event.defaultPrevented) this.#state = 'aborted';
    return heard || heardHere;
  }

  #begin(): void {
    if (this.#begun || this.mode === 'readonly') return;
    this.#storage.commits.begin();
    this.#begun = true;
  }

  #finish(): void {
    const { commits } = this.#storage;
    if (this.aborted) {
      if (this.#begun) commits.rollback();
      deliver(this.onabort, new IDBEvent('abort', this));
    } else {
      if (this.#begun) commits.commit();
      this.#state = 'committed';
      deliver(this.oncomplete, new IDBEvent('complete', this));
    }
  }
}
