/** The first factor of somebody, set up from the host: what is offered, on record, and refused. */
import t from 'tap';
import { sha256Hex } from '../../src/base/bytes.ts';
import { openEnrol } from '../../src/control/enrol.ts';
import { drawQr } from '../../src/output/qr.ts';
import { DeskHouse } from '../desk/fixtures/desk-house.ts';
import { person } from '../support/ids.ts';
import { totpCode } from '../support/totp-code.ts';
import { atTerminal } from './fixtures/peer.ts';

const ALICE = person('alice');
const ASKS = ['The code that the app shows: ', false] as const;

async function open(typed: Parameters<typeof atTerminal>[1] = []) {
  const house = await DeskHouse.open();
  const before = house.written.length;
  const terminal = atTerminal({ uid: 0, user: 'root' }, typed);
  const enrol = openEnrol(house.desk);
  return {
    ...{ house, ...terminal },
    enrol: (factor: string, name: string) => enrol(terminal.peer, { factor, person: name }),
    /** What the log grew by. */
    grown: () =>
      house.written
        .slice(before)
        .map(({ v: _v, seq: _seq, ts: _ts, boot: _boot, ...body }) => body),
    code: () => totpCode(secretIn(terminal.printed), house.clock.now()),
  };
}

/** What is in the QR code, which is printed as text below it. */
const secretIn = (printed: readonly string[]): string =>
  new URL(printed.at(-1) ?? '').searchParams.get('secret') ?? '';

t.test('codes are shown, and set up by one of them', async (t) => {
  const { house, enrol, notes, printed, asked, grown, code } = await open([
    ' 000000',
    () => code(),
  ]);
  t.equal(await enrol('totp', 'alice'), 0);
  const uri = printed.at(-1) ?? '';
  t.equal(uri, `otpauth://totp/example.org:alice?secret=${secretIn(printed)}&issuer=example.org`);
  t.strictSame(printed, [drawQr(uri), uri]);
  t.strictSame(asked, [ASKS, ASKS]);
  t.strictSame(notes, [
    "alice scans this with an authenticator app, on nobody else's screen:",
    'That is not the code that your app shows for it. Look again; the clocks may differ.',
    '✓ The one-time codes of alice are set up.',
  ]);
  const step = Math.floor(house.clock.now() / 30_000);
  t.strictSame(grown(), [
    { type: 'factor.enrolled', person: 'alice', factor: 'totp', by: 'host' },
    { type: 'code.burnt', person: 'alice', step, why: 'enrolment' },
  ]);
  t.notOk(
    (await house.desk.codes.spend(ALICE, code(), 'x')).ok,
    'the code that confirmed counts no more',
  );
});

t.test('at the host, a person who was locked out can be let in again', async (t) => {
  const { house, enrol, grown, code } = await open([() => code()]);
  await house.desk.ledger.append({ type: 'locked', person: 'alice' });
  t.equal(await enrol('totp', 'alice'), 0);
  t.notOk(house.desk.standing.isLocked('alice'));
  t.strictSame(grown().at(-1), { type: 'unlocked', person: 'alice', by: ['host'] });
});

t.test('three codes that are none are enough', async (t) => {
  const wrong = ['000000', '111111', '222222', '333333'];
  const { enrol, asked, notes, grown } = await open(wrong);
  t.equal(await enrol('totp', 'alice'), 1);
  t.equal(asked.length, 3);
  t.equal(notes.at(-1), 'Nothing was set up.');
  t.strictSame(grown(), []);
});

t.test('where nobody types anything, nothing is set up', async (t) => {
  const { enrol, asked, notes, grown } = await open([]);
  t.equal(await enrol('totp', 'alice'), 1);
  t.strictSame(asked, [ASKS]);
  t.equal(notes.at(-1), 'Nothing was set up.');
  t.strictSame(grown(), []);
});

t.test('for a passkey there is a ticket, good for that person', async (t) => {
  for (const hasPage of [true, false]) {
    const { house, enrol, notes, printed, grown } = await open();
    house.hasPage = hasPage;
    t.equal(await enrol('passkey', 'alice'), 0);
    const [ticket = ''] = printed;
    t.strictSame(printed, [ticket]);
    t.strictSame(notes, [
      'For alice and nobody else, handed over in person. Good once, for a day:',
      hasPage
        ? 'Where to use it, within a quarter of an hour: https://gate/alice/enrolment/undefined   Later: !enrol passkey, in the direct room.'
        : 'No page for passkeys is set up here: the ticket is good for one-time codes (!enrol in the direct room).',
    ]);
    t.strictSame(grown(), [
      {
        ...{ type: 'ticket.issued', person: 'alice', ticket: sha256Hex(ticket) },
        ...{ by: ['host uid-0'], expiresAt: house.clock.now() + 24 * 3_600_000 },
      },
    ]);
    t.notOk(await house.desk.enrolment.spendTicket(person('bob'), ticket), 'not for bob');
    t.ok(await house.desk.enrolment.spendTicket(ALICE, ticket));
  }
});

t.test('nobody is enrolled who is not in the policy, nor with anything else', async (t) => {
  for (const [factor, name, code, note] of [
    ['totp', 'mallory', 1, 'There is no such person in the policy.'],
    ['passkey', 'constructor', 1, 'There is no such person in the policy.'],
    ['sms', 'alice', 2, 'That is no factor: totp or passkey.'],
    ['', 'alice', 2, 'That is no factor: totp or passkey.'],
  ] as const) {
    const { enrol, notes, printed, grown } = await open(['000000']);
    t.equal(await enrol(factor, name), code);
    t.strictSame([notes, printed, grown()], [[note], [], []]);
  }
});
