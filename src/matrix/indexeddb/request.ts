/**
 * A request: something asked of the store, settled with a result or an error just before its event.
 * A cursor's request is restarted and settled again at every step.
 */
import type { Listener } from './event.ts';
import { refusal } from './refusal.ts';

export class IDBRequest {
  onsuccess: Listener = null;
  onerror: Listener = null;
  #readyState: 'pending' | 'done' = 'pending';
  #result: unknown;
  #error: DOMException | null = null;

  get readyState(): 'pending' | 'done' {
    return this.#readyState;
  }

  get result(): unknown {
    this.#mustBeDone();
    return this.#result;
  }

  get error(): DOMException | null {
    this.#mustBeDone();
    return this.#error;
  }

  settle(outcome: { readonly result?: unknown; readonly error?: DOMException }): void {
    this.#readyState = 'done';
    this.#result = outcome.result;
    this.#error = outcome.error ?? null;
  }

  restart(): void {
    this.#readyState = 'pending';
  }

  #mustBeDone(): void {
    if (this.#readyState === 'pending') throw refusal('InvalidStateError', 'not settled yet');
  }
}

export type Mode = 'readonly' | 'readwrite' | 'versionchange';

/** What a store, an index or a cursor needs of the transaction in which it was obtained. */
export interface RequestScope {
  readonly mode: Mode;
  /**
   * Runs `operation` in its turn and settles the request with what it returns, or with the
   * DOMException that it throws.
   * @throws DOMException `TransactionInactiveError` when the transaction takes no more requests.
   */
  place(operation: () => unknown, request?: IDBRequest): IDBRequest;
}
