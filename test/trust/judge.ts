import fc from 'fast-check';
import t from 'tap';
import type { UserId } from '../../src/base/ids.ts';
import { fingerprintsOf } from '../../src/trust/fingerprints.ts';
import {
  judge,
  type Past,
  speakerOf,
  type TrustRefusal,
  type Verdict,
} from '../../src/trust/judge.ts';
import type {
  Message,
  Provenance,
  Seen,
  Sighting,
  Undecryptable,
} from '../../src/trust/sighting.ts';
import { device, event, person, room, roomName, user } from '../support/ids.ts';
import {
  ALICE,
  ALICES_KEY,
  BOB,
  BOT,
  cipher,
  DIRECT_ALICE,
  FORMER_ALICE,
  MALLORY,
  message,
  NO_PAST,
  OPS,
  provenance,
  register,
  SESSION,
  sighting,
  unreadable,
} from '../support/sightings.ts';

type Spent = Past['spentBy'];

const fresh: Spent = () => undefined;
const verdictOn = (
  change: Partial<Sighting> = {},
  spentBy = fresh,
  wasRefused: Past['wasRefused'] = () => false,
): Verdict => judge(sighting(change), register(), { spentBy, wasRefused });

const decrypted = (
  from: Partial<Provenance> = {},
  text = '!status web',
  change: Partial<Message> = {},
): { seen: Seen } => ({
  seen: { kind: 'decrypted', message: message(text, change), from: provenance(from) },
});
const phone = { id: device('PHONE'), key: 'curve', crossSigned: true, deleted: false };
const related = (relation: 'edit' | 'reply'): { seen: Seen } => ({
  seen: { kind: 'decrypted', message: message('!x', { relation }), from: provenance() },
});
const undecryptable = (because: Undecryptable): { seen: Seen } => ({
  seen: unreadable(because),
});

t.test('a fresh command of a pinned person, on a device of their own, is trusted', async (t) => {
  t.strictSame(verdictOn(), {
    kind: 'trusted',
    person: 'alice',
    account: ALICE,
    device: 'PHONE',
    pinned: true,
    identity: ALICES_KEY,
    room: 'ops',
    roomId: OPS,
    isDirect: false,
    event: '$command',
    thread: '$command',
    session: SESSION,
    index: 7,
    text: 'status web',
  });
});

t.test('an account without a pin is trusted as what it is: not pinned', async (t) => {
  const identity = { masterKey: 'any other key', changed: false };
  t.hasStrict(verdictOn({ sender: BOB, ...decrypted({ identity }) }), {
    kind: 'trusted',
    person: 'bob',
    pinned: false,
    identity: 'any other key',
  });
});

t.test(
  'a pinned identity stays trusted when it is new to us: the policy knows better',
  async (t) => {
    const identity = { masterKey: ALICES_KEY, changed: true };
    t.hasStrict(verdictOn(decrypted({ identity })), { kind: 'trusted', pinned: true });
  },
);

/** For each code, how to get it: every one that there is. */
const REFUSED: Readonly<
  Record<TrustRefusal, readonly [Partial<Sighting>, Spent?, Past['wasRefused']?]>
> = {
  clear_text: [{ seen: { kind: 'clear', message: message('!status') } }],
  unknown_account: [{ sender: MALLORY }],
  forwarded_key: [decrypted({ forwarded: true })],
  device_unknown: [decrypted({ device: undefined })],
  device_mismatch: [decrypted({ device: { ...phone, key: 'another' } })],
  device_unsigned: [decrypted({ device: { ...phone, crossSigned: false } })],
  identity_unknown: [decrypted({ identity: undefined })],
  identity_mismatch: [decrypted({ identity: { masterKey: 'another', changed: false } })],
  identity_changed: [
    { sender: BOB, ...decrypted({ identity: { masterKey: 'another', changed: true } }) },
  ],
  edit: [related('edit')],
  reply: [related('reply')],
  replayed: [{}, () => 'other'],
  refused_before: [{}, fresh, (one) => fingerprintsOf(sighting()).sealed.includes(one)],
  flooded: [{}, fresh, (one) => one === fingerprintsOf(sighting()).account],
  before_live: [{ when: 'missed' }],
  direct_left: [{ room: FORMER_ALICE }],
  unclear: [decrypted({}, 'is @bot well?', { mentions: [BOT] })],
  missing_key: [undecryptable('missing_key')],
  unsigned_device: [undecryptable('unsigned_device')],
  unknown_device: [undecryptable('unknown_device')],
  sender_mismatch: [undecryptable('sender_mismatch')],
  identity_violation: [undecryptable('identity_violation')],
  damaged: [undecryptable('damaged')],
};

