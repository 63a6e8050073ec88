/** What somebody heard in their rooms, and waiting for what they have not heard yet. */
import type { JsonObject } from '../../src/demo/homeserver/json.ts';
import { PATIENCE_MS } from '../support/patience.ts';

export interface Heard {
  readonly roomId: string;
  readonly eventId: string;
  readonly sender: string;
  /** After decryption. */
  readonly type: string;
  readonly stateKey: string | undefined;
  /** After decryption; of an edit, the new content. */
  readonly content: JsonObject;
  /** `content.body`, empty if there is none. */
  readonly body: string;
  /** The event that this one edits. */
  readonly edits: string | undefined;
  /** The first event of the thread that this one is in. */
  readonly thread: string | undefined;
  readonly encrypted: boolean;
  /** Why it could not be decrypted. */
  readonly failure: string | undefined;
}

export interface Wait {
  /** How many of the things heard to pass over, as counted by `heard.length` at some earlier time. */
  readonly from?: number;
}

export class Hearing {
  readonly heard: Heard[] = [];
  readonly #listeners = new Set<(heard: Heard) => void>();

  hear(heard: Heard): void {
    this.heard.push(heard);
    for (const listener of this.#listeners) listener(heard);
  }

  /** The first match, heard already or within the time limit; rejects with what was heard instead. */
  async waitFor(match: (heard: Heard) => boolean, wait: Wait = {}): Promise<Heard> {
    const before = this.heard.slice(wait.from).find(match);
    if (before) return before;
    const { promise, resolve, reject } = Promise.withResolvers<Heard>();
    const listener = (heard: Heard) => match(heard) && resolve(heard);
    const timer = setTimeout(() => reject(this.#disappointment()), PATIENCE_MS);
    this.#listeners.add(listener);
    return promise.finally(() => {
      clearTimeout(timer);
      this.#listeners.delete(listener);
    });
  }

  #disappointment(): Error {
    const last = this.heard.slice(-8).map(describe).join('\n  ');
    return new Error(`not heard within ${PATIENCE_MS} ms; the last things heard were\n  ${last}`);
  }
}

const describe = ({ sender, type, body, failure }: Heard): string =>
  `${sender} ${type} ${JSON.stringify(body)}${failure === undefined ? '' : ` (${failure})`}`;
