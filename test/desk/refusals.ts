/** What is refused before it becomes a command: what is on record of it, what is said, and how often. */
import t from 'tap';
import { History } from '../../src/audit/history.ts';
import { openRefusals } from '../../src/desk/refusals.ts';
import { describeTrustRefusal } from '../../src/trust/explain.ts';
import { fingerprintsOf } from '../../src/trust/fingerprints.ts';
import type { TrustRefusal } from '../../src/trust/judge.ts';
import type { Sighting } from '../../src/trust/sighting.ts';
import { event, person, room, user } from '../support/ids.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryLedger } from '../support/memory-ledger.ts';
import {
  ALICE,
  ALICES_KEY,
  BOB,
  cipher,
  message,
  OPS,
  provenance,
  SESSION,
  sighting,
  unreadable,
} from '../support/sightings.ts';

function open() {
  const clock = new ManualClock();
  const history = new History();
  const ledger = new MemoryLedger({ onEntry: (entry) => history.note(entry) });
  const said: string[] = [];
  const say = (_: Sighting, text: string) => void said.push(text);
  const { refuse, wasRefused, settle } = openRefusals({ ledger, history, clock, say });
  let count = 0;
  /** Each time another event, unless it is said which. */
  const send = (code: TrustRefusal, change: Partial<Sighting> = {}, known = true) =>
    refuse(sighting({ event: event(`$refused-${count++}`), ...change }), {
      ...{ kind: 'refused', code, person: known ? person('alice') : undefined },
    });
  const listed = () =>
    ledger.written.map((e) =>
      e.type === 'refused.more' ? `${e.count} more` : e.type === 'refused' ? e.code : e.type,
    );
  /** Does anything know, after a restart, that a message like this one was refused? */
  const remembers = (change: Partial<Sighting>) =>
    fingerprintsOf(sighting(change)).sealed.map((one) => history.wasRefused(one));
  return { clock, ledger, said, send, listed, wasRefused, settle, remembers };
}

/** How many of one kind can be listed at once, and how long it takes until one more can. */
const BURST = 30;
const REFILL_MS = 2000;
/** How many of one kind strangers are told of at once in one room. */
const SAID_TO_STRANGERS = 3;
const SAID_REFILL_MS = 60_000;
/** How many of one account in one room are kept without an entry. */
const KEPT = 2000;
const KEPT_REFILL_MS = 60_000;

const ONE = event('$one');
const CLEAR: Partial<Sighting> = { seen: { kind: 'clear', message: message('!quick') } };
const unread = (session = SESSION, ciphertext = 'sealed'): Partial<Sighting> => ({
  seen: unreadable('missing_key', { session, ciphertext: cipher(ciphertext) }),
});
const prints = fingerprintsOf(sighting({ event: ONE }));

t.test('what is known of a refused message is on record, and why is said', async (t) => {
  const source = { room: OPS, event: ONE };
  for (const [code, change, known, more] of [
    ['edit', {}, true, { person: 'alice', source: { ...source, session: SESSION, index: 7 } }],
    ['clear_text', CLEAR, true, { person: 'alice', source }],
    ['unknown_account', CLEAR, false, { source }],
    [
      'missing_key',
      unread(),
      true,
      {
        ...{ person: 'alice', source: { ...source, session: SESSION } },
        spent: [prints.event, ...prints.sealed],
      },
    ],
    [
      'identity_mismatch',
      {},
      true,
      {
        ...{ person: 'alice', identity: ALICES_KEY },
        source: { ...source, session: SESSION, index: 7 },
      },
    ],
    [
      'identity_unknown',
      {
        seen: {
          kind: 'decrypted',
          message: message('x'),
          from: provenance({ identity: undefined }),
        },
      },
      true,
      { person: 'alice', source: { ...source, session: SESSION, index: 7 } },
    ],
  ] as const satisfies readonly (readonly [TrustRefusal, Partial<Sighting>, boolean, object])[]) {
    const { ledger, said, send } = open();
    await send(code, { event: ONE, ...change }, known);
    t.strictSame(
      ledger.written.map(({ v: _v, seq: _seq, ts: _ts, boot: _boot, ...body }) => body),
      [{ type: 'refused', code, sender: ALICE, spent: [prints.event], ...more }],
    );
    t.strictSame(said, [describeTrustRefusal(code)]);
  }
});

