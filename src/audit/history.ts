/**
 * What the daemon has to remember of messages and requests: which ciphertexts are spent, and how far
 * each request has come. Derived from the entries alone, so that it can never differ from the log.
 */
import { sha256, utf8 } from '../base/bytes.ts';
import type { Actor, EntryBody, Evidence, Factor, Source } from './body.ts';
import type { Entry } from './entry.ts';

export type RequestEntry = Entry & { readonly type: 'request' };
export type EndEntry = Entry & { readonly type: 'end' };
export type ClosedEntry = Entry & { readonly type: 'closed' };

/** A request as the log knows it. */
export interface Remembered {
  readonly request: RequestEntry;
  /** What the requester has proven. */
  readonly factor: Factor | undefined;
  readonly signOffs: readonly {
    readonly actor: Actor;
    readonly factor: Factor | undefined;
    readonly evidence: Evidence | undefined;
  }[];
  /** Since when nothing is missing. */
  readonly grantedAt: number | undefined;
  readonly started: boolean;
  readonly closed: ClosedEntry | undefined;
  readonly end: EndEntry | undefined;
}

type Refused = EntryBody & { readonly type: 'refused' };

export type Fate = 'request' | 'asked' | 'refused';

/** How many are kept for the sake of a word that a crash cut off. */
const KEEP_REQUESTS = 1000;
const KEEP_EVENTS = 2000;
/** Of those that cannot be read, so that each is told of once. */
const KEEP_SESSIONS = 10_000;

export class History {
  readonly #spent = new Map<string, string>();
  readonly #refused = new Set<string>();
  readonly #undecryptable = new Set<string>();
  readonly #requests = new Map<string, Remembered>();
  readonly #events = new Map<string, Fate>();

  note(entry: Entry): void {
    switch (entry.type) {
      case 'request':
        this.#spend(entry.frozen.source);
        this.#remember(entry.frozen.source.event, 'request');
        this.#requests.set(entry.request, rememberRequest(entry));
        this.#forgetOldest();
        break;
      case 'asked':
      case 'refused':
        this.#spend(entry.source);
        this.#remember(entry.source.event, entry.type);
        if (entry.type === 'refused') this.#noteRefused(entry);
        if (entry.type === 'refused') this.#noteUndecryptable(entry);
        break;
      case 'refused.more':
        this.#noteRefused(entry);
        break;
      case 'stepup':
        this.#amend(entry.request, ({ factor }) => ({
          factor: factor === 'webauthn' ? factor : entry.factor,
          grantedAt: undefined,
        }));
        break;
      case 'approval': {
        const { actor, factor, evidence } = entry;
        this.#amend(entry.request, ({ signOffs }) => ({
          signOffs: [...withoutPerson(signOffs, actor), { actor, factor, evidence }],
          grantedAt: undefined, // was lost, or nobody would have been asked for more
        }));
        break;
      }
      case 'approval.withdrawn':
        this.#amend(entry.request, ({ signOffs }) => ({
          signOffs: withoutPerson(signOffs, entry.actor),
          grantedAt: undefined,
        }));
        break;
      case 'granted':
        this.#amend(entry.request, ({ grantedAt }) => ({
          grantedAt: grantedAt ?? Date.parse(entry.ts),
        }));
        break;
      case 'closed':
        this.#amend(entry.request, () => ({ closed: entry }));
        break;
      case 'start':
        this.#amend(entry.request, () => ({ started: true }));
        break;
      case 'end':
        this.#amend(entry.request, () => ({ end: entry }));
        break;
      default:
    }
  }

  /** Whether this position of this session was spent by this very event, or by another one. */
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

  /** Was something with this fingerprint refused? */
  wasRefused(fingerprint: string): boolean {
    return this.#refused.has(fingerprint);
  }

  /**
   * Has it been recorded that messages of this sender's session cannot be read there, and for this
   * reason? One reason does not stand for another: any of them can be forged for a session first.
   */
  knownUndecryptable(refused: Refused): boolean {
    return this.#undecryptable.has(undecryptableKey(refused));
  }

  /** What became of an event that was dealt with lately. */
  fateOf(event: string): Fate | undefined {
    return this.#events.get(event);
  }

  find(request: string): Remembered | undefined {
    return this.#requests.get(request);
  }

  /** Neither closed nor ended: what was waiting, or running, when the daemon ended. */
  open(): readonly Remembered[] {
    return [...this.#requests.values()].filter(isOpen);
  }

  #spend({ room, session, index, event }: Source): void {
    if (session === undefined || index === undefined) return;
    const key = spentKey(room, session, index);
    // The first event keeps it: a replay is recorded under its own event id, and spends nothing.
    if (!this.#spent.has(key)) this.#spent.set(key, eventKey(event));
  }

  #noteRefused({ spent = [] }: { readonly spent?: readonly string[] }): void {
    for (const fingerprint of spent) this.#refused.add(fingerprint);
  }

  #noteUndecryptable(refused: Refused): void {
    const { session, index } = refused.source;
    if (session === undefined || index !== undefined) return;
    this.#undecryptable.add(undecryptableKey(refused));
    for (const oldest of this.#undecryptable) {
      if (this.#undecryptable.size <= KEEP_SESSIONS) break;
      this.#undecryptable.delete(oldest);
    }
  }

  #remember(event: string, fate: Fate): void {
    this.#events.set(event, fate);
    for (const oldest of this.#events.keys()) {
      if (this.#events.size <= KEEP_EVENTS) break;
      this.#events.delete(oldest);
    }
  }

  #amend(id: string, change: (known: Remembered) => Partial<Remembered>): void {
    const known = this.#requests.get(id);
    if (known) this.#requests.set(id, { ...known, ...change(known) });
  }

  #forgetOldest(): void {
    if (this.#requests.size <= KEEP_REQUESTS) return;
    for (const [id, remembered] of this.#requests)
      if (!isOpen(remembered)) {
        this.#requests.delete(id);
        return;
      }
  }
}

const rememberRequest = (request: RequestEntry): Remembered => ({
  request,
  factor: undefined,
  signOffs: [],
  grantedAt: undefined,
  started: false,
  closed: undefined,
  end: undefined,
});

const isOpen = ({ request, closed, end }: Remembered): boolean =>
  request.decision !== 'deny' && !closed && !end;

const withoutPerson = <T extends { readonly actor: Actor }>(
  signOffs: readonly T[],
  { person }: Actor,
): T[] => signOffs.filter((signOff) => signOff.actor.person !== person);

// A log holds one position per command ever typed; hashed, so that each costs the same few bytes.
const short = (text: string, bytes: number): string =>
  Buffer.from(sha256(utf8(text)).subarray(0, bytes)).toString('latin1');
const spentKey = (room: string, session: string, index: number): string =>
  short(`${room}\n${session}\n${index}`, 16);
const undecryptableKey = ({ code, sender, source }: Refused): string =>
  short(`${source.room}\n${source.session}\n${sender}\n${code}`, 16);
const eventKey = (event: string): string => short(event, 12);
