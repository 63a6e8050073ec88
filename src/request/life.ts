/** The words in which the life of a request is told: its states, what can happen to it, what it asks for. */
import type { EntryBody } from '../audit/entry.ts';
import type { Instant } from '../base/ids.ts';
import type { Decision } from '../policy/decide.ts';
import type { Trusted } from '../trust/judge.ts';

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
  /** The daemon crashed between start and end. */
  | { readonly kind: 'unknown' };

export interface Ending {
  readonly outcome: Outcome;
  readonly ms: number;
  readonly progress: Progress;
  /** SHA-256 over every byte of output, hex. */
  readonly sha256: string;
  /** Output beyond the cap was counted, not kept. */
  readonly capped: boolean;
}

export type State =
  | { readonly kind: 'new' }
  | { readonly kind: 'refusing'; readonly decision: Decision }
  | { readonly kind: 'refused'; readonly decision: Decision; readonly entry: number }
  | { readonly kind: 'intending'; readonly decision: Decision }
  | {
      readonly kind: 'running';
      readonly sinceAt: Instant;
      readonly progress: Progress;
      readonly stopping: boolean;
    }
  | { readonly kind: 'ending'; readonly ending: Ending }
  | { readonly kind: 'ended'; readonly ending: Ending; readonly entry: number };

export type Happening =
  | { readonly kind: 'decided'; readonly decision: Decision }
  /** What the last `record` effect asked for is durable; `entry` is the number of its last entry. */
  | { readonly kind: 'recorded'; readonly entry: number }
  | { readonly kind: 'output'; readonly progress: Progress }
  | { readonly kind: 'cancelled'; readonly by: Trusted }
  | { readonly kind: 'run_ended'; readonly ending: Ending };

export type Effect =
  | { readonly kind: 'record'; readonly entries: readonly EntryBody[] }
  | { readonly kind: 'run' }
  | { readonly kind: 'stop'; readonly by: string }
  | { readonly kind: 'show'; readonly final: boolean };
