/** The question that the policy is asked, and the answers that it can give. */
import type { Instant, PersonName, RoomName } from '../base/ids.ts';
import type { Factor, Quorum } from './model.ts';
import type { Approval } from './quorum.ts';

export interface Ask {
  readonly person: PersonName;
  /** The account's identity is the one that the policy pins. */
  readonly pinned: boolean;
  readonly room: RoomName;
  readonly action: string;
  readonly values: Readonly<Record<string, string>>;
  /** Break-glass: why it cannot wait for sign-offs. */
  readonly urgent?: string;
  /** Asks to be allowed the action in advance; values that are left out are left open. */
  readonly isAllowance?: boolean;
}

/** What has been proven so far, and what holds at this moment. */
export interface Facts {
  readonly now: Instant;
  /** The strongest factor that the requester has proven for this request. */
  readonly factor: Factor | undefined;
  readonly approvals: readonly Approval[];
  /** What is frozen: `all`, an action, or a room. */
  readonly freezes: readonly { readonly scope: string; readonly why: string }[];
  /** In what the room is not what the policy demands of it. */
  readonly drift: string | undefined;
  /** A break-glass run has not been reviewed yet. */
  readonly reviewIsOpen: boolean;
  /** The allowance that covers this request, if there is one. */
  readonly allowance: string | undefined;
}

/** Nothing given, and nothing in the way. Each fact is said, so that none is forgotten and lets pass. */
export const NO_FACTS: Omit<Facts, 'now'> = {
  factor: undefined,
  approvals: [],
  freezes: [],
  drift: undefined,
  reviewIsOpen: false,
  allowance: undefined,
};

export const DENY_CODES = [
  'action',
  'person',
  'identity',
  'role',
  'room',
  'posture',
  'window',
  'freeze',
  'break_glass',
  'allowance',
  'params',
  'unevaluable',
] as const;
export type DenyCode = (typeof DENY_CODES)[number];

export type Missing =
  | { readonly kind: 'step_up'; readonly factor: Factor }
  | { readonly kind: 'approvals'; readonly count: number; readonly quorum: Quorum };

/** One condition that was looked at, in the order of looking. */
export interface Step {
  readonly check: string;
  readonly holds: boolean;
  readonly need: string;
  readonly have: string;
}

export type Trace = readonly Step[];

export type Decision =
  | {
      readonly kind: 'allow';
      readonly trace: Trace;
      /** Set in mode observe or warn: what enforce would have refused it for. */
      readonly despite: DenyCode | undefined;
      /** The allowance that it uses up by one. */
      readonly allowance?: string;
    }
  | { readonly kind: 'deny'; readonly because: DenyCode; readonly trace: Trace }
  | { readonly kind: 'pending'; readonly missing: readonly Missing[]; readonly trace: Trace };
