/**
 * Verification of identities by comparing emoji (m.sas.v1), between the bot and people of the policy:
 * what the rest of the house sees of it.
 *
 * What it proves is for people to read: it is on record and changes no right, since the pin in the
 * policy decides who is who. Whoever is not in the policy is not answered at all.
 */
import { Fault } from '../../base/errors.ts';
import type { DeviceId, EventId, RoomId, UserId } from '../../base/ids.ts';
import type { ShortString } from './sas.ts';
import type { RoomMessage } from './sas-request.ts';

/** One verification with one account, as people see it. */
export interface Verification extends ShortString {
  /** Of this process; what the other side calls it is of no use to a person. */
  readonly id: string;
  readonly user: UserId;
  readonly where: 'room' | 'device';
  readonly begunBy: 'us' | 'them';
  /** `compare`: both see the same emoji, or somebody is in between; a person has to say which. */
  readonly state: 'waiting' | 'compare' | 'confirmed' | 'done' | 'cancelled';
  /** Of one that is done: the master key that was compared. */
  readonly identity: string;
  /** Of a cancelled one; the other side's words in part, so attacker-chosen. */
  readonly why: string;
}

export interface Verifications {
  /** Newest last; those that have ended are kept for a while. */
  list(): readonly Verification[];
  /** A person on the host has compared and says they are the same. Rejects with Fault. */
  confirm(id: string): Promise<Verification>;
  /** A person on the host says they differ, or gives up. Rejects with Fault. */
  mismatch(id: string): Promise<Verification>;
  /**
   * Asks for one: in the direct room where that person is, else on the device, which need not be named
   * if they have just one that is cross-signed. Rejects with Fault.
   */
  begin(user: UserId, device?: DeviceId): Promise<Verification>;
}

export interface VerificationOptions {
  /** Is this an account of the policy? Nobody else is answered. */
  readonly isKnown: (user: UserId) => boolean;
  /** The direct room that this person has joined. */
  readonly roomOf: (user: UserId) => Promise<RoomId | undefined>;
  /** Sends it encrypted; the same key is the same event. */
  readonly sendInRoom: (message: RoomMessage) => Promise<EventId>;
  /** Something is to be seen: a new request, emoji, an end. */
  readonly onChange: (verification: Verification) => void;
  /** Both sides have confirmed; `identity` is the master key that was compared. */
  readonly onVerified: (user: UserId, identity: string) => void;
  /** Told once for each account that has no business here. */
  readonly onStranger: (user: UserId) => void;
  /** A step could not be taken; the next sync tries again. Fatal is for the caller to end on. */
  readonly onFailure: (error: unknown) => void;
}

/** An event of a room that has been decrypted, of a type that is about verification. */
export interface VerificationEvent {
  readonly room: RoomId;
  readonly event: EventId;
  readonly sender: UserId;
  readonly type: string;
  readonly content: Readonly<Record<string, unknown>>;
}

/** Of a throw-away client, which verifies nobody. */
export const VERIFIES_NOBODY: VerificationOptions = {
  isKnown: () => false,
  roomOf: async () => undefined,
  sendInRoom: () => Promise.reject(new Fault('verification_failed', 'nothing can be said here')),
  onChange() {},
  onVerified() {},
  onStranger() {},
  onFailure() {},
};