for (const [code, [change, spent, wasRefused]] of Object.entries(REFUSED))
  t.test(`refused: ${code}`, async (t) => {
    t.hasStrict(verdictOn(change, spent, wasRefused), { kind: 'refused', code });
  });

t.test('a device that was deleted is not known', async (t) => {
  t.hasStrict(verdictOn(decrypted({ device: { ...phone, deleted: true } })), {
    code: 'device_unknown',
  });
});

t.test('history is before its time as well', async (t) => {
  t.hasStrict(verdictOn({ when: 'history' }), { code: 'before_live' });
});

t.test('a stranger is refused as an unknown account, even from an unknown device', async (t) => {
  for (const because of ['unsigned_device', 'unknown_device'] as const)
    t.hasStrict(verdictOn({ sender: MALLORY, ...undecryptable(because) }), {
      code: 'unknown_account',
    });
  t.hasStrict(verdictOn({ sender: MALLORY, ...undecryptable('damaged') }), { code: 'damaged' });
});

t.test('a refusal says whose account it was, if it is one of ours', async (t) => {
  t.hasStrict(verdictOn(related('edit')), { person: 'alice' });
  t.hasStrict(verdictOn({ sender: BOB, ...undecryptable('damaged') }), { person: 'bob' });
  t.match(verdictOn({ sender: MALLORY, ...undecryptable('damaged') }), { person: undefined });
});

t.test('what is not for us, or not in a room of ours, or our own, is passed over', async (t) => {
  t.strictSame(verdictOn({ room: room('!other:example.org') }), { kind: 'ignored' });
  t.strictSame(verdictOn({ sender: BOT }), { kind: 'ignored' });
  for (const text of [
    'hello',
    '',
    '!',
    '! status',
    '!1',
    '!!',
    'say !status',
    '?status',
    '！status',
  ])
    t.strictSame(verdictOn(decrypted({}, text)), { kind: 'ignored' }, text);
  const clear: Seen = { kind: 'clear', message: message('only talking') };
  t.strictSame(verdictOn({ seen: clear }), { kind: 'ignored' });
});

t.test(
  'an event that was dealt with is known again, whatever is wrong with it by now',
  async (t) => {
    t.strictSame(
      verdictOn({}, () => 'this'),
      { kind: 'heard' },
    );
    t.strictSame(
      verdictOn(decrypted({ device: undefined }), () => 'this'),
      { kind: 'heard' },
    );
  },
);

t.test('what was spent is asked of exactly this position, for exactly this event', async (t) => {
  const asked: unknown[] = [];
  verdictOn({ event: event('$e') }, (...args) => void asked.push(args));
  t.strictSame(asked, [[OPS, SESSION, 7, '$e']]);
});

t.test('a refusal is final, be it readable by now or not', async (t) => {
  for (const one of fingerprintsOf(sighting()).sealed) {
    const wasRefused = (fingerprint: string) => fingerprint === one;
    t.hasStrict(verdictOn({}, fresh, wasRefused), { kind: 'refused', code: 'refused_before' });
    t.strictSame(
      verdictOn(decrypted({}, 'good morning'), fresh, wasRefused),
      { kind: 'ignored' },
      'what turns out to be talk is no command',
    );
  }
});

t.test(
  'of an account that was closed nothing is taken, and it is told of that alone',
  async (t) => {
    const wasRefused = (one: string) => one === fingerprintsOf(sighting()).account;
    t.hasStrict(verdictOn(undecryptable('missing_key'), fresh, wasRefused), { code: 'flooded' });
    t.hasStrict(verdictOn(decrypted({}, 'good morning'), fresh, wasRefused), { kind: 'ignored' });
    t.strictSame(
      verdictOn({}, () => 'this', wasRefused),
      { kind: 'heard' },
    );
    t.hasStrict(verdictOn({ sender: BOB }, fresh, wasRefused), { kind: 'trusted' });
  },
);

t.test('an event that was refused is final as well, and is not told of twice', async (t) => {
  const { event: name } = fingerprintsOf(sighting());
  const wasRefused = (fingerprint: string) => fingerprint === name;
  for (const change of [{}, undecryptable('damaged'), REFUSED.clear_text[0]])
    t.strictSame(verdictOn(change, fresh, wasRefused), { kind: 'heard' });
});

