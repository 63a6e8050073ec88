import t from 'tap';
import { err } from '../../src/base/result.ts';
import { MINUTE } from '../model/fixtures/scenarios.ts';
import { person } from '../support/ids.ts';
import { totpCode } from '../support/totp-code.ts';
import { DeskHouse } from './fixtures/desk-house.ts';

const ALICE = person('alice');
const USED = 'That code was used already. Give the next one that your app shows.';

t.test('a code', async (t) => {
  const house = await DeskHouse.open();
  const { codes } = house.desk;
  const spend = async (code: string) => (await codes.spend(ALICE, code, 'a test')).ok;
  const code = house.code();
  t.ok(await spend(code), 'counts');
  t.notOk(await spend(code), 'does not count again');
  t.notOk(await spend(house.code(-1)), 'of an earlier step does not count any more');
  t.ok(await spend(house.code(1)), 'of the next step counts, for clocks that differ');
  const twice = house.code(1);
  await house.clock.advance(MINUTE);
  t.notOk(await spend(twice), 'is not good later either');
  const fresh = house.code();
  const both = await Promise.all([spend(fresh), spend(fresh)]);
  t.equal(both.filter((counts) => counts).length, 1, 'given twice at once counts once');
});

t.test(
  'a code is spent for good, whatever it was for, and a restart does not forget',
  async (t) => {
    const house = await DeskHouse.open();
    const code = house.code();
    t.ok((await house.desk.codes.spend(ALICE, code, 'a test')).ok);
    house.kill();
    await house.start();
    t.notOk((await house.desk.codes.spend(ALICE, code, 'a test')).ok);
  },
);

t.test('wrong codes', async (t) => {
  const house = await DeskHouse.open();
  const wrong = async (times: number) => {
    for (let i = 0; i < times; i++) await house.desk.codes.spend(ALICE, '000000', 'a test');
  };
  await wrong(4);
  await house.clock.advance(16 * MINUTE);
  await wrong(2);
  t.notOk(house.desk.standing.isLocked('alice'), 'long ago is long ago');
  t.ok((await house.desk.codes.spend(ALICE, house.code(), 'a test')).ok);
  await wrong(2);
  t.notOk(house.desk.standing.isLocked('alice'), 'four are forgiven');
  await wrong(1);
  t.ok(house.desk.standing.isLocked('alice'), 'the fifth within a quarter of an hour locks');
  t.notOk((await house.desk.codes.spend(ALICE, house.code(), 'a test')).ok, 'then none counts');
  t.ok(
    (await house.desk.codes.spend(person('bob'), house.code(), 'a test')).ok,
    'bob is not alice',
  );
  await house.settle();
  t.equal(
    house.chat.texts.at(-1),
    'alice is locked out after too many wrong codes. Ask them in person whether it was them.\nIf they may enrol anew: recover alice',
    'those who can help are told',
  );
});

t.test('what is not a guess costs nobody anything', async (t) => {
  const house = await DeskHouse.open();
  const spend = (code: string) => house.desk.codes.spend(ALICE, code, 'a test');
  const code = house.code();
  t.ok((await spend(`${code.slice(0, 3)} ${code.slice(3)}.`)).ok);
  for (let times = 0; times < 6; times++) {
    t.strictSame(await spend(code), err(USED), 'sent again');
    t.strictSame(await spend(house.code(-1)), err(USED), 'of a step that is spent with it');
    for (const typed of ['12345', '1234567', 'a12345', '', '１２３４５６'])
      t.strictSame(
        await spend(typed),
        err('A one-time code is six digits, as your app shows them.'),
      );
  }
  await house.clock.advance(5 * MINUTE);
  t.strictSame(await spend(code), err(USED), 'much later');
  t.notOk(house.desk.standing.isLocked('alice'));
  t.strictSame(
    house.written.filter((e) => e.type === 'code.wrong'),
    [],
  );
});

t.test('a code that others could read is found in any grouping, and counts no more', async (t) => {
  const house = await DeskHouse.open();
  const { codes } = house.desk;
  const [code, last] = [house.code(), house.code(1)];
  t.notOk(await codes.burnIn(ALICE, ['it is 000000, I think, or 12345']));
  t.notOk(await codes.burnIn(person('bob'), ['nothing']), 'too short to hold one');
  t.ok(await codes.burnIn(ALICE, [`K7QF-22 ${[...code].join(' - ')}`]));
  t.notOk(await codes.burnIn(ALICE, [code]), 'once');
  t.notOk((await codes.spend(ALICE, code, 'a test')).ok);
  t.ok(
    await codes.burnIn(ALICE, [
      [...last].map((d) => String.fromCodePoint(0xff10 + Number(d))).join(''),
    ]),
  );
});