t.test('what comes too fast is counted rather than listed, kind by kind', async (t) => {
  const { clock, said, send, listed } = open();
  for (let count = 0; count < BURST + 3; count++) await send('clear_text', CLEAR);
  t.strictSame(listed(), Array(BURST).fill('clear_text'));
  t.equal(said.length, BURST, 'what is not listed is not answered either');
  await send('unknown_account', CLEAR);
  t.strictSame(listed().slice(BURST), ['3 more', 'unknown_account'], 'another kind has its own');
  await clock.advance(REFILL_MS - 1);
  await send('clear_text', CLEAR);
  t.equal(listed().length, BURST + 2, 'not yet');
  await clock.advance(1);
  await send('clear_text', CLEAR);
  t.strictSame(listed().slice(BURST + 2), ['1 more', 'clear_text']);
  await send('clear_text', CLEAR);
  t.equal(listed().length, BURST + 4, 'one for two seconds');
});

t.test('however long it was quiet, no more than a burst is listed', async (t) => {
  const { clock, send, listed } = open();
  await send('clear_text', CLEAR);
  await clock.advance(100 * BURST * REFILL_MS);
  for (let count = 0; count < BURST + 3; count++) await send('clear_text', CLEAR);
  t.equal(listed().length, 1 + BURST);
});

t.test('what takes a fresh message of a proven sender is always listed', async (t) => {
  for (const code of ['edit', 'reply', 'before_live', 'direct_left', 'unclear'] as const) {
    const { send, listed } = open();
    for (let count = 0; count < 2 * BURST; count++) await send(code);
    t.equal(listed().length, 2 * BURST, code);
  }
  for (const code of ['replayed', 'identity_mismatch', 'device_unsigned'] as const) {
    const { send, listed } = open();
    for (let count = 0; count < 2 * BURST; count++) await send(code);
    t.equal(listed().length, BURST, code);
  }
});

t.test('what cannot be read is said once for each session and reason', async (t) => {
  const { said, send, listed } = open();
  await send('missing_key', unread());
  await send('missing_key', unread());
  t.strictSame([listed(), said.length], [['missing_key'], 1]);
  await send('unsigned_device', unread());
  await send('missing_key', unread('y'.repeat(43)));
  t.strictSame(listed(), ['missing_key', '1 more', 'unsigned_device', 'missing_key']);
});

t.test('a flood in the name of one person hides nothing of another', async (t) => {
  const { said, send, listed } = open();
  for (let count = 0; count <= BURST; count++) await send('clear_text', CLEAR);
  await send('clear_text', { ...CLEAR, sender: BOB });
  t.strictSame(listed().slice(BURST), ['1 more', 'clear_text']);
  for (let count = 0; count <= BURST; count++)
    await send('clear_text', { ...CLEAR, sender: user(`@s${count}:example.org`) }, false);
  t.equal(listed().length, BURST + 2 + BURST, 'and strangers have one for all of them');
  t.equal(said.length, BURST + 1 + SAID_TO_STRANGERS);
});

t.test('strangers are told little, so that people of the policy are answered', async (t) => {
  const { clock, said, send, listed } = open();
  for (let count = 0; count < 10; count++) await send('clear_text', CLEAR, false);
  t.equal(listed().length, 10, 'all of it is on record');
  t.equal(said.length, SAID_TO_STRANGERS);
  await send('unknown_account', CLEAR, false);
  t.equal(said.length, SAID_TO_STRANGERS + 1, 'each kind has its own');
  await send('clear_text', { ...CLEAR, room: room('!other:example.org') }, false);
  t.equal(said.length, SAID_TO_STRANGERS + 2, 'and each room');
  clock.advance(SAID_REFILL_MS);
  await send('clear_text', CLEAR, false);
  await send('clear_text', CLEAR, false);
  t.equal(said.length, SAID_TO_STRANGERS + 3);
});

t.test('what was refused stays so, listed or not, also after a restart', async (t) => {
  const { send, settle, remembers, wasRefused, ledger } = open();
  await send('missing_key', unread());
  t.strictSame(remembers(unread()), [true, true, true]);
  const second = { seen: unreadable('missing_key', { index: 8, ciphertext: cipher('second') }) };
  await send('missing_key', second);
  t.strictSame(
    fingerprintsOf(sighting(second)).sealed.map(wasRefused),
    [true, true, true],
    'at once',
  );
  t.strictSame(remembers(second), [false, false, false], 'not on record yet');
  const { length } = ledger.written;
  await settle();
  await settle();
  t.strictSame(
    ledger.written.slice(length).map((e) => e.type === 'refused.more' && [e.count, e.spent]),
    [[1, fingerprintsOf(sighting(second)).sealed]],
    'once',
  );
  t.strictSame(remembers(second), [true, true, true]);
  await send('clear_text', CLEAR);
  t.equal(ledger.written.length, length + 2, 'and is not told of again');
});

