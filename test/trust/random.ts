/**
 * Honest and hostile acts in any order, in a world that is modelled: devices, identities, rooms, and
 * what a decryption would prove. Whatever the homeserver does, only a cross-signed device of a pinned
 * identity makes a command of that person, in an encrypted event in a room of the policy, once. The
 * model says so by what it knows to be true, and not by what `judge` is shown.
 */
import fc from 'fast-check';
import t from 'tap';
import { History } from '../../src/audit/history.ts';
import type { EventId, PersonName, RoomId, UserId } from '../../src/base/ids.ts';
import { fingerprintsOf } from '../../src/trust/fingerprints.ts';
import { judge, type Trusted } from '../../src/trust/judge.ts';
import type { Message, Seen, Sighting } from '../../src/trust/sighting.ts';
import { device, event, person, room, roomName, user } from '../support/ids.ts';
import { cipher, message } from '../support/sightings.ts';

const SEQUENCES = 10_000;
const MIN_ACTS = 10;
const MAX_ACTS = 40;

const ACCOUNTS = ['@alice:hs', '@bob:hs', '@mallory:hs', '@Bob:hs', '@bot:hs'].map(user);
const [ALICE, BOB, , , BOT] = ACCOUNTS as [UserId, UserId, UserId, UserId, UserId];
const ROOMS = ['!ops:hs', '!danger:hs', '!other:hs', '!direct:hs'].map(room);
const [OPS, DANGER, , DIRECT] = ROOMS as [RoomId, RoomId, RoomId, RoomId];
const TEXTS = ['!run', 'only talking', '@bot:hs: run', 'bot, run', '！run', ''];

/** One end-to-end device. Whose it is in truth, no server can change. */
interface Device {
  readonly key: string;
  readonly account: UserId;
  /** It is the account's real owner that holds it. */
  readonly isOwners: boolean;
  /** The owner, or whoever made it, has signed it under this identity. */
  readonly signedBy: string | undefined;
}

/** A ciphertext that exists; who made it, for which room, is in it for good. */
interface Ciphertext {
  readonly by: Device;
  readonly room: RoomId;
  readonly session: string;
  readonly index: number;
  readonly message: Message;
  /** The key of its session reached the bot through somebody else. */
  forwarded: boolean;
}

/** What the homeserver shows of an account. */
interface Shown {
  identity: string | undefined;
  devices: Set<Device>;
  violated: boolean;
}

const realIdentity = (account: UserId): string => `identity of ${account}`;

class World {
  readonly history = new History();
  /** Where something was refused, and which ciphertext it was. */
  readonly refused = new Set<string>();
  readonly commands: { readonly trusted: Trusted; readonly from: Ciphertext | undefined }[] = [];
  readonly shown = new Map<UserId, Shown>();
  readonly devices: Device[] = [];
  readonly ciphertexts: Ciphertext[] = [];
  readonly delivered: { readonly sighting: Sighting; readonly from: Ciphertext | undefined }[] = [];
  #events = 0;
  #entries = 0;

  constructor() {
    for (const account of ACCOUNTS) {
      const identity = realIdentity(account);
      const key = `curve of ${account}`;
      const own: Device = { key, account, isOwners: true, signedBy: identity };
      this.devices.push(own);
      this.shown.set(account, { identity, devices: new Set([own]), violated: false });
    }
  }

  /** Only alice is pinned; bob is known; the direct room is alice's. */
  readonly register = {
    accounts: new Map([
      [ALICE, { person: person('alice'), identity: realIdentity(ALICE) }],
      [BOB, { person: person('bob'), identity: undefined }],
    ]),
    rooms: new Map([
      [OPS, roomName('ops')],
      [DANGER, roomName('danger')],
    ]),
    guarded: new Set<RoomId>(),
    direct: new Map([[DIRECT, person('alice')]]),
    formerDirect: new Map<RoomId, PersonName>(),
    bot: BOT,
    botNames: ['bot'],
  };