t.test('whose words they are is known for certain, or not at all', async (t) => {
  const speaker = (change: Partial<Sighting> = {}) => speakerOf(sighting(change), register());
  const alice = { person: person('alice'), isAlone: false };
  t.strictSame(speaker(), alice);
  t.strictSame(speaker(related('edit')), alice, 'be it a command or not');
  t.strictSame(speaker({ when: 'missed' }), alice);
  t.strictSame(speaker({ room: DIRECT_ALICE }), { ...alice, isAlone: true });
  for (const change of [
    decrypted({ device: undefined }),
    decrypted({ forwarded: true }),
    decrypted({ identity: { masterKey: 'another', changed: false } }),
    undecryptable('missing_key'),
    { seen: { kind: 'clear', message: message('!x') } } as const,
    { sender: MALLORY },
    { sender: BOB },
  ])
    t.equal(speaker(change), undefined, JSON.stringify(change));
});

t.test('what is no text is no command, in clear or encrypted', async (t) => {
  const other = message('!status', { isText: false });
  const from = provenance();
  t.strictSame(verdictOn({ seen: { kind: 'decrypted', message: other, from } }), {
    kind: 'ignored',
  });
  t.strictSame(verdictOn({ seen: { kind: 'clear', message: other } }), { kind: 'ignored' });
});

t.test('a command is what stands behind the mark, or behind a mention', async (t) => {
  const mentions = [BOT];
  t.hasStrict(verdictOn(decrypted({}, '  !status web\n')), { text: 'status web' });
  t.hasStrict(verdictOn(decrypted({}, 'Vaktrom: status web', { mentions })), {
    text: 'status web',
  });
  t.strictSame(verdictOn(decrypted({}, 'status web')), { kind: 'ignored' });
});

t.test('who is proven to be somebody else is told so, and not that it is unclear', async (t) => {
  const unclear = { text: 'hello', change: { mentions: [BOT] } };
  const said = (from: Partial<Provenance>) => decrypted(from, unclear.text, unclear.change);
  t.hasStrict(verdictOn(said({ forwarded: true })), { code: 'forwarded_key' });
  t.hasStrict(verdictOn({ sender: MALLORY, ...said({}) }), { code: 'unknown_account' });
});

t.test("in a person's direct room there is no need to say who is meant", async (t) => {
  const inDirect = (text: string) => verdictOn({ room: DIRECT_ALICE, ...decrypted({}, text) });
  t.hasStrict(inDirect('otp K7QF-2M 123456'), {
    ...{ kind: 'trusted', person: 'alice', room: 'direct', roomId: DIRECT_ALICE, isDirect: true },
    text: 'otp K7QF-2M 123456',
  });
  t.hasStrict(inDirect(' !pending\n'), { kind: 'trusted', text: 'pending' });
  t.hasStrict(inDirect(''), { kind: 'trusted', text: '' }, 'nothing at all is a question, too');
});

t.test("what anybody else says in a person's direct room is refused", async (t) => {
  const inDirect = (sender: UserId, seen = decrypted()) =>
    verdictOn({ room: DIRECT_ALICE, sender, ...seen });
  const identity = { masterKey: 'any other key', changed: false };
  t.hasStrict(inDirect(BOB, decrypted({ identity })), { kind: 'refused', code: 'unknown_account' });
  t.hasStrict(inDirect(MALLORY), { kind: 'refused', code: 'unknown_account' });
  t.hasStrict(inDirect(ALICE, { seen: { kind: 'clear', message: message('otp 1') } }), {
    ...{ kind: 'refused', code: 'clear_text', person: 'alice' },
  });
  t.hasStrict(inDirect(ALICE, decrypted({ forwarded: true })), { code: 'forwarded_key' });
  t.hasStrict(inDirect(ALICE, related('edit')), { code: 'edit' });
  t.strictSame(inDirect(BOT), { kind: 'ignored' });
});

t.test('a direct room is one, even where the policy names the same room', async (t) => {
  const both = { ...register(), rooms: new Map([[DIRECT_ALICE, roomName('ops')]]) };
  const verdict = judge(sighting({ room: DIRECT_ALICE }), both, NO_PAST);
  t.hasStrict(verdict, { kind: 'trusted', room: 'direct', isDirect: true });
});

