/** The words in which the life of a request is told: its states, what can happen to it, what it asks for. */
import type { Actor, EntryBody, Evidence } from '../audit/body.ts';
import type { Instant } from '../base/ids.ts';
import type { Decision, Missing } from '../policy/decision.ts';
import type { Factor } from '../policy/model.ts';

/** Somebody else's yes. */
export interface SignOff {
  readonly actor: Actor;
  /** What they proved beyond their account, and how it can be checked again. */
  readonly factor: Factor | undefined;
  readonly evidence: Evidence | undefined;
}

/** Everything that was given for a request so far. */
export interface Gathered {
  /** What the requester has proven; on record already. */
  readonly factor: Factor | undefined;
  readonly signOffs: readonly SignOff[];
}

/** How far a run has come, as a person is shown it. */
export interface Progress {
  /** The last lines of output, safe to show. */
  readonly tail: readonly string[];
  readonly lines: number;
  readonly bytes: number;
}

export type Outcome =
  | { readonly kind: 'exited'; readonly exit: number }
  | { readonly kind: 'timed_out' }
  | { readonly kind: 'cancelled'; readonly by: string }
  /** The daemon stopped it while shutting down. */
  | { readonly kind: 'stopped' }
  | { readonly kind: 'not_started'; readonly reason: string }
  /** Of an allowance: it is in force from now on. */
  | { readonly kind: 'given' }
  /** The daemon crashed between start and end. */
  | { readonly kind: 'unknown' };

export interface Ending {
  readonly outcome: Outcome;
  readonly ms: number;
  readonly progress: Progress;
  /** SHA-256 over every byte of output, hex. */
  readonly sha256: string;
  /** Output beyond the limit, or what took too long to show, was counted and not kept. */
  readonly cut: 'limit' | 'slow' | undefined;
}

/** Why a request ended without a run. */
export type Closing =
  | { readonly kind: 'refused'; readonly decision: Decision }
  | { readonly kind: 'denied'; readonly by: string; readonly reason: string }
  | { readonly kind: 'withdrawn' }
  | { readonly kind: 'expired' }
  /** Something that it rests on is not what it was. */
  | { readonly kind: 'voided'; readonly changes: readonly string[] };

export type State =
  | { readonly kind: 'new' }
  | { readonly kind: 'waiting'; readonly gathered: Gathered; readonly missing: readonly Missing[] }
  /** Nothing is missing, and the requester may start it, once, until then. */
  | { readonly kind: 'granted'; readonly gathered: Gathered; readonly untilAt: Instant }
  /** Is everything still as it was when it was frozen? The answer is of use until then. */
  | {
      readonly kind: 'checking';
      readonly gathered: Gathered;
      readonly isGranted: boolean;
      readonly untilAt: Instant;
    }
  | { readonly kind: 'intending'; readonly gathered: Gathered }
  | {
      readonly kind: 'running';
      readonly gathered: Gathered;
      readonly sinceAt: Instant;
      readonly progress: Progress;
      readonly stopping: boolean;
    }
  | { readonly kind: 'ending'; readonly ending: Ending }
  | { readonly kind: 'ended'; readonly ending: Ending; readonly entry: number }
  | { readonly kind: 'closing'; readonly closing: Closing }
  | { readonly kind: 'closed'; readonly closing: Closing; readonly entry: number };

export type Happening =
  | { readonly kind: 'asked' }
  /** Taken up again after a restart, as the log has it; `grantedAt`: since when nothing is missing. */
  | {
      readonly kind: 'resumed';
      readonly gathered: Gathered;
      readonly grantedAt: Instant | undefined;
    }
  /** The requester has proven a factor, for this request, and it is on record. */
  | { readonly kind: 'proven'; readonly factor: Factor }
  | { readonly kind: 'signed_off'; readonly signOff: SignOff }
  | { readonly kind: 'sign_off_withdrawn'; readonly actor: Actor }
  | { readonly kind: 'denied'; readonly actor: Actor; readonly reason: string }
  /** By the requester while it waits; by whoever may, while it runs. */
  | { readonly kind: 'cancelled'; readonly actor: Actor }
  /** The requester starts what was granted. */
  | { readonly kind: 'begun'; readonly actor: Actor }
  | { readonly kind: 'ticked' }
  /** Something that every request rests on has changed: the policy, a freeze. */
  | { readonly kind: 'changed'; readonly what: string }
  /** The answer to a `check`: what is not as it was. */
  | { readonly kind: 'checked'; readonly changes: readonly string[] }
  /** What the last `record` asked for is durable; `entry` is the number of its last entry. */
  | { readonly kind: 'recorded'; readonly entry: number }
  | { readonly kind: 'output'; readonly progress: Progress }
  | { readonly kind: 'run_ended'; readonly ending: Ending };

export type Effect =
  | { readonly kind: 'record'; readonly entries: readonly EntryBody[] }
  | { readonly kind: 'check' }
  | { readonly kind: 'run' }
  | { readonly kind: 'stop'; readonly by: string }
  | { readonly kind: 'show'; readonly final: boolean };

export interface Next {
  readonly state: State;
  readonly effects: readonly Effect[];
}

/** What the machine may ask of the world; both are values of this very moment. */
export interface World {
  readonly now: Instant;
  /** The policy's answer, with what has been gathered. */
  readonly decide: (gathered: Gathered) => Decision;
}