  of(account: UserId): Shown {
    const shown = this.shown.get(account);
    if (!shown) throw new Error(`nothing is shown of ${account}`);
    return shown;
  }

  encrypt(by: Device, where: RoomId, message: Message): Ciphertext {
    const session = `session of ${by.key} in ${where}`.padEnd(43, 'x');
    const index = this.ciphertexts.filter((c) => c.session === session).length;
    const ciphertext = { by, room: where, session, index, message, forwarded: false };
    this.ciphertexts.push(ciphertext);
    return ciphertext;
  }

  /** What the crypto library would show of a ciphertext that is delivered so. */
  see(ciphertext: Ciphertext, sender: UserId, where: RoomId, message: Message): Seen {
    const { by, session, index, forwarded } = ciphertext;
    const sealed = { session, index, ciphertext: cipher(`${session} ${index}`) };
    if (where !== ciphertext.room)
      return { kind: 'undecryptable', because: 'missing_key', ...sealed };
    if (sender !== by.account)
      return { kind: 'undecryptable', because: 'sender_mismatch', ...sealed };
    const shown = this.of(sender);
    const live = shown.devices.has(by);
    const { identity } = shown;
    const from = {
      ...{ ...sealed, forwarded, senderKey: by.key },
      device: live
        ? {
            ...{ id: device('DEVICE'), key: by.key, deleted: false },
            crossSigned: identity !== undefined && by.signedBy === identity,
          }
        : undefined,
      identity:
        identity === undefined ? undefined : { masterKey: identity, changed: shown.violated },
    };
    return { kind: 'decrypted', message, from };
  }

