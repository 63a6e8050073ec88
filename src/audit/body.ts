/** What the entries of the log say, type by type. The format is described in docs/formats/audit-log.md. */

/** Who, as far as it was proven. */
export interface Actor {
  readonly person: string;
  readonly account: string;
  readonly device: string;
  /** The master key under which the device was cross-signed; empty where no Matrix device was used. */
  readonly identity: string;
  readonly pinned: boolean;
}

/** Where a message stood, and the position of the Megolm session that it spent for good. */
export interface Source {
  readonly room: string;
  readonly event: string;
  readonly session?: string;
  readonly index?: number;
}

/** A file whose content is part of what is approved. */
export interface FrozenFile {
  readonly path: string;
  readonly sha256: string;
}

/** What exactly is asked for. Its canonical JSON has the digest that names the request. */
export interface Frozen {
  readonly v: 1;
  /** `run` runs the action; `allowance` lets the requester run it some times without asking again. */
  readonly kind: 'run' | 'allowance';
  readonly action: string;
  readonly effect: 'read' | 'change' | 'destructive';
  readonly values: Readonly<Record<string, string>>;
  readonly argv: readonly string[];
  /** Each variable with the SHA-256 of its value: names are shown, values are not. */
  readonly env: Readonly<Record<string, string>>;
  readonly files: readonly FrozenFile[];
  readonly sandbox: {
    readonly read: readonly string[];
    readonly write: readonly string[];
    readonly network: readonly { readonly host: string; readonly port: number }[];
  };
  readonly limits: {
    readonly timeoutMs: number;
    readonly outputBytes: number;
    readonly memoryBytes: number;
    readonly processes: number;
  };
  /** SHA-256 of the policy that decides about it. */
  readonly policy: string;
  readonly actor: Actor;
  readonly source: Source;
  /** The name of the room, for people. */
  readonly room: string;
  /** Break-glass: why it cannot wait for sign-offs. */
  readonly urgent?: string;
  /** Of an allowance: how often, and for how long once it is given. */
  readonly allowance?: { readonly times: number; readonly forMs: number };
  /** Random: two requests for the same thing are two requests. */
  readonly nonce: string;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  /** Until when what is missing can be given. */
  readonly expiresAt: number;
  /** How long the requester has to start it once nothing is missing; 0: it starts by itself. */
  readonly startWithinMs: number;
}

/** A proof that can be checked again without the daemon, from the log alone. */
export type Evidence =
  /** The code of this 30-second step was given; no code of it or before counts again. */
  | { readonly kind: 'totp'; readonly step: number }
  /** A WebAuthn assertion over the request's digest; all base64url. */
  | {
      readonly kind: 'webauthn';
      readonly credential: string;
      readonly nonce: string;
      readonly clientData: string;
      readonly authenticatorData: string;
      readonly signature: string;
    };

export type Factor = 'totp' | 'webauthn';

type DaemonBody =
  | { readonly type: 'boot'; readonly version: string; readonly policy: string }
  | { readonly type: 'shutdown'; readonly reason: string }
  | {
      readonly type: 'log.recovered';
      readonly bytes: number;
      readonly sha256: string;
      readonly kept: string;
    }
  | { readonly type: 'policy.loaded'; readonly policy: string }
  | { readonly type: 'policy.rejected'; readonly policy: string; readonly problem: string };

type MessageBody =
  | {
      readonly type: 'refused';
      readonly code: string;
      readonly sender: string;
      readonly person?: string;
      /** The master key that the sender goes by, where it is the reason. */
      readonly identity?: string;
      readonly source: Source;
      /** Fingerprints: what has one of them is never a command. */
      readonly spent?: readonly string[];
    }
  | { readonly type: 'refused.more'; readonly count: number; readonly spent?: readonly string[] }
  /** A built-in was used. */
  | {
      readonly type: 'asked';
      readonly actor: Actor;
      readonly source: Source;
      readonly command: string;
      readonly values: Readonly<Record<string, string>>;
    };

