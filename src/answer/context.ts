/** What a built-in may look at to answer: a narrow view, and no way to change anything. */
import type { Entry } from '../audit/entry.ts';
import type { Standing } from '../audit/standing.ts';
import type { Instant } from '../base/ids.ts';
import type { Policy } from '../policy/model.ts';
import type { State } from '../request/life.ts';
import type { Request } from '../request/request.ts';
import type { Trusted } from '../trust/judge.ts';

export interface Job {
  readonly request: Request;
  readonly state: State;
}

export interface Context {
  readonly by: Trusted;
  readonly policy: Policy;
  readonly standing: Standing;
  readonly now: Instant;
  /** In what the room of the question is not what the policy demands, as last seen. */
  readonly drift: string | undefined;
  readonly version: string;
  readonly jobs: readonly Job[];
  readonly head: { readonly size: number; readonly note: string };
  readonly entries: () => AsyncIterable<Entry>;
}
