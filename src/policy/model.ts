/**
 * The policy as the rest of the program sees it: names resolved, patterns compiled, durations in
 * milliseconds. Made from a file by `config/policy-file.ts`, which refuses whatever does not fit.
 */
import type { ActionName, PersonName, RoomId, RoomName, UserId } from '../base/ids.ts';
import type { Parameter } from '../command/parameter.ts';
import type { Destination } from '../execution/plan.ts';

export type Effect = 'read' | 'change' | 'destructive';
export type Factor = 'totp' | 'webauthn';
export type Weekday = 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun';

export interface Account {
  readonly id: UserId;
  /** The pinned cross-signing master key, unpadded base64. */
  readonly identity: string | undefined;
}

/** The unit of quorum: one human, however many accounts and devices. */
export interface Person {
  readonly name: PersonName;
  readonly roles: readonly string[];
  readonly accounts: readonly Account[];
  /** Users of the daemon's host who are this person, for the day without chat. */
  readonly localUsers: readonly string[];
}

/** What a room has to be like before anything is changed from it; undefined: it does not matter. */
export interface Posture {
  readonly encrypted: boolean;
  readonly inviteOnly: boolean;
  readonly noGuests: boolean;
  /** Who joins later may read at most this much of what was said before. */
  readonly history: 'joined' | 'invited' | 'shared' | undefined;
  /** Every member is an account of the policy, under the identity that it pins. */
  readonly membersInPolicy: boolean;
  readonly servers: readonly string[] | undefined;
  readonly maxMembers: number | undefined;
}

export interface Room {
  readonly name: RoomName;
  readonly id: RoomId;
  readonly posture: Posture | undefined;
}

/** A recurring span of local time; `until` before `from` means that it ends on the next day. */
export interface Window {
  readonly timeZone: string;
  readonly days: readonly Weekday[];
  /** "HH:MM", 24 hours; `from` is inside, `until` is not. */
  readonly from: string;
  readonly until: string;
}

/** So many distinct people, none of them the requester, each with one of the roles. */
export interface Quorum {
  readonly count: number;
  readonly roles: readonly string[];
  readonly stepUp: Factor | undefined;
}

export interface Requirements {
  readonly stepUp: Factor | undefined;
  /** One person counts in one of them only. */
  readonly approvals: readonly Quorum[];
  /** How long a request may wait for what is missing. */
  readonly withinMs: number;
  /** How long the requester then has to start it; 0: it starts by itself. */
  readonly startWithinMs: number;
}

export interface SandboxLimits {
  readonly timeoutMs: number;
  readonly outputBytes: number;
  readonly memoryBytes: number;
  readonly processes: number;
  readonly network: readonly Destination[];
  readonly read: readonly string[];
  readonly write: readonly string[];
}

export interface Action {
  readonly name: ActionName;
  readonly summary: string;
  /** The argument vector; `{name}` stands for the value of a parameter. */
  readonly run: readonly [string, ...string[]];
  /** Added to the environment of the action. */
  readonly env: Readonly<Record<string, string>>;
  readonly parameters: readonly Parameter[];
  readonly effect: Effect;
  /** `observe` and `warn` only record or say what `enforce` would refuse; for `read` only. */
  readonly mode: 'observe' | 'warn' | 'enforce';
  readonly roles: readonly string[];
  readonly rooms: readonly RoomName[];
  /** Names of windows; empty: at any time. */
  readonly windows: readonly string[];
  readonly require: Requirements;
  readonly sandbox: SandboxLimits;
  /** Files whose content is part of what is approved, besides the program. */
  readonly files: readonly string[];
  /** Who may run it without sign-offs when it burns, with a reason and a review; empty: nobody. */
  readonly breakGlass: readonly string[];
  /** The most that may be allowed in advance; undefined: nothing. */
  readonly allowance: { readonly times: number; readonly forMs: number } | undefined;
}

export interface Policy {
  /** SHA-256 of the file's bytes, hex: which policy this is. */
  readonly sha256: string;
  readonly people: ReadonlyMap<PersonName, Person>;
  readonly rooms: ReadonlyMap<RoomName, Room>;
  readonly windows: ReadonlyMap<string, Window>;
  readonly actions: ReadonlyMap<ActionName, Action>;
  /** Who may freeze and unfreeze. */
  readonly freeze: { readonly freeze: readonly string[]; readonly unfreeze: readonly string[] };
  /** Who has to agree before somebody may enrol anew; undefined: nobody may. */
  readonly recovery: Quorum | undefined;
}
