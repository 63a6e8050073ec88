/**
 * The client of matrix-bot-sdk, over our own transport. The only importer of the SDK.
 *
 * What is replaced, and why: its HTTP stack (follows redirects, never retries); its sync loop (a chain
 * of promises that grows for as long as the process lives, goes on with the next token after a response
 * that could not be handled, and waits 5 to 15 s after an error); its reading of a response (believes
 * clear-text events, forgets who sent what). Its encryption is not used at all.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { LogLevel, LogService, MatrixClient, MemoryStorageProvider } from 'matrix-bot-sdk';
import { parseToken } from './events.ts';
import type { Http } from './http.ts';

LogService.setLevel(LogLevel.ERROR);

export interface SyncPosition {
  load(): string | undefined;
  /** Called once the events up to the token have been handed over. */
  save(token: string): void;
}

export interface SyncHandlers {
  readonly position: SyncPosition;
  /** The homeserver is being asked. */
  readonly onAsk?: () => void;
  /** Handles one response; what it throws is fatal. */
  readonly onSync: (response: unknown, since: string | undefined) => Promise<void>;
  readonly onFatal: (error: unknown) => void;
}

const LONG_POLL_MS = 30_000;
const NONSENSE_DELAY_MS = 1000;
const PATIENCE_MS = 20_000;

/** Synapse sends no more than its filter_timeline_limit, which is 100 unless it is set. */
const TIMELINE_LIMIT = 300;
/**
 * All that we look at. Reactions and made-up types would cost a stranger nothing, and push a command out of
 * the timeline: then it is one that was missed.
 */
const TIMELINE = ['m.room.*', 'm.key.verification.*'];

const FILTER = JSON.stringify({
  presence: { types: [] },
  account_data: { types: [] },
  room: {
    ephemeral: { types: [] },
    account_data: { types: [] },
    state: { lazy_load_members: true },
    timeline: { limit: TIMELINE_LIMIT, types: TIMELINE, lazy_load_members: true },
  },
});

export class SyncClient extends MatrixClient {
  readonly #http: Http;
  #stopped = false;

  constructor(baseUrl: string, http: Http) {
    super(baseUrl, '', new MemoryStorageProvider()); // the position of the sync is kept by us
    this.#http = http;
  }

  /** Syncs until `stop`. The first response comes at once, each later one when there is news. */
  async sync({ position, onAsk = () => {}, onSync, onFatal }: SyncHandlers): Promise<void> {
    let token = position.load();
    try {
      for (let wait = 0; !this.#stopped; wait = LONG_POLL_MS) {
        const response = await this.#poll(token, wait, onAsk);
        await onSync(response, token);
        token = response.next_batch;
        position.save(token);
      }
    } catch (error) {
      // Going on would lose what this response held; the token was not saved, so it will come again.
      if (!this.#stopped) onFatal(error);
    }
  }

  override stop(): void {
    this.#stopped = true;
    super.stop();
  }

  /** Asks until the answer is a sync response: a homeserver that talks nonsense is asked again. */
  async #poll(
    since: string | undefined,
    timeout: number,
    onAsk: () => void,
  ): Promise<SyncResponse> {
    const query = { filter: FILTER, timeout, ...(since === undefined ? {} : { since }) };
    for (;;) {
      onAsk();
      const path = '/_matrix/client/v3/sync';
      const response = await this.doRequest('GET', path, query, null, timeout + 30_000);
      if (isSyncResponse(response)) return response;
      await sleep(NONSENSE_DELAY_MS);
    }
  }

  /** Asks for what is good to have: not for ever, unlike everything else. */
  tryGet(path: string, query: Readonly<Record<string, unknown>>): Promise<unknown> {
    return this.#http({ method: 'GET', path, query, patienceMs: PATIENCE_MS });
  }

  override doRequest(
    method: string,
    path: string,
    query: Record<string, unknown> | null = null,
    body: unknown = null,
    timeoutMs = 60_000,
    _raw = false,
    type = 'application/json',
  ): Promise<unknown> {
    const sent = body instanceof Uint8Array ? { bytes: body, type } : JSON.stringify(body);
    return this.#http({
      method,
      path,
      timeoutMs,
      ...(query ? { query } : {}),
      ...(body === null ? {} : { body: sent }),
    });
  }
}

interface SyncResponse {
  readonly next_batch: string;
}

const isSyncResponse = (value: unknown): value is SyncResponse =>
  typeof value === 'object' &&
  value !== null &&
  'next_batch' in value &&
  parseToken(value.next_batch) !== undefined;
