/**
 * Who really sent it? Turns a sighting into a trusted message of a person, or says why not.
 *
 * Pure and total. It relies on the crypto store for what a decryption proves and on the policy for who
 * is who; it believes nothing else. The one thing that makes a command: a fresh ciphertext, in a named
 * room, from a cross-signed device of an account that the policy names, under the pinned identity.
 */
import type { DeviceId, EventId, PersonName, RoomId, RoomName, UserId } from '../base/ids.ts';
import { type Address, addressOf, plainText } from './address.ts';
import { fingerprintsOf } from './fingerprints.ts';
import type { Message, Provenance, Sighting, Undecryptable } from './sighting.ts';

export interface KnownAccount {
  readonly person: PersonName;
  /** The pinned master key, unpadded base64; without it the account may only read. */
  readonly identity: string | undefined;
}

/** Who and where, from the policy; and by which names the bot is addressed. */
export interface Register {
  readonly accounts: ReadonlyMap<UserId, KnownAccount>;
  readonly rooms: ReadonlyMap<RoomId, RoomName>;
  /** Those of them in which the policy wants nobody but the people that it names. */
  readonly guarded: ReadonlySet<RoomId>;
  /** Rooms that the daemon itself made, each for one person. */
  readonly direct: ReadonlyMap<RoomId, PersonName>;
  /** Those that were, until their person got another one. */
  readonly formerDirect: ReadonlyMap<RoomId, PersonName>;
  readonly bot: UserId;
  /** Other names by which it is known, in any case. */
  readonly botNames: readonly string[];
}

/** What was dealt with before. */
export interface Past {
  /** Was this position of a session spent, and by this event or by another one? */
  spentBy(
    room: RoomId,
    session: string,
    index: number,
    event: EventId,
  ): 'this' | 'other' | undefined;
  /** Was something with this fingerprint refused? */
  wasRefused(fingerprint: string): boolean;
}

export type TrustRefusal =
  | 'clear_text'
  | 'unknown_account'
  | 'forwarded_key'
  | 'device_unknown'
  | 'device_mismatch'
  | 'device_unsigned'
  | 'identity_unknown'
  | 'identity_mismatch'
  | 'identity_changed'
  | 'edit'
  | 'reply'
  | 'replayed'
  | 'refused_before'
  | 'flooded'
  | 'before_live'
  | 'direct_left'
  | 'unclear'
  | Undecryptable;

/** A message whose sender is proven. Only `judge` makes one, and `trustUser` for the host's terminal. */
export interface Trusted {
  readonly kind: 'trusted';
  readonly person: PersonName;
  readonly account: UserId;
  readonly device: DeviceId;
  /** The identity is the one that the policy pins, not merely the one first seen. */
  readonly pinned: boolean;
  readonly identity: string;
  readonly room: RoomName;
  readonly roomId: RoomId;
  /** Nobody else reads along: the room that the daemon made for this person, or their own terminal. */
  readonly isDirect: boolean;
  readonly event: EventId;
  readonly thread: EventId;
  /** The position of the Megolm session that it spends; undefined from the host's terminal. */
  readonly session: string | undefined;
  readonly index: number | undefined;
  /** What was typed, without the prefix or mention that addressed the bot. */
  readonly text: string;
}

export type Verdict =
  | Trusted
  | {
      readonly kind: 'refused';
      readonly code: TrustRefusal;
      readonly person: PersonName | undefined;
    }
  /** This very event was dealt with before; the homeserver delivers it again. */
  | { readonly kind: 'heard' }
  | { readonly kind: 'ignored' };

/** What the checks look at: a message with its proof, and the account that the policy knows. */
interface Case {
  readonly sighting: Sighting;
  readonly from: Provenance;
  readonly account: KnownAccount;
  readonly spent: boolean;
}

type Check = (c: Case) => TrustRefusal | undefined;

// Invariant: every check passes, or there is no command. Who it is comes before what it says, so that
// an impostor learns nothing about freshness.
const IDENTITY_CHECKS: readonly Check[] = [
  ({ from }) => (from.forwarded ? 'forwarded_key' : undefined),
  ({ from }) => (!from.device || from.device.deleted ? 'device_unknown' : undefined),
  // The live device must be the one that made the session, not one that took its name since.
  ({ from }) => (from.device?.key === from.senderKey ? undefined : 'device_mismatch'),
  ({ from }) => (from.device?.crossSigned ? undefined : 'device_unsigned'),
  ({ from }) => (from.identity ? undefined : 'identity_unknown'),
  ({ from, account }) =>
    account.identity === undefined || account.identity === from.identity?.masterKey
      ? undefined
      : 'identity_mismatch',
  ({ from, account }) =>
    account.identity === undefined && from.identity?.changed ? 'identity_changed' : undefined,
];
const MESSAGE_CHECKS: readonly Check[] = [
  ({ spent }) => (spent ? 'replayed' : undefined),
  ({ sighting }) => (relationOf(sighting) === 'edit' ? 'edit' : undefined),
  ({ sighting }) => (relationOf(sighting) === 'reply' ? 'reply' : undefined),
  ({ sighting }) => (sighting.when === 'live' ? undefined : 'before_live'),
];

