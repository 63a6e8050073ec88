/**
 * Which master keys accounts went by, as the log tells it: first seen, refused, pinned, verified. From
 * the entries alone, so that it can be told without the daemon. It decides nothing.
 */
import type { Actor } from './body.ts';
import type { Entry } from './entry.ts';

export interface IdentityEvent {
  readonly seq: number;
  readonly ts: string;
  readonly what: 'seen' | 'refused' | 'pinned' | 'dropped' | 'verified';
  readonly account: string;
  /** Empty where the log does not say. */
  readonly identity: string;
  /** Of a refusal. */
  readonly code: string;
}

/** Refusals that are about who somebody is, not about what they said. */
const CODES: ReadonlySet<string> = new Set([
  'identity_unknown',
  'identity_mismatch',
  'identity_changed',
  'identity_violation',
]);

interface Known {
  person: string;
  pin: string | undefined;
  readonly seen: Set<string>;
  verified: IdentityEvent | undefined;
  suspended: IdentityEvent | undefined;
}

export class Identities {
  readonly #accounts = new Map<string, Known>();

  /** What the entry tells that was not known before. */
  note(entry: Entry): IdentityEvent | undefined {
    switch (entry.type) {
      case 'identity.pinned':
        return this.#pin(entry);
      case 'identity.dropped':
        this.#accounts.delete(entry.account);
        return eventOf(entry, 'dropped', entry.account);
      case 'identity.verified': {
        const event = eventOf(entry, 'verified', entry.account, entry.identity);
        this.#of(entry.account).verified = event;
        return event;
      }
      case 'refused':
        return CODES.has(entry.code) ? this.#refuse(entry) : undefined;
      case 'asked':
      case 'approval':
        return this.#see(entry, entry.actor);
      case 'request':
        return this.#see(entry, entry.frozen.actor);
      default:
        return undefined;
    }
  }

  /** The accounts that the policy named last, with their pins; empty where there is none. */
  pins(): ReadonlyMap<string, { readonly person: string; readonly identity: string }> {
    return new Map(
      [...this.#accounts].flatMap(([account, { person, pin }]) =>
        pin === undefined ? [] : [[account, { person, identity: pin }]],
      ),
    );
  }

  /** The last time that emoji were compared with this account under this very master key. */
  verified(account: string, identity: string): IdentityEvent | undefined {
    const event = this.#accounts.get(account)?.verified;
    return event?.identity === identity ? event : undefined;
  }

  /** Since when the account is heard no more for going by another identity than the pinned one. */
  suspended(account: string): IdentityEvent | undefined {
    return this.#accounts.get(account)?.suspended;
  }

  #pin(entry: Entry & { readonly type: 'identity.pinned' }): IdentityEvent {
    const { account, identity, person } = entry;
    Object.assign(this.#of(account), { person, pin: identity, suspended: undefined });
    return eventOf(entry, 'pinned', account, identity);
  }

  /** Once: the account is suspended from the first such message on. */
  #refuse(entry: Entry & { readonly type: 'refused' }): IdentityEvent | undefined {
    const { sender, code, identity = '' } = entry;
    const known = this.#of(sender);
    const { suspended } = known;
    if (suspended?.code === code && suspended.identity === identity) return undefined;
    known.suspended = { ...eventOf(entry, 'refused', sender, identity), code };
    return known.suspended;
  }

  #see(entry: Entry, { account, identity }: Actor): IdentityEvent | undefined {
    const { seen } = this.#of(account);
    if (identity === '' || seen.has(identity)) return undefined;
    seen.add(identity);
    return eventOf(entry, 'seen', account, identity);
  }

  #of(account: string): Known {
    const known = this.#accounts.get(account) ?? {
      ...{ person: '', pin: undefined, seen: new Set(), verified: undefined, suspended: undefined },
    };
    this.#accounts.set(account, known);
    return known;
  }
}

const eventOf = (
  { seq, ts }: Entry,
  what: IdentityEvent['what'],
  account: string,
  identity = '',
): IdentityEvent => ({ seq, ts, what, account, identity, code: '' });