t.test('what is only counted is spent as well', async (t) => {
  const { send, settle, remembers } = open();
  for (let count = 0; count < BURST; count++) await send('identity_mismatch');
  const from = provenance({ index: 99, ciphertext: cipher('counted') });
  const counted = { seen: { kind: 'decrypted', message: message('!quick'), from } } as const;
  await send('identity_mismatch', counted);
  await settle();
  t.strictSame(remembers(counted), [true, true, true]);
});

t.test('what is spent already is only counted', async (t) => {
  const { send, settle, listed } = open();
  for (let count = 0; count <= BURST; count++) await send('replayed');
  await settle();
  t.equal(listed().length, BURST);
});

t.test(
  'a flood is put on record in entries that can be written, and closes the account',
  async (t) => {
    const { send, settle, ledger, wasRefused, clock } = open();
    const flood = (count: number) => ({
      seen: unreadable('missing_key', { index: count + 8, ciphertext: cipher(`${count}`) }),
    });
    const { account } = fingerprintsOf(sighting());
    await send('missing_key', unread());
    for (let count = 0; count < KEPT; count++) await send('missing_key', flood(count));
    t.notOk(wasRefused(account));
    await send('missing_key', flood(KEPT));
    t.ok(wasRefused(account), 'the one that cannot be kept is refused with all that come');
    await clock.advance(KEPT_REFILL_MS);
    await settle();
    const spent = ledger.written.flatMap((e) => (e.type === 'refused.more' ? (e.spent ?? []) : []));
    t.equal(spent.length, 3 * KEPT + 1);
    t.equal(spent.at(-1), account);
    for (const entry of ledger.written) t.ok(JSON.stringify(entry).length < 65_535);
  },
);

t.test('what is refused of a closed account adds nothing', async (t) => {
  const { send, settle, ledger } = open();
  for (let count = 0; count <= BURST; count++) await send('flooded');
  const { length } = ledger.written;
  await settle();
  t.equal(ledger.written.length, length);
});

t.test('who talks all day unread is not closed', async (t) => {
  const { send, clock, wasRefused } = open();
  await send('missing_key', unread());
  for (let count = 0; count < KEPT + 100; count++) {
    const at = { index: count + 8, ciphertext: cipher(`${count}`) };
    await send('missing_key', { seen: unreadable('missing_key', at) });
    await clock.advance(KEPT_REFILL_MS);
  }
  t.notOk(wasRefused(fingerprintsOf(sighting()).account));
});

t.test('what is in clear leaves nothing that is kept, and closes no account', async (t) => {
  const { send, wasRefused } = open();
  for (let count = 0; count < KEPT + BURST + 5; count++) await send('clear_text', CLEAR);
  await send('missing_key', unread());
  await send('missing_key', { seen: unreadable('missing_key', { index: 9 }) });
  t.notOk(wasRefused(fingerprintsOf(sighting()).account));
});

t.test('what a stranger said is kept, as long as all of them together are no flood', async (t) => {
  const { send, settle, remembers, ledger, wasRefused } = open();
  const said = (count: number, sender = BOB): Partial<Sighting> => ({
    sender,
    seen: unreadable('unsigned_device', { index: count + 8, ciphertext: cipher(`${count}`) }),
  });
  const all = BURST + KEPT;
  for (let count = 0; count <= all; count++)
    await send('unsigned_device', said(count, user(`@stranger${count}:example.org`)), false);
  await settle();
  const signature = (count: number) => remembers(said(count))[0];
  t.strictSame([1, all - 1, all].map(signature), [true, true, false]);
  const { length } = ledger.written;
  await settle();
  t.equal(ledger.written.length, length);
  const last = { sender: user(`@stranger${all}:example.org`) };
  t.notOk(wasRefused(fingerprintsOf(sighting(last)).account), 'one more entry for each stranger');
});

t.test('what was refused before takes nothing of what can be kept', async (t) => {
  const { send, wasRefused } = open();
  for (let count = 0; count < KEPT + BURST + 5; count++) await send('missing_key', unread());
  t.notOk(wasRefused(fingerprintsOf(sighting()).account));
});

t.test('what was there before the first start is not answered', async (t) => {
  const { said, send, listed, settle, remembers } = open();
  await send('clear_text', { ...CLEAR, when: 'history' });
  t.strictSame([listed(), said], [['clear_text'], []]);
  await send('missing_key', { ...unread(), when: 'history' });
  t.strictSame(listed(), ['clear_text'], 'and what was never meant for us is counted');
  await settle();
  t.strictSame(remembers(unread()), [true, true, true], 'and never a command');
});
