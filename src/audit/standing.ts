/**
 * What holds beyond a single request, derived from the entries alone: who is enrolled with what and
 * locked out, which codes are spent, what is frozen, which allowances and reviews are open, which room
 * is whose direct room. The secrets of factors are elsewhere; that they count is decided here.
 */
import type { Factor, Frozen } from './body.ts';
import type { Entry } from './entry.ts';
import { Identities } from './identities.ts';

export interface Passkey {
  readonly credential: string;
  /** COSE public key, base64url. */
  readonly key: string;
}

export interface Freeze {
  readonly scope: string;
  readonly why: string;
  readonly by: string;
}

/** Permission to run an action some times without asking again. */
export interface Allowance {
  readonly request: string;
  readonly frozen: Frozen;
  readonly left: number;
  readonly untilAt: number;
}

export interface Review {
  readonly request: string;
  readonly person: string;
}

export interface DirectRoom {
  readonly room: string;
  readonly person: string;
  /** Not one that they have given up for another one. */
  readonly isCurrent: boolean;
}

/** Nobody asks for more: more are not kept. */
const MAX_WRONG_CODES = 100;

const VOTE_MS = 30 * 60_000;

interface Standings {
  readonly factors: Set<Factor>;
  readonly passkeys: Map<string, Passkey>;
  /** Times of the wrong codes. */
  wrongCodes: number[];
  lastStep: number;
  isLocked: boolean;
  direct: string | undefined;
  /** The ticket that has not been used, as its hash. */
  ticket: { readonly hash: string; readonly expiresAt: number } | undefined;
  removals: number;
}

export class Standing {
  readonly identities = new Identities();
  readonly #people = new Map<string, Standings>();
  readonly #freezes = new Map<string, Freeze>();
  readonly #allowances = new Map<string, Allowance>();
  readonly #reviews = new Map<string, Review>();
  /** Allowances that were asked for and are not given yet. */
  readonly #asked = new Map<string, Frozen>();
  readonly #votes = new Map<string, { readonly by: string; readonly at: number }[]>();
  /** Whose direct room each is or was. What is given out a second time stays with the first. */
  readonly #directRooms = new Map<string, string>();

