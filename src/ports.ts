/** What the pipeline needs of the world. Each comment is the contract that an adapter keeps. */
import type { EntryBody, FrozenFile } from './audit/body.ts';
import type { Entry } from './audit/entry.ts';
import type { EventId, Instant, RoomId, UserId } from './base/ids.ts';
import type { HeldPath } from './execution/bwrap.ts';
import type { Plan } from './execution/plan.ts';
import type { Rendered } from './output/block.ts';
import type { RoomFacts } from './policy/posture.ts';

export interface PostedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** A media type; plain text where it is left out. An image is shown as one. */
  readonly type?: string;
}

export interface Post {
  readonly room: RoomId;
  /** The event in whose thread it is shown; without one, it stands by itself. */
  readonly thread?: EventId;
  /**
   * Names the message for good: a second post of the same key, also after a restart, is the same
   * message and not a second one (as long as the homeserver remembers transaction ids).
   */
  readonly key: string;
  readonly body: Rendered;
  /** Edits that earlier message of ours. */
  readonly replaces?: EventId;
  readonly file?: PostedFile;
}

export interface Chat {
  /**
   * Sends a message, always encrypted, only to devices that are cross-signed by their owner. Retries
   * for as long as it takes; resolves once the homeserver has it. Rejects with Fault
   * `message_unsent` when the homeserver refuses it for good, or when the daemon shuts down.
   */
  post(post: Post): Promise<EventId>;
  /** A new encrypted room with one account in it, invited. */
  openDirect(account: UserId): Promise<RoomId>;
  /** Asks the homeserver to blank an event; it may refuse, and others may keep what they have. */
  redact(room: RoomId, event: EventId, reason: string): Promise<void>;
  /** What the homeserver says of a room just now. */
  roomFacts(room: RoomId): Promise<RoomFacts>;
}

export interface Ledger {
  /**
   * Appends the entries in order, with no other between them. Resolves with the number of the first
   * once all are on disk and under a signed checkpoint. Rejects with Fatal `audit_append_failed`,
   * and from then on always.
   */
  append(...bodies: readonly EntryBody[]): Promise<number>;
  /** The last signed checkpoint, and how many entries it covers. */
  head(): { readonly size: number; readonly note: string };
  /** All acknowledged entries, oldest first, read from disk. */
  entries(): AsyncIterable<Entry>;
}

/** The little that outlives a restart and is not in the log. Losing it costs no decision. */
export interface State {
  /** Requests whose last word has not reached the room, and the event of their card if it has one. */
  owed(): readonly (readonly [request: string, card: string | undefined])[];
  /** Each resolves once it is durable. */
  owe(request: string, card: string | undefined): Promise<void>;
  settle(request: string): Promise<void>;
  /** The shared secret of a person's one-time codes, as it is kept: sealed. */
  sealedSecret(person: string): string | undefined;
  keepSealedSecret(person: string, sealed: string | undefined): Promise<void>;
}

/** The disk that holds the audit log and the rest of the state. */
export interface Space {
  /**
   * Is there space for the record of one more request? If not, only commands that stop something are
   * taken. Rejects only with fatal errors.
   */
  hasRoom(): Promise<boolean>;
}

export interface OpenFile extends HeldPath {
  readonly descriptor: number;
}

/** Files whose content is part of what is approved, held open. */
export interface HeldFiles extends AsyncDisposable {
  readonly files: readonly FrozenFile[];
  /** Those that could be read and hashed. */
  readonly open: readonly OpenFile[];
  /** What is not as it was, each as the end of a sentence. */
  changes(): Promise<readonly string[]>;
}

export type RunEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'not_started'; readonly reason: string };

/** One started process tree in its own sandbox and terminal. */
export interface Run {
  /** Settles once, after the last byte of output was handed over. Never rejects. */
  readonly ended: Promise<RunEnd>;
  /** SIGTERM to the action itself, not to its sandbox. No effect once it has ended. */
  terminate(): void;
  /** SIGKILL to everything in the sandbox. */
  kill(): void;
  /** Stops and resumes the hand-over of output; nothing is lost in between. */
  pause(): void;
  resume(): void;
}

export interface Sandbox {
  /**
   * Runs the plan and nothing else. What cannot be confined exactly as planned is not started, and
   * `ended` says why. Inside, each file of `held` is mounted where it was opened,
   * whatever came to lie there since; the program has to be one of them.
   */
  start(plan: Plan, onOutput: (bytes: Uint8Array) => void, held?: readonly OpenFile[]): Run;
}

/** The end of what is shown, for a glance, and how many lines there are. */
export interface Glance {
  readonly tail: readonly string[];
  readonly lines: number;
}

/**
 * What a terminal shows of the output of one run, as safe text. The output is attacker-chosen and may take
 * any time: nobody else waits for it. Once it is disposed of, or has failed, all that is asked rejects.
 */
export interface Screen extends Disposable {
  /** Resolves once the bytes have had their effect, in the order of the calls. */
  write(bytes: Uint8Array): Promise<void>;
  /** The last `count` lines, without waiting for what is still written. Of a very long line, the end. */
  glance(count: number): Promise<Glance>;
  /** All lines, once what was written before has had its effect. */
  lines(): Promise<readonly string[]>;
}

export interface Clock {
  now(): Instant;
  /** Calls back once after that time; returns how to call it off. */
  after(ms: number, call: () => void): () => void;
}

export interface Log {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}