/** Written without a look at the code: the one thing that makes a command, condition by condition. */
function mayBeTrusted(s: Sighting, spent: 'this' | 'other' | undefined): boolean {
  if (s.seen.kind !== 'decrypted') return false;
  const { from, message } = s.seen;
  const pins: Readonly<Record<string, string | undefined>> = { [ALICE]: ALICES_KEY };
  const named =
    s.room === OPS
      ? [ALICE, BOB].includes(s.sender)
      : s.room === DIRECT_ALICE && s.sender === ALICE;
  const device = from.device !== undefined && !from.device.deleted && from.device.crossSigned;
  const made = from.device?.key === from.senderKey && !from.forwarded;
  const pin = pins[s.sender];
  const identity =
    from.identity !== undefined &&
    (pin === undefined ? !from.identity.changed : from.identity.masterKey === pin);
  const own = message.relation === 'none' || message.relation === 'thread';
  return named && device && made && identity && own && s.when === 'live' && spent === undefined;
}

const mostly = <T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 8, arbitrary: fc.constant(usual) }, fc.constantFrom(usual, ...others));

const anyProvenance: fc.Arbitrary<Provenance> = fc.record({
  session: fc.constant(SESSION),
  index: fc.nat(3),
  ciphertext: fc.constant(cipher('sealed')),
  senderKey: mostly('curve', 'another', ''),
  forwarded: mostly(false, true),
  device: fc.option(
    fc.record({
      id: fc.constant(device('PHONE')),
      key: mostly('curve', 'another', ''),
      crossSigned: mostly(true, false),
      deleted: mostly(false, true),
    }),
    { nil: undefined, freq: 8 },
  ),
  identity: fc.option(
    fc.record({
      masterKey: mostly(ALICES_KEY, 'another', '', ALICES_KEY.toLowerCase(), `${ALICES_KEY}=`),
      changed: mostly(false, true),
    }),
    { nil: undefined, freq: 8 },
  ),
});
const anyMessage = fc.record({
  isText: fc.constant(true),
  shown: fc.constant([]),
  text: mostly('!status', '!x', 'Vaktrom: x', 'hello', ''),
  relation: mostly<'none' | 'thread' | 'reply' | 'edit'>('none', 'thread', 'reply', 'edit'),
  mentions: fc.subarray([BOT, ALICE]),
  link: fc.constantFrom(undefined, { user: BOT, text: 'hello' }),
});
const anySeen: fc.Arbitrary<Seen> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('decrypted'),
      message: anyMessage,
      from: anyProvenance,
    }),
  },
  fc.record({ kind: fc.constant('clear'), message: anyMessage }),
  fc.constantFrom(...['missing_key', 'damaged'].map((b) => undecryptable(b as Undecryptable).seen)),
);
const anySighting: fc.Arbitrary<Sighting> = fc.record({
  room: mostly(OPS, DIRECT_ALICE, DIRECT_ALICE, room('!ops:example.com'), room('!OPS:example.org')),
  event: fc.constant(event('$e')),
  sender: mostly(ALICE, BOB, MALLORY, BOT, user('@Alice:example.org'), user('@alice:example.com')),
  thread: fc.constant(event('$t')),
  when: mostly<Sighting['when']>('live', 'missed', 'history'),
  seen: anySeen,
});

t.test('nothing is trusted unless every condition holds, and then it is', async (t) => {
  let trusted = 0;
  fc.assert(
    fc.property(anySighting, mostly(undefined, 'this', 'other'), (s, spent) => {
      const spentBy = () => spent as ReturnType<Spent>;
      const verdict = judge(s, register(), { ...NO_PAST, spentBy });
      if (verdict.kind === 'trusted') trusted++;
      const isAddressed = s.seen.kind === 'decrypted' && s.seen.message.text.startsWith('!');
      if (verdict.kind !== 'trusted') return !(isAddressed && mayBeTrusted(s, spent as undefined));
      return (
        mayBeTrusted(s, spent as undefined) &&
        verdict.account === s.sender &&
        verdict.isDirect === (s.room === DIRECT_ALICE) &&
        verdict.person === (s.sender === ALICE ? person('alice') : person('bob')) &&
        verdict.pinned === (s.sender === ALICE)
      );
    }),
    { numRuns: 20_000 },
  );
  t.ok(trusted > 500, `${trusted} were trusted`);
});
