/**
 * What an allowance covers, and what it does not: alice may run `deploy 1` in `ops` twice, as bob has
 * agreed. Each row asks for something that differs from it in one thing.
 */
import t from 'tap';
import type { Decision } from '../../src/policy/decision.ts';
import type { Trusted } from '../../src/trust/judge.ts';
import { MINUTE } from '../model/fixtures/scenarios.ts';
import { room, roomName } from '../support/ids.ts';
import { DeskHouse } from './fixtures/desk-house.ts';
import { housePolicy } from './fixtures/house-policy.ts';
import { withRoles } from './orders/fixtures/row.ts';

interface Asked {
  readonly by: Trusted;
  readonly action: string;
  readonly n: string;
}

/** Every action is the same program, so that only its name tells it from another one. */
const POLICY = withRoles(
  housePolicy({
    ...{ run: ['/opt/ops/any', '{n}'], rooms: [roomName('ops'), roomName('lounge')] },
  }),
  { bob: ['dev', 'ops'] },
);

async function open(typed = 'deploy n=1'): Promise<{ house: DeskHouse; given: string }> {
  const house = await DeskHouse.open();
  house.policy = POLICY;
  await house.order('alice', 'allow', '2', '5m', typed);
  const given = house.desk.requests.list()[0]?.request.id ?? '';
  await house.order('bob', 'approve', given);
  await house.settle();
  return { house, given };
}

const sameAgain = (house: DeskHouse): Asked => ({
  by: house.by('alice'),
  action: 'deploy',
  n: '1',
});

/** Asks; resolves with whether it was run, and by which allowance. */
async function ask(house: DeskHouse, { by, action, n }: Asked) {
  const id = await house.ask(action, by, { n });
  await house.settle();
  const start = house.written.find((e) => e.type === 'start' && e.request === id);
  const asked = house.written.find((e) => e.type === 'request' && e.request === id);
  return {
    decision: asked?.type === 'request' ? asked.decision : undefined,
    ran: house.ran.includes(id),
    by: start?.type === 'start' ? start.allowance : undefined,
  };
}

const WAITS = { decision: 'pending' satisfies Decision['kind'], ran: false, by: undefined };

t.test('it covers what was agreed to, so many times', async (t) => {
  const { house, given } = await open();
  t.strictSame(house.record(given), ['request', 'approval', 'granted', 'end']);
  for (let times = 0; times < 2; times++)
    t.strictSame(await ask(house, sameAgain(house)), { decision: 'allow', ran: true, by: given });
  t.strictSame(await ask(house, sameAgain(house)), WAITS, 'and not once more');
  t.strictSame(house.fatal, []);
});

t.test('it covers any value where none was fixed', async (t) => {
  const { house, given } = await open('deploy');
  const other = { ...sameAgain(house), n: '2' };
  t.strictSame(await ask(house, other), { decision: 'allow', ran: true, by: given });
});

const ROWS: readonly (readonly [name: string, change: (house: DeskHouse) => Partial<Asked>])[] = [
  ['another person', (house) => ({ by: house.by('bob') })],
  ['another action', () => ({ action: 'restart' })],
  ['another value', () => ({ n: '2' })],
  [
    'another room',
    (house) => ({
      by: { ...house.by('alice'), room: roomName('lounge'), roomId: room('!lounge:example.org') },
    }),
  ],
  [
    'another policy',
    (house) => {
      house.policy = { ...house.policy, sha256: 'e'.repeat(64) };
      return {};
    },
  ],
  [
    'another program',
    (house) => {
      house.fileHash = 'cd'.repeat(32);
      return {};
    },
  ],
];

for (const [name, change] of ROWS)
  t.test(`it does not cover ${name}`, async (t) => {
    const { house } = await open();
    t.strictSame(await ask(house, { ...sameAgain(house), ...change(house) }), WAITS);
    t.strictSame(house.ran, []);
  });

t.test('nor anything once its time is over', async (t) => {
  const { house, given } = await open();
  await house.clock.advance(5 * MINUTE - 1);
  t.equal((await ask(house, sameAgain(house))).by, given, 'the last moment is inside');
  await house.clock.advance(1);
  t.strictSame(await ask(house, sameAgain(house)), WAITS);
});

t.test('nor anything once the factors of its person were taken back', async (t) => {
  const { house } = await open();
  await house.order('bob', 'recover', 'alice');
  await house.order('dave', 'recover', 'alice');
  t.strictSame(await ask(house, sameAgain(house)), WAITS);
});

t.test('that of somebody else goes on when they are', async (t) => {
  const { house, given } = await open();
  await house.desk.ledger.append({ type: 'factor.removed', person: 'dave', by: 'bob' });
  t.equal((await ask(house, sameAgain(house))).by, given);
});

t.test('it is not used up by break-glass, which it does not cover', async (t) => {
  const { house } = await open();
  await house.order('alice', 'break-glass', 'the site is down', 'deploy 1');
  const start = house.written.find((e) => e.type === 'start');
  t.strictSame(
    [house.ran.length, start?.type === 'start' && start.allowance],
    [1, undefined],
    'it ran, by itself',
  );
  t.strictSame(
    house.desk.standing.allowances(house.clock.now()).map(({ left }) => left),
    [2],
  );
});

t.test('of two, the one that is not used up is taken', async (t) => {
  const { house, given } = await open();
  await house.order('alice', 'allow', '1', '5m', 'deploy n=1');
  const other = house.desk.requests.list().at(-1)?.request.id ?? '';
  await house.order('bob', 'approve', other);
  await house.settle();
  const asked = await Promise.all([1, 2, 3, 4].map(() => ask(house, sameAgain(house))));
  t.strictSame(
    asked.map(({ by }) => by),
    [given, given, other, undefined],
  );
});

t.test('it covers no other allowance: that one needs its own sign-offs', async (t) => {
  const { house } = await open();
  const before = house.written.length;
  await house.order('alice', 'allow', '2', '5m', 'deploy n=1');
  await house.settle();
  t.strictSame(
    house.written.slice(before).map((e) => [e.type, e.type === 'request' ? e.decision : undefined]),
    [['request', 'pending']],
  );
});