t.test('a secret that cannot be read ends no more than the look for its codes', async (t) => {
  const house = await DeskHouse.open();
  house.secretsAreBroken = true;
  t.notOk(await house.desk.codes.burnIn(ALICE, [house.code()]));
  t.equal(house.log.messages.at(-1), 'the secret of one-time codes cannot be read');
  t.strictSame(
    await house.desk.codes.spend(ALICE, house.code(), 'a test'),
    err(
      'The secret of your one-time codes cannot be read. Have an administrator of my host set them up anew: vaktrom enrol totp.',
    ),
  );
});

t.test('a clock that is set back costs nobody their factor', async (t) => {
  const house = await DeskHouse.open();
  const spend = (code: string) => house.desk.codes.spend(ALICE, code, 'a test');
  t.ok((await spend(house.code())).ok);
  const step = Math.floor(house.clock.now() / 30_000);
  house.clock.setBack(60 * MINUTE);
  const until = new Date(step * 30_000).toISOString();
  for (let times = 0; times < 6; times++)
    t.strictSame(
      await spend(house.code()),
      err(
        `The clock of my host was set back, behind a code of yours that has counted. Codes count again from ${until} by that clock; somebody has to set it right.`,
      ),
    );
  t.notOk(house.desk.standing.isLocked('alice'));
  t.strictSame(
    house.written.flatMap((e) => (e.type === 'clock.behind' ? [[e.person, e.until]] : [])),
    Array(6).fill(['alice', until]),
  );
  t.equal(
    house.log.messages.at(-1),
    'the clock of this host was set back: one-time codes count for nothing',
  );
  await house.clock.advance(61 * MINUTE);
  t.ok((await spend(house.code())).ok, 'and once it is right again, codes count');
});

t.test('whoever guesses slowly is locked out within the day', async (t) => {
  const house = await DeskHouse.open();
  for (let guesses = 1; guesses <= 20; guesses++) {
    t.notOk(house.desk.standing.isLocked('alice'));
    await house.desk.codes.spend(ALICE, '000000', 'a test');
    await house.clock.advance(5 * MINUTE);
    if (guesses % 4 === 0)
      t.ok((await house.desk.codes.spend(ALICE, house.code(), 'own')).ok === guesses < 20);
  }
  t.ok(house.desk.standing.isLocked('alice'));
});

t.test('a lock is told to everybody else where nobody is named to help', async (t) => {
  const house = await DeskHouse.open();
  house.policy = { ...house.policy, recovery: undefined };
  for (let i = 0; i < 5; i++) await house.desk.codes.spend(ALICE, '000000', 'a test');
  await house.settle();
  const told = house.chat.texts.filter((text) => text.includes('alice is locked out'));
  t.equal(told.length, 3);
  t.equal(
    told[0],
    'alice is locked out after too many wrong codes. Ask them in person whether it was them.\nIf they may enrol anew, whoever runs the host lets them in again: vaktrom enrol totp alice',
  );
});

const ONE_OF_TWO = '1 of 2 agree that alice may enrol anew.';

t.test('peers let somebody enrol anew, and the old secret is worth nothing', async (t) => {
  const house = await DeskHouse.open();
  for (let i = 0; i < 5; i++) await house.desk.codes.spend(ALICE, '000000', 'a test');
  t.equal(await house.order('alice', 'recover', 'alice'), 'Your peers have to ask for you.');
  t.equal(await house.order('bob', 'recover', 'alice'), ONE_OF_TWO);
  t.equal(await house.order('bob', 'recover', 'alice'), ONE_OF_TWO, 'one person is one');
  t.equal(
    await house.order('dave', 'recover', 'alice'),
    'alice may enrol anew; the ticket is in their direct room.',
  );
  t.notOk(house.desk.standing.isLocked('alice'));
  t.notOk((await house.desk.codes.spend(ALICE, house.code(), 'a test')).ok);
  await house.settle();
  const [, ticket = ''] = /!enrol ([0-9A-Z]{24})/.exec(house.chat.texts.at(-1) ?? '') ?? [];
  const spends = (who: typeof ALICE) => house.desk.enrolment.spendTicket(who, ticket);
  t.notOk(await spends(person('bob')), 'not for another person');
  t.strictSame(await Promise.all([spends(ALICE), spends(ALICE)]), [true, false], 'once, at once');
  house.kill();
  await house.start();
  t.notOk(await spends(ALICE), 'nor a second time after a restart');
});

t.test('what was begun with factors that are taken back comes to nothing', async (t) => {
  const house = await DeskHouse.open();
  const waits = await house.ask('failover');
  t.equal(await house.order('alice', 'otp', waits, house.code()), '✓ alice: totp for ZEP4-8Z.');
  const { enrolment } = house.desk;
  const { secret } = enrolment.offerTotp(ALICE, 'example.org', 'ticket');
  await house.order('bob', 'recover', 'alice');
  await house.order('dave', 'recover', 'alice');
  t.notOk((await enrolment.confirmTotp(ALICE, totpCode(secret, house.clock.now()))).ok);
  t.strictSame(house.record(waits).at(-1), 'voided');
  t.strictSame(house.faults, []);
});
