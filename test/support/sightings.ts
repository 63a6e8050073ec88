/** A small world of people and messages: a register that knows alice and bob, and what alice says. */
import type { KnownAccount, Past, Register } from '../../src/trust/judge.ts';
import type {
  Ciphertext,
  Message,
  Provenance,
  Seen,
  Sighting,
  Undecryptable,
} from '../../src/trust/sighting.ts';
import { device, event, person, room, roomName, user } from './ids.ts';

export const OPS = room('!ops:example.org');
/** The room that the daemon made for alice. */
export const DIRECT_ALICE = room('!direct-alice:example.org');
/** The one before it. */
export const FORMER_ALICE = room('!former-alice:example.org');
export const ALICE = user('@alice:example.org');
export const BOB = user('@bob:example.org');
export const MALLORY = user('@mallory:example.org');
export const BOT = user('@bot:example.org');
export const ALICES_KEY = 'nqOvzeuGWT/sRx3h7+MHoInYj3Uk2LD/unI9kDYcHwk';
export const SESSION = 'x'.repeat(43);

/** Alice's identity is pinned, bob's is not; alice has a direct room. */
export const register = (
  accounts: readonly (readonly [string, KnownAccount])[] = [
    [ALICE, { person: person('alice'), identity: ALICES_KEY }],
    [BOB, { person: person('bob'), identity: undefined }],
  ],
): Register => ({
  accounts: new Map(accounts.map(([id, account]) => [user(id), account])),
  rooms: new Map([[OPS, roomName('ops')]]),
  guarded: new Set(),
  direct: new Map([[DIRECT_ALICE, person('alice')]]),
  formerDirect: new Map([[FORMER_ALICE, person('alice')]]),
  bot: BOT,
  botNames: ['bot', 'vaktrom'],
});

export const message = (text: string, change: Partial<Message> = {}): Message => ({
  isText: true,
  text,
  shown: [text],
  relation: 'none',
  mentions: [],
  link: undefined,
  ...change,
});

/** As hashes, so any text will do; two of one name are the same. */
export const cipher = (name: string): Ciphertext => ({
  signature: `signature of ${name}`,
  text: `text of ${name}`,
});

/** What a decryption proves when everything is as it should be. */
export const provenance = (change: Partial<Provenance> = {}): Provenance => ({
  session: SESSION,
  index: 7,
  ciphertext: cipher('sealed'),
  senderKey: 'curve',
  forwarded: false,
  device: { id: device('PHONE'), key: 'curve', crossSigned: true, deleted: false },
  identity: { masterKey: ALICES_KEY, changed: false },
  ...change,
});

/** Alice says `!status web`, live, and all of it is in order. */
export const sighting = (change: Partial<Sighting> = {}): Sighting => ({
  room: OPS,
  event: event('$command'),
  sender: ALICE,
  thread: event('$command'),
  when: 'live',
  seen: { kind: 'decrypted', message: message('!status web'), from: provenance() },
  ...change,
});

/** Alice's command as it comes in while it cannot be read. */
export const unreadable = (
  because: Undecryptable = 'missing_key',
  change: Partial<Seen & { readonly kind: 'undecryptable' }> = {},
): Seen => {
  const { session, index, ciphertext } = provenance();
  return { kind: 'undecryptable', because, session, index, ciphertext, ...change };
};

/** Nothing was heard before. */
export const NO_PAST: Past = { spentBy: () => undefined, wasRefused: () => false };