  hear(sighting: Sighting, from: Ciphertext | undefined): void {
    const { history } = this;
    const verdict = judge(sighting, this.register, history);
    this.delivered.push({ sighting, from });
    if (verdict.kind === 'trusted') this.commands.push({ trusted: verdict, from });
    const sealedAs = from && `${sighting.room} ${from.session} ${from.index}`;
    if (verdict.kind === 'trusted' && sealedAs !== undefined && this.refused.has(sealedAs))
      throw new Error('a refusal was not final');
    if (verdict.kind === 'refused' && sealedAs !== undefined) this.refused.add(sealedAs);
    if (verdict.kind !== 'trusted' && verdict.kind !== 'refused') return;
    // On record, as the daemon has it: what was judged is spent.
    const { seen, room: where, event: id, sender } = sighting;
    const at =
      seen.kind === 'decrypted' ? { session: seen.from.session, index: seen.from.index } : {};
    const code = verdict.kind === 'refused' ? verdict.code : 'x';
    const source = { room: where, event: id, ...at };
    const head = { v: 1, seq: this.#entries++, ts: '', boot: '' } as const;
    const { event: name, sealed } = fingerprintsOf(sighting);
    const spent = seen.kind === 'undecryptable' ? [name, ...sealed] : [name];
    history.note({ ...head, type: 'refused', code, sender, source, spent });
  }

  nextEvent(): EventId {
    return event(`$${this.#events++}`);
  }
}

/** Any number picks one of a list that may have any length. */
const pick = <T>(list: readonly T[], n: number): T | undefined =>
  list[n % Math.max(1, list.length)];

type Act = (world: World) => void;

const n = fc.nat({ max: 1000 });
const anAccount = fc.constantFrom(...ACCOUNTS);
const aRoom = fc.constantFrom(OPS, ...ROOMS);
const aMessage = fc.record<Message>({
  isText: fc.constant(true),
  shown: fc.constant([]),
  text: fc.constantFrom(...TEXTS),
  relation: fc.constantFrom('none', 'none', 'none', 'thread', 'reply', 'edit'),
  mentions: fc.constantFrom<readonly string[]>([], [BOT]),
  link: fc.constant(undefined),
});
const aTime = fc.constantFrom<Sighting['when']>('live', 'live', 'live', 'missed', 'history');

const deliver = (world: World, c: Ciphertext, how: Partial<Sighting> & { message?: Message }) => {
  const id = how.event ?? world.nextEvent();
  const sender = how.sender ?? c.by.account;
  const where = how.room ?? c.room;
  const seen = world.see(c, sender, where, how.message ?? c.message);
  world.hear({ room: where, event: id, sender, thread: id, when: how.when ?? 'live', seen }, c);
};

/** Somebody says something, and it is delivered as it is. */
const says = fc.tuple(n, aRoom, aMessage).map(
  ([who, where, message]): Act =>
    (world) => {
      const by = pick(world.devices, who);
      if (by) deliver(world, world.encrypt(by, where, message), {});
    },
);
/** One of the people of the policy gives a command, on a device that is theirs or said to be. */
const commands = fc.tuple(n, fc.constantFrom(ALICE, BOB), aRoom).map(
  ([who, account, where]): Act =>
    (world) => {
      const by = pick(
        world.devices.filter((d) => d.account === account),
        who,
      );
      if (by) deliver(world, world.encrypt(by, where, message('!run')), {});
    },
);
/** Somebody says something, and it is kept for later. */
const withholds = fc.tuple(n, aRoom, aMessage).map(
  ([who, where, message]): Act =>
    (world) => {
      const by = pick(world.devices, who);
      if (by) world.encrypt(by, where, message);
    },
);
/** Any ciphertext again, or at last, with anything changed that is not inside of it. */
const redelivers = fc
  .tuple(n, n, fc.record({ sender: anAccount, room: aRoom, when: aTime }, { requiredKeys: [] }))
  .chain((base) =>
    fc
      .constantFrom('none', 'thread', 'reply', 'edit', undefined)
      .map((relation) => ({ base, relation })),
  )
  .map(
    ({ base: [which, old, change], relation }): Act =>
      (world) => {
        const c = pick(world.ciphertexts, which);
        if (!c) return;
        const earlier = old % 3 === 0 ? pick(world.delivered, old)?.sighting.event : undefined;
        // The relation stands outside: it can be added, but one that is inside is seen all the same.
        const message =
          relation !== undefined && c.message.relation === 'none'
            ? { ...c.message, relation: relation as Message['relation'] }
            : c.message;
        deliver(world, c, { ...change, ...(earlier ? { event: earlier } : {}), message });
      },
  );
/** The homeserver writes in the name of anybody. */
const forges = fc.tuple(anAccount, aRoom, aMessage, aTime).map(
  ([sender, where, message, when]): Act =>
    (world) => {
      const id = world.nextEvent();
      const seen: Seen = { kind: 'clear', message };
      world.hear({ room: where, event: id, sender, thread: id, when, seen }, undefined);
    },
);
/** A device of the server's own, shown as anybody's, unsigned or signed under an own identity. */
const addsDevice = fc.tuple(anAccount, fc.constantFrom('nobody', 'itself', 'forger')).map(
  ([account, signer]): Act =>
    (world) => {
      const key = `curve ${world.devices.length}`;
      const signedBy = { nobody: undefined, itself: key, forger: `forged for ${account}` }[signer];
      const added: Device = { key, account, isOwners: false, signedBy };
      world.devices.push(added);
      world.of(account).devices.add(added);
    },
);
/** The owner adds a device, and signs it. */
const ownerAdds = anAccount.map(
  (account): Act =>
    (world) => {
      const key = `curve ${world.devices.length}`;
      const added = { key, account, isOwners: true, signedBy: realIdentity(account) };
      world.devices.push(added);
      world.of(account).devices.add(added);
    },
);
/** The identity that is shown: another one, none, or the real one again. */
const replacesIdentity = fc.tuple(anAccount, fc.constantFrom('forged', 'none', 'real')).map(
  ([account, which]): Act =>
    (world) => {
      const shown = world.of(account);
      const to = { forged: `forged for ${account}`, none: undefined, real: realIdentity(account) };
      shown.identity = to[which];
      shown.violated ||= which === 'forged';
    },
);
const hidesDevice = fc.tuple(anAccount, n).map(
  ([account, which]): Act =>
    (world) => {
      const shown = world.of(account);
      const hidden = pick([...shown.devices], which);
      if (hidden) shown.devices.delete(hidden);
    },
);
const showsDevice = n.map(
  (which): Act =>
    (world) => {
      const back = pick(world.devices, which);
      if (back) world.of(back.account).devices.add(back);
    },
);
/** The key of a session reaches the bot through somebody else, and then a message of it. */
const forwardsKey = n.map(
  (which): Act =>
    (world) => {
      const c = pick(world.ciphertexts, which);
      if (!c) return;
      c.forwarded = true;
      deliver(world, c, {});
    },
);

const anAct: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: commands },
  { weight: 4, arbitrary: says },
  { weight: 2, arbitrary: withholds },
  { weight: 6, arbitrary: redelivers },
  { weight: 3, arbitrary: forges },
  { weight: 2, arbitrary: addsDevice },
  { weight: 1, arbitrary: ownerAdds },
  { weight: 2, arbitrary: replacesIdentity },
  { weight: 1, arbitrary: hidesDevice },
  { weight: 1, arbitrary: showsDevice },
  { weight: 1, arbitrary: forwardsKey },
);

