/**
 * Events, as far as the wasm looks at them: it sets `on…` properties, never `addEventListener`, and
 * reads `target` and `oldVersion`. An event goes to one listener at a time; only `error` also goes
 * on to the transaction, and by default aborts it.
 */
type EventType = 'abort' | 'complete' | 'error' | 'success' | 'upgradeneeded';

export class IDBEvent {
  readonly type: EventType;
  readonly target: object;
  #defaultPrevented = false;

  constructor(type: EventType, target: object) {
    this.type = type;
    this.target = target;
  }

  get defaultPrevented(): boolean {
    return this.#defaultPrevented;
  }

  preventDefault(): void {
    this.#defaultPrevented = true;
  }
}

export class IDBVersionChangeEvent extends IDBEvent {
  readonly oldVersion: number;

  constructor(target: object, oldVersion: number) {
    super('upgradeneeded', target);
    this.oldVersion = oldVersion;
  }
}

export type Listener<E extends IDBEvent = IDBEvent> = ((event: E) => unknown) | null;

/** Calls the listener, if there is one; says whether any code has run. */
export function deliver<E extends IDBEvent>(listener: Listener<E>, event: E): boolean {
  if (listener === null || listener === undefined) return false;
  listener(event);
  return true;
}
