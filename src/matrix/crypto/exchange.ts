/**
 * What the crate and the homeserver have to tell each other: keys that go up, keys of others that come
 * down. What the homeserver answers is untrusted; a refusal or nonsense is a Fault, and the crate will
 * ask again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import * as wasm from '@matrix-org/matrix-sdk-crypto-wasm';
import { Fatal, Fault } from '../../base/errors.ts';
import type { UserId } from '../../base/ids.ts';
import { openMutex } from '../../base/mutex.ts';
import type { Calls } from './calls.ts';
import { describeRequest, type KeyRequest, type Outgoing } from './requests.ts';
import { toUserIds } from './user-ids.ts';

export interface ExchangeParts {
  readonly machine: wasm.OlmMachine;
  readonly calls: Calls;
  /** Sends a request to the homeserver, for as long as it takes; resolves with the body, as JSON. */
  readonly send: (request: KeyRequest) => Promise<string>;
  /** Told of what was refused, where nobody else is. */
  readonly onRefused: (refused: Fault) => void;
}

/** Between two looks at one account that its messages make us take. */
const REFRESH_MS = 5000;
const MAX_REFRESHED = 1000;
/** How long a sync waits for the devices of those who give no commands. */
const DRAIN_MS = 2000;

interface Refreshed {
  readonly at: number;
  readonly done: Promise<void>;
}

export class KeyExchange {
  readonly #parts: ExchangeParts;
  readonly #flushing = openMutex();
  readonly #refreshed = new Map<UserId, Refreshed>();

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
  }

  /** Sends one request and hands its answer to the crate. Rejects with Fault when it is refused. */
  async send(request: Outgoing): Promise<void> {
    const { machine, calls, send } = this.#parts;
    const described = describeRequest(request);
    const { id, type } = request;
    try {
      const response = await send(described);
      if (id !== undefined) await calls.run(() => machine.markRequestAsSent(id, type, response));
    } catch (cause) {
      if (cause instanceof Fault || cause instanceof Fatal) throw cause;
      const { path } = described;
      throw new Fault('homeserver_refused', `the answer to ${path} makes no sense`, cause);
    }
  }

  /** Sends what the crate wants sent, as far as the homeserver takes it; the first refusal. */
  flush(): Promise<Fault | undefined> {
    return this.#flushing(async () => {
      const { machine, calls } = this.#parts;
      let refused: Fault | undefined;
      // An answer can ask for more (a query shows a device that needs a claim); it soon has enough.
      for (let round = 0; round < 10 && !refused; round++) {
        const all = await calls.run(() => machine.outgoingRequests());
        const requests = all.filter((request) => !(request instanceof wasm.RoomMessageRequest));
        if (requests.length === 0) break;
        for (const request of requests) {
          const refusal = await caught(this.send(request as Outgoing));
          refused ??= refusal;
        }
      }
      return refused;
    });
  }

  /** What the crate wants said in a room: encrypted first, which is not for this class to do. */
  async roomMessages(): Promise<readonly wasm.RoomMessageRequest[]> {
    const { machine, calls } = this.#parts;
    const all = await calls.run(() => machine.outgoingRequests());
    return all.filter((request) => request instanceof wasm.RoomMessageRequest);
  }

  /** Like `flush`; what is refused is told and is no reason to stop. */
  async drain(): Promise<void> {
    this.#tell(await this.flush());
  }

  /**
   * Sends what the crate wants sent after a sync. `known`: whose devices decide about commands, as far as
   * they have changed; these are waited for. For all others the wait is short, and the rest goes on beside
   * the messages that come in: the server of a stranger can take ten seconds to answer.
   */
  async update(known: readonly UserId[]): Promise<void> {
    if (known.length > 0) this.#tell(await caught(this.query(known)));
    const patience = new AbortController();
    const drained = this.drain().finally(() => patience.abort());
    const given = sleep(DRAIN_MS, undefined, { signal: patience.signal }).catch(() => {});
    await Promise.race([drained, given]);
  }

  async query(users: readonly UserId[]): Promise<void> {
    const { machine, calls } = this.#parts;
    await this.send(await calls.run(async () => machine.queryKeysForUsers(toUserIds(users))));
  }

  /** A fresh look at an account, shared with whoever took one just now. */
  refresh(user: UserId): Promise<void> {
    const now = performance.now();
    const last = this.#refreshed.get(user);
    if (last && now - last.at < REFRESH_MS) return last.done;
    if (this.#refreshed.size >= MAX_REFRESHED) this.#refreshed.clear();
    const done = this.#refresh(user);
    this.#refreshed.set(user, { at: now, done });
    return done;
  }

  /** From now on, the account is also kept up to date. */
  async #refresh(user: UserId): Promise<void> {
    const { machine, calls } = this.#parts;
    await calls.run(() => machine.updateTrackedUsers(toUserIds([user])));
    // While the crate has a question about somebody to ask, every look at their identity waits for it.
    await this.drain();
    this.#tell(await caught(this.query([user])));
  }

  #tell(refused: Fault | undefined): void {
    if (refused) this.#parts.onRefused(refused);
  }
}

/** The Fault with which it rejected; what is worse is thrown on. */
async function caught(sent: Promise<void>): Promise<Fault | undefined> {
  try {
    await sent;
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}
