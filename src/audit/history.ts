/**
 * What the daemon has to remember of its log: which ciphertexts are spent, which requests were started
 * and have no outcome. Derived from the entries alone, so that it can never differ from the log.
 */
import { sha256, utf8 } from '../base/bytes.ts';
import type { Entry, Source } from './entry.ts';

export type RequestEntry = Entry & { readonly type: 'request' };
export type EndEntry = Entry & { readonly type: 'end' };

/** A request as the log knows it. */
export interface Remembered {
  readonly request: RequestEntry;
  readonly started: boolean;
  readonly end: EndEntry | undefined;
}

/** How many are kept for the sake of a word that a crash cut off. */
const KEEP_REQUESTS = 1000;
const KEEP_EVENTS = 2000;
/** Anybody in a room can make up sessions that nobody can read. */
const KEEP_SESSIONS = 10_000;

export class History {
  readonly #spent = new Map<string, string>();
  readonly #undecryptable = new Set<string>();
  readonly #requests = new Map<string, Remembered>();
  readonly #events = new Map<string, 'request' | 'asked' | 'refused'>();

  note(entry: Entry): void {
    switch (entry.type) {
      case 'request':
        this.#spend(entry);
        this.#remember(entry.source.event, 'request');
        this.#requests.set(entry.request, { request: entry, started: false, end: undefined });
        this.#forgetOldest();
        break;
      case 'asked':
        this.#spend(entry);
        this.#remember(entry.source.event, 'asked');
        break;
      case 'refused':
        this.#spend(entry);
        this.#remember(entry.source.event, 'refused');
        if (entry.source.session !== undefined && entry.source.index === undefined)
          this.#noteUndecryptable(entry.sender, entry.source.session);
        break;
      case 'start':
        this.#amend(entry.request, { started: true });
        break;
      case 'end':
        this.#amend(entry.request, { end: entry });
        break;
      default:
    }
  }

  /** The event that spent this position of this session; undefined while it is fresh. */
  spentBy(
    room: string,
    session: string,
    index: number,
    event: string,
  ): 'this' | 'other' | undefined {
    const by = this.#spent.get(spentKey(room, session, index));
    if (by === undefined) return undefined;
    return by === eventKey(event) ? 'this' : 'other';
  }

  /** Has it been recorded that messages of this sender's session cannot be read? */
  knownUndecryptable(sender: string, session: string): boolean {
    return this.#undecryptable.has(sessionKey(sender, session));
  }

  /** What became of an event that was dealt with lately. */
  fateOf(event: string): 'request' | 'asked' | 'refused' | undefined {
    return this.#events.get(event);
  }

  find(request: string): Remembered | undefined {
    return this.#requests.get(request);
  }

  /** Started, and nobody knows how it ended. */
  unfinished(): readonly Remembered[] {
    return [...this.#requests.values()].filter((r) => r.started && !r.end);
  }

  #spend({ source }: { readonly source: Source }): void {
    const { room, session, index, event } = source;
    if (session === undefined || index === undefined) return;
    const key = spentKey(room, session, index);
    // The first event keeps it: a replay is recorded under its own event id, and spends nothing.
    if (!this.#spent.has(key)) this.#spent.set(key, eventKey(event));
  }

  #noteUndecryptable(sender: string, session: string): void {
    this.#undecryptable.add(sessionKey(sender, session));
    dropOldest(this.#undecryptable, KEEP_SESSIONS);
  }

  #remember(event: string, fate: 'request' | 'asked' | 'refused'): void {
    this.#events.set(event, fate);
    dropOldest(this.#events, KEEP_EVENTS);
  }

  #amend(id: string, change: Partial<Remembered>): void {
    const known = this.#requests.get(id);
    if (known) this.#requests.set(id, { ...known, ...change });
  }

  #forgetOldest(): void {
    if (this.#requests.size <= KEEP_REQUESTS) return;
    for (const [id, { started, end }] of this.#requests)
      if (!started || end) {
        this.#requests.delete(id);
        return;
      }
  }
}

function dropOldest(kept: Map<string, unknown> | Set<string>, limit: number): void {
  for (const oldest of kept.keys()) {
    if (kept.size <= limit) return;
    kept.delete(oldest);
  }
}

// A log holds one position per command ever typed; hashed, so that each costs the same few bytes.
const short = (text: string, bytes: number): string =>
  Buffer.from(sha256(utf8(text)).subarray(0, bytes)).toString('latin1');
const spentKey = (room: string, session: string, index: number): string =>
  short(`${room}\n${session}\n${index}`, 16);
const sessionKey = (sender: string, session: string): string => short(`${sender}\n${session}`, 16);
const eventKey = (event: string): string => short(event, 12);