  note(entry: Entry): void {
    this.identities.note(entry);
    switch (entry.type) {
      case 'factor.enrolled':
      case 'factor.removed':
      case 'code.burnt':
      case 'code.wrong':
      case 'locked':
      case 'unlocked':
      case 'stepup':
      case 'ticket.issued':
      case 'ticket.spent':
      case 'direct':
        this.#notePerson(entry, this.#of(entry.person));
        break;
      case 'approval':
        if (entry.evidence?.kind === 'totp')
          spend(this.#of(entry.actor.person), entry.evidence.step);
        break;
      case 'frozen':
        this.#freezes.set(entry.scope, {
          scope: entry.scope,
          why: entry.why,
          by: entry.actor.person,
        });
        break;
      case 'unfrozen':
        this.#freezes.delete(entry.scope);
        break;
      case 'review.opened':
        this.#reviews.set(entry.request, { request: entry.request, person: entry.person });
        break;
      case 'recovery.vote': {
        const { person, actor, ts } = entry;
        const votes = this.#votes.get(person) ?? [];
        this.#votes.set(person, [...votes, { by: actor.person, at: Date.parse(ts) }]);
        break;
      }
      case 'review.closed':
        this.#reviews.delete(entry.request);
        break;
      case 'request':
      case 'start':
      case 'end':
        this.#noteAllowance(entry);
        break;
      default:
    }
  }

  has(person: string, factor: Factor): boolean {
    return this.#people.get(person)?.factors.has(factor) ?? false;
  }

  passkeysOf(person: string): readonly Passkey[] {
    return [...(this.#people.get(person)?.passkeys.values() ?? [])];
  }

  /** The 30-second step of the last code that this person spent; -1 before the first. */
  lastStep(person: string): number {
    return this.#people.get(person)?.lastStep ?? -1;
  }

  isLocked(person: string): boolean {
    return this.#people.get(person)?.isLocked ?? false;
  }

  /** SHA-256 of the ticket with which this person may enrol. */
  ticketOf(person: string, now: number): string | undefined {
    const ticket = this.#people.get(person)?.ticket;
    return ticket && ticket.expiresAt > now ? ticket.hash : undefined;
  }

  /** How often their factors were taken back: what was begun before that is not to be ended. */
  removalsOf(person: string): number {
    return this.#people.get(person)?.removals ?? 0;
  }

  wrongCodesSince(person: string, at: number): number {
    return this.#people.get(person)?.wrongCodes.filter((time) => time >= at).length ?? 0;
  }

  directRoomOf(person: string): string | undefined {
    return this.#people.get(person)?.direct;
  }

  /** Whose direct room this is, or was before they got another one. */
  ownerOfDirect(room: string): string | undefined {
    return this.#directRooms.get(room);
  }

  /** All that are and were. */
  directRooms(): readonly DirectRoom[] {
    return [...this.#directRooms].map(([room, person]) => ({
      ...{ room, person, isCurrent: this.directRoomOf(person) === room },
    }));
  }

  /** The distinct people who agreed within the last half hour that this person may enrol anew. */
  recoveryVotes(person: string, now: number): readonly string[] {
    const votes = this.#votes.get(person) ?? [];
    return [...new Set(votes.filter(({ at }) => now - at < VOTE_MS).map(({ by }) => by))];
  }

  freezes(): readonly Freeze[] {
    return [...this.#freezes.values()];
  }

  reviews(): readonly Review[] {
    return [...this.#reviews.values()];
  }

  allowances(now: number): readonly Allowance[] {
    return [...this.#allowances.values()].filter((a) => a.left > 0 && a.untilAt > now);
  }

  #of(person: string): Standings {
    const known = this.#people.get(person);
    if (known) return known;
    const fresh: Standings = {
      factors: new Set(),
      passkeys: new Map(),
      wrongCodes: [],
      lastStep: -1,
      isLocked: false,
      direct: undefined,
      ticket: undefined,
      removals: 0,
    };
    this.#people.set(person, fresh);
    return fresh;
  }

  #notePerson(entry: PersonEntry, person: Standings): void {
    switch (entry.type) {
      case 'factor.enrolled':
        person.factors.add(entry.factor);
        if (entry.credential !== undefined && entry.key !== undefined)
          person.passkeys.set(entry.credential, { credential: entry.credential, key: entry.key });
        break;
      case 'factor.removed':
        person.factors.clear();
        person.passkeys.clear();
        person.removals++;
        for (const { request, frozen } of this.#allowances.values())
          if (frozen.actor.person === entry.person) this.#allowances.delete(request);
        break;
      case 'code.burnt':
        spend(person, entry.step);
        break;
      case 'code.wrong':
        person.wrongCodes = [...person.wrongCodes.slice(1 - MAX_WRONG_CODES), Date.parse(entry.ts)];
        break;
      case 'locked':
        person.isLocked = true;
        break;
      case 'unlocked':
        this.#votes.delete(entry.person);
        person.isLocked = false;
        person.wrongCodes = [];
        break;
      case 'stepup':
        if (entry.evidence.kind === 'totp') spend(person, entry.evidence.step);
        break;
      case 'ticket.issued':
        person.ticket = { hash: entry.ticket, expiresAt: entry.expiresAt };
        break;
      case 'ticket.spent':
        person.ticket = undefined;
        break;
      case 'direct':
        if (this.#directRooms.has(entry.room)) break;
        this.#directRooms.set(entry.room, entry.person);
        person.direct = entry.room;
    }
  }

  #noteAllowance(entry: Entry & { readonly type: 'request' | 'start' | 'end' }): void {
    switch (entry.type) {
      case 'request':
        if (entry.frozen.kind === 'allowance') this.#asked.set(entry.request, entry.frozen);
        break;
      case 'end':
        this.#give(entry);
        break;
      case 'start': {
        const used = this.#allowances.get(entry.allowance ?? '');
        if (used) this.#allowances.set(used.request, { ...used, left: used.left - 1 });
      }
    }
  }

  #give({ request, outcome, ts }: Entry & { readonly type: 'end' }): void {
    const frozen = this.#asked.get(request);
    this.#asked.delete(request);
    if (!frozen?.allowance || outcome !== 'given') return;
    const { times: left, forMs } = frozen.allowance;
    this.#allowances.set(request, { request, frozen, left, untilAt: Date.parse(ts) + forMs });
  }
}

type PersonEntry = Entry & {
  readonly type:
    | 'factor.enrolled'
    | 'factor.removed'
    | 'code.burnt'
    | 'code.wrong'
    | 'locked'
    | 'unlocked'
    | 'stepup'
    | 'ticket.issued'
    | 'ticket.spent'
    | 'direct';
};

/** No code of its step or before counts again. */
function spend(person: Standings, step: number): void {
  person.lastStep = Math.max(person.lastStep, step);
}
