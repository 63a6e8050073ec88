/** What is refused before it becomes a command: what is on record of it, what is said, and how often. */
import t from 'tap';
import { History } from '../../src/audit/history.ts';
import { openRefusals } from '../../src/desk/refusals.ts';
import { describeTrustRefusal } from '../../src/trust/explain.ts';
import type { TrustRefusal } from '../../src/trust/judge.ts';
import type { Sighting } from '../../src/trust/sighting.ts';
import { event, person } from '../support/ids.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryLedger } from '../support/memory-ledger.ts';
import {
  ALICE,
  ALICES_KEY,
  message,
  OPS,
  provenance,
  SESSION,
  sighting,
} from '../support/sightings.ts';

function open() {
  const clock = new ManualClock();
  const history = new History();
  const ledger = new MemoryLedger({ onEntry: (entry) => history.note(entry) });
  const said: string[] = [];
  const refuse = openRefusals({ ledger, history, clock, say: (_, text) => void said.push(text) });
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
  return { clock, ledger, said, send, listed };
}

/** How many of one kind can be listed at once, and how long it takes until one more can. */
const BURST = 30;
const REFILL_MS = 2000;

const ONE = event('$one');
const CLEAR: Partial<Sighting> = { seen: { kind: 'clear', message: message('!quick') } };
const unreadable = (session = SESSION): Partial<Sighting> => ({
  seen: { kind: 'undecryptable', because: 'missing_key', session },
});

t.test('what is known of a refused message is on record, and why is said', async (t) => {
  const source = { room: OPS, event: ONE };
  for (const [code, change, known, more] of [
    ['edit', {}, true, { person: 'alice', source: { ...source, session: SESSION, index: 7 } }],
    ['clear_text', CLEAR, true, { person: 'alice', source }],
    ['unknown_account', CLEAR, false, { source }],
    [
      'missing_key',
      unreadable(),
      true,
      { person: 'alice', source: { ...source, session: SESSION } },
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
      [{ type: 'refused', code, sender: ALICE, ...more }],
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
  for (const code of ['edit', 'reply', 'before_live'] as const) {
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
  await send('missing_key', unreadable());
  await send('missing_key', unreadable());
  t.strictSame([listed(), said.length], [['missing_key'], 1]);
  await send('unsigned_device', unreadable());
  await send('missing_key', unreadable('y'.repeat(43)));
  t.strictSame(listed(), ['missing_key', 'unsigned_device', 'missing_key']);
});

t.test('what is delivered twice is on record once, and answered again', async (t) => {
  const { said, send, listed } = open();
  await send('clear_text', { ...CLEAR, event: ONE });
  await send('clear_text', { ...CLEAR, event: ONE });
  t.strictSame([listed(), said.length], [['clear_text'], 2]);
});

t.test('what was there before the first start is not answered', async (t) => {
  const { said, send, listed } = open();
  await send('clear_text', { ...CLEAR, when: 'history' });
  t.strictSame([listed(), said], [['clear_text'], []]);
  await send('missing_key', { ...unreadable(), when: 'history' });
  t.strictSame(listed(), ['clear_text'], 'and what was never meant for us is passed over');
});