/** Nobody takes a fresh look at the devices of a stranger, so what is known of them may be old. */
const unread = (
  { because }: { readonly because: Undecryptable },
  account: KnownAccount | undefined,
): TrustRefusal =>
  account === undefined && (because === 'unknown_device' || because === 'unsigned_device')
    ? 'unknown_account'
    : because;

const relationOf = ({ seen }: Sighting) =>
  seen.kind === 'undecryptable' ? 'none' : seen.message.relation;

export function judge(sighting: Sighting, register: Register, past: Past): Verdict {
  const { seen, sender, room: roomId } = sighting;
  const owner = ownerOf(roomId, register);
  const room = owner === undefined ? register.rooms.get(roomId) : DIRECT;
  if (room === undefined || sender === register.bot) return { kind: 'ignored' };
  const account = register.accounts.get(sender);
  const refused = (code: TrustRefusal): Verdict => ({
    kind: 'refused',
    code,
    person: account?.person,
  });

  const prints = fingerprintsOf(sighting);
  const wasTold = past.wasRefused(prints.event);
  const isClosed = past.wasRefused(prints.account);
  // What cannot be read cannot be known not to be a command, so it is not passed over.
  if (seen.kind === 'undecryptable')
    return wasTold ? { kind: 'heard' } : refused(isClosed ? 'flooded' : unread(seen, account));
  if (!seen.message.isText) return { kind: 'ignored' };
  const address = addressIn(seen.message, owner === undefined, register);
  if (address.kind === 'none') return { kind: 'ignored' };
  if (wasTold) return { kind: 'heard' };
  if (seen.kind === 'clear') return refused('clear_text');
  const { from } = seen;
  const spentBy = past.spentBy(roomId, from.session, from.index, sighting.event);
  if (spentBy === 'this') return { kind: 'heard' };
  // Invariant: a refusal is final. What could not be read, or was only counted, may be in order by now.
  if (isClosed) return refused('flooded');
  if (prints.sealed.some((one) => past.wasRefused(one))) return refused('refused_before');
  if (account === undefined) return refused('unknown_account');
  // Whoever the homeserver has let into somebody's direct room is a stranger there.
  if (owner !== undefined && account.person !== owner) return refused('unknown_account');

  for (const check of [...IDENTITY_CHECKS, ...MESSAGE_CHECKS]) {
    const code = check({ sighting, from, account, spent: spentBy === 'other' });
    if (code !== undefined) return refused(code);
  }
  if (register.formerDirect.has(roomId)) return refused('direct_left');
  if (address.kind === 'unclear') return refused('unclear');
  // The checks have shown both to be there; this line only tells the compiler.
  if (!from.device || !from.identity) return refused('device_unknown');
  return {
    kind: 'trusted',
    person: account.person,
    account: sender,
    device: from.device.id,
    pinned: account.identity !== undefined,
    identity: from.identity.masterKey,
    room,
    roomId,
    isDirect: owner !== undefined,
    event: sighting.event,
    thread: sighting.thread,
    session: from.session,
    index: from.index,
    text: address.text,
  };
}

const addressIn = (message: Message, isShared: boolean, register: Register): Address =>
  isShared ? addressOf(message, register) : { kind: 'command', text: plainText(message, register) };

/**
 * Whose words these are for certain, be they a command or not; undefined: nobody's whom the policy pins.
 * `isAlone`: nobody else reads along.
 */
export function speakerOf(
  sighting: Sighting,
  register: Register,
): { readonly person: PersonName; readonly isAlone: boolean } | undefined {
  const { seen, sender, room } = sighting;
  const account = register.accounts.get(sender);
  if (seen.kind !== 'decrypted' || account?.identity === undefined) return undefined;
  const c: Case = { sighting, from: seen.from, account, spent: false };
  if (IDENTITY_CHECKS.some((check) => check(c) !== undefined)) return undefined;
  return { person: account.person, isAlone: register.direct.get(room) === account.person };
}

/** For whom a direct room was made, be it left since; undefined: for nobody, it is a shared one. */
export const ownerOf = (room: RoomId, { direct, formerDirect }: Register): PersonName | undefined =>
  direct.get(room) ?? formerDirect.get(room);

/** The name of every direct room; the policy can name no room so. */
export const DIRECT = 'direct' as RoomName;