/** What is wrong with a command that was taken; undefined: nothing. */
function faultOf({ trusted, from }: World['commands'][number], world: World): string | undefined {
  if (!from) return 'it was not encrypted';
  const { by } = from;
  const known = world.register.accounts.get(by.account);
  if (!known || known.person !== trusted.person) return 'it is of somebody else';
  if (trusted.account !== by.account || trusted.roomId !== from.room) return 'its envelope lies';
  if (trusted.pinned && !by.isOwners) return 'the pinned person has not made that device';
  if (by.signedBy !== trusted.identity) return 'the device is not signed';
  if (trusted.pinned && trusted.identity !== realIdentity(by.account)) return 'it is not the pin';
  if (!trusted.pinned && !by.isOwners) return 'the identity has changed';
  if (!world.register.rooms.has(from.room) && !world.register.direct.has(from.room))
    return 'the room is not named';
  if (from.room === DIRECT && trusted.person !== 'alice') return 'the direct room is not theirs';
  if (from.message.relation === 'edit' || from.message.relation === 'reply') return 'it is related';
  return from.message.text === 'only talking' && from.room !== DIRECT ? 'it is talk' : undefined;
}

function assertSafe(world: World): void {
  for (const command of world.commands) {
    const fault = faultOf(command, world);
    if (fault !== undefined) throw new Error(`${fault}: ${JSON.stringify(command)}`);
  }
  const spent = world.commands.map(({ from }) => `${from?.session} ${from?.index}`);
  if (new Set(spent).size !== spent.length) throw new Error('one message made two commands');
}

t.test('whatever the homeserver does, a command is its sender’s own', async (t) => {
  let taken = 0;
  let passed = 0;
  fc.assert(
    fc.property(
      fc.array(anAct, { minLength: MIN_ACTS, maxLength: MAX_ACTS, size: 'max' }),
      (acts) => {
        const world = new World();
        for (const act of acts) {
          const { length } = world.commands;
          act(world);
          for (const { from, trusted } of world.commands.slice(length)) {
            if (from?.forwarded) throw new Error('a key was handed on');
            const now = world.delivered.at(-1)?.sighting;
            if (now?.when !== 'live' || now.event !== trusted.event)
              throw new Error('it is not live');
            if (!world.of(trusted.account).devices.has(from?.by as Device))
              throw new Error('the device is not known any more');
            const relation = now.seen.kind === 'undecryptable' ? '' : now.seen.message.relation;
            if (relation === 'edit' || relation === 'reply') throw new Error(`it is a ${relation}`);
          }
        }
        assertSafe(world);
        taken += world.commands.length;
        passed += world.delivered.length - world.commands.length;
      },
    ),
    { numRuns: SEQUENCES },
  );
  t.ok(taken > SEQUENCES, `${taken} commands were taken`);
  t.ok(passed > SEQUENCES, `${passed} messages were not`);
});