type RequestBody =
  | {
      readonly type: 'request';
      readonly request: string;
      readonly digest: string;
      readonly frozen: Frozen;
      readonly thread: string;
      readonly decision: 'allow' | 'deny' | 'pending';
      readonly because?: string;
      readonly missing?: readonly string[];
      readonly despite?: string;
    }
  /** The requester proved a factor for this request. */
  | {
      readonly type: 'stepup';
      readonly request: string;
      readonly digest: string;
      readonly person: string;
      readonly factor: Factor;
      readonly evidence: Evidence;
    }
  | {
      readonly type: 'approval';
      readonly request: string;
      readonly digest: string;
      readonly actor: Actor;
      readonly factor?: Factor;
      readonly evidence?: Evidence;
    }
  | { readonly type: 'approval.withdrawn'; readonly request: string; readonly actor: Actor }
  /** A no that was proven with a passkey; what it ends is closed by the next entry. */
  | {
      readonly type: 'denial';
      readonly request: string;
      readonly digest: string;
      readonly person: string;
      readonly evidence: Evidence;
    }
  /** It ended without a run. */
  | {
      readonly type: 'closed';
      readonly request: string;
      readonly how: 'refused' | 'denied' | 'withdrawn' | 'expired' | 'voided';
      readonly because?: string;
      readonly by?: string;
      readonly changes?: readonly string[];
    }
  /** Nothing is missing: it may be started, once. */
  | {
      readonly type: 'granted';
      readonly request: string;
      readonly factor?: Factor;
      readonly approvals: readonly string[];
    }
  | {
      readonly type: 'start';
      readonly request: string;
      readonly digest: string;
      readonly argv: readonly string[];
      /** The request of the allowance that it uses up by one. */
      readonly allowance?: string;
    }
  | { readonly type: 'cancel'; readonly request: string; readonly actor: Actor }
  | {
      readonly type: 'end';
      readonly request: string;
      readonly outcome:
        | 'exited'
        | 'timed_out'
        | 'cancelled'
        | 'stopped'
        | 'not_started'
        | 'unknown'
        /** Of an allowance: it is in force from now on. */
        | 'given';
      readonly exit?: number;
      readonly reason?: string;
      readonly ms?: number;
      readonly bytes?: number;
      readonly lines?: number;
      readonly sha256?: string;
    };

type FactorBody =
  /** A factor was enrolled; `key` is the public key of a passkey (COSE, base64url). */
  | {
      readonly type: 'factor.enrolled';
      readonly person: string;
      readonly factor: Factor;
      /** What allowed it: `host`, `ticket`, or an earlier factor. */
      readonly by: 'host' | 'ticket' | Factor;
      readonly credential?: string;
      readonly key?: string;
      /** The RP id that the passkey belongs to. */
      readonly rp?: string;
      /** Of `by: webauthn`: how the earlier passkey vouched for this one. */
      readonly evidence?: Evidence;
    }
  /** What came from the page for passkeys, by a link of this person, and did not count. */
  | {
      readonly type: 'passkey.refused';
      readonly person: string;
      readonly errand: 'stepup' | 'approval' | 'enrolment';
      readonly request?: string;
      readonly why: string;
    }
  | { readonly type: 'factor.removed'; readonly person: string; readonly by: string }
  /** Somebody may enrol, once, with a ticket whose SHA-256 this is. */
  | {
      readonly type: 'ticket.issued';
      readonly person: string;
      readonly ticket: string;
      readonly by: readonly string[];
      readonly expiresAt: number;
    }
  /** It was typed, and counts for nothing any more, whatever came of it. */
  | { readonly type: 'ticket.spent'; readonly person: string }
  | { readonly type: 'recovery.vote'; readonly person: string; readonly actor: Actor }
  /** A code that counted for nothing is spent all the same. */
  | {
      readonly type: 'code.burnt';
      readonly person: string;
      readonly step: number;
      readonly why: string;
    }
  | { readonly type: 'code.wrong'; readonly person: string; readonly request: string }
  | { readonly type: 'clock.behind'; readonly person: string; readonly until: string }
  | { readonly type: 'locked'; readonly person: string }
  | { readonly type: 'unlocked'; readonly person: string; readonly by: readonly string[] };

/** Who goes by which master key. None of it gives a right: the pin in the policy does. */
type IdentityBody =
  /** From now on the policy names this account, with this pin; empty: with none. */
  | {
      readonly type: 'identity.pinned';
      readonly person: string;
      readonly account: string;
      readonly identity: string;
    }
  /** The policy names the account no more. */
  | { readonly type: 'identity.dropped'; readonly person: string; readonly account: string }
  /** Emoji were compared with this account, and both sides confirmed. */
  | {
      readonly type: 'identity.verified';
      readonly person: string;
      readonly account: string;
      readonly identity: string;
    };

type StandingBody =
  | { readonly type: 'frozen'; readonly scope: string; readonly why: string; readonly actor: Actor }
  | { readonly type: 'unfrozen'; readonly scope: string; readonly actor: Actor }
  /** A break-glass run is to be looked at by another person before the next one. */
  | { readonly type: 'review.opened'; readonly request: string; readonly person: string }
  | {
      readonly type: 'review.closed';
      readonly request: string;
      readonly actor: Actor;
      readonly words: string;
    }
  /** A room is not as the policy demands: nothing is changed from it until it is again. */
  | { readonly type: 'room.closed'; readonly room: string; readonly drift: string }
  | { readonly type: 'room.opened'; readonly room: string }
  /** A room of the daemon and one person. */
  | {
      readonly type: 'direct';
      readonly person: string;
      readonly account: string;
      readonly room: string;
    };

export type EntryBody =
  | DaemonBody
  | MessageBody
  | RequestBody
  | FactorBody
  | IdentityBody
  | StandingBody;
