/**
 * The real desk under everybody at once: random orders that overlap, a clock that jumps, a disk that
 * breaks before and after it has written, and kills. The law of fixtures/law.ts holds all along.
 */
import fc from 'fast-check';
import t from 'tap';
import { describeError, Fatal } from '../../src/base/errors.ts';
import type { OrderName } from '../../src/desk/orders/table.ts';
import { DeskHouse } from '../desk/fixtures/desk-house.ts';
import { ACTION_NAMES, housePolicy } from '../desk/fixtures/house-policy.ts';
import { faultsOfOrder, faultsOfQuorum, lifeOf, phasesOf } from './fixtures/law.ts';
import { MINUTE, NAMES, type Name } from './fixtures/scenarios.ts';

type Command =
  | { readonly kind: 'ask'; readonly who: Name; readonly action: string }
  | {
      readonly kind: 'order';
      readonly who: Name;
      readonly order: OrderName;
      readonly which: number;
    }
  | { readonly kind: 'otp'; readonly who: Name; readonly which: number; readonly steps: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'turns'; readonly turns: number }
  | { readonly kind: 'exit'; readonly which: number }
  | { readonly kind: 'kill'; readonly disk: 'before' | 'after' | 'sound'; readonly turns: number }
  | { readonly kind: 'freeze' | 'unfreeze' | 'reload' | 'roles' };

const who = fc.constantFrom(...NAMES);
// Mostly the newest: most of what can go wrong is between orders about the same request.
const which = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(3));
const order = fc.constantFrom<OrderName>('approve', 'withdraw', 'deny', 'cancel', 'start');
const kind = <K extends string>(name: K) => fc.constant(name);

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: kind('ask'),
      who: fc.constantFrom<Name>(...Array(9).fill('alice'), 'bob'),
      action: fc.constantFrom(...ACTION_NAMES),
    }),
  },
  { weight: 10, arbitrary: fc.record({ kind: kind('order'), who, order, which }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: kind('order'), who, order: kind('approve' as const), which }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: kind('otp'), who, which, steps: fc.constantFrom(0, 0, 1, -1) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: kind('wait'),
      ms: fc.constantFrom(1, 30_000, MINUTE, 2 * MINUTE),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ kind: kind('turns'), turns: fc.integer({ min: 1, max: 8 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: kind('exit'), which: fc.nat(2) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: kind('kill'),
      disk: fc.constantFrom('before', 'after', 'sound'),
      turns: fc.nat(6),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('freeze', 'unfreeze', 'reload', 'roles') }),
  },
);

/** Gives every command without waiting for the one before to be done. */
async function live(house: DeskHouse, commands: readonly Command[]): Promise<void> {
  const unexpected = (error: unknown): void => {
    if (!(error instanceof Fatal)) house.faults.push(`it failed: ${describeError(error)}`);
  };
  for (const one of commands) {
    const given = obey(house, one);
    if (one.kind === 'kill' || one.kind === 'wait' || one.kind === 'turns') await given;
    else given.catch(unexpected);
  }
}

async function obey(house: DeskHouse, one: Command): Promise<unknown> {
  const open = house.desk.requests.list();
  const idAt = (back: number): string => open.at(-1 - back)?.request.id ?? 'AAAA-AA';
  switch (one.kind) {
    case 'ask':
      return house.ask(one.action, one.who);
    case 'order':
      return house.order(one.who, one.order, idAt(one.which));
    case 'otp':
      return house.order(one.who, 'otp', idAt(one.which), house.code(one.steps));
    case 'wait':
      return house.clock.advance(one.ms);
    case 'turns':
      return house.settle(one.turns);
    case 'exit':
      return house.sandbox.runs.at(-1 - one.which)?.exit(0);
    case 'kill':
      if (one.disk !== 'sound') house.breakDisk(one.disk);
      await house.settle(one.turns);
      house.kill();
      return house.start();
    case 'freeze':
      return house.order('bob', 'freeze', 'deploy', 'an incident');
    case 'unfreeze':
      return house.order('dave', 'unfreeze', 'deploy');
    case 'reload':
      return reload(house);
    case 'roles':
      // Not a reload, which would end all that waits: only what may be done changes under it.
      house.policy = housePolicy({}, true);
      return undefined;
  }
}

async function reload(house: DeskHouse): Promise<void> {
  house.policy = { ...house.policy, sha256: 'e'.repeat(64) };
  for (const { request } of house.desk.requests.list())
    await house.desk.requests.happen(request.id, { kind: 'changed', what: 'the policy' });
}

/** A last kill, and all the time in the world: whatever was asked for has come to an end by then. */
async function finish(house: DeskHouse): Promise<void> {
  await house.settle();
  for (const run of house.sandbox.runs.filter((_, i) => i % 2 === 0)) run.exit(0);
  await house.settle();
  house.kill();
  await house.start();
  await house.settle();
  for (let minute = 0; minute < 4; minute++) await house.clock.advance(MINUTE);
  for (const run of house.sandbox.runs) run.exit(0);
  await house.settle();
}

const LAST = /^(given|ended|unknown|refused|denied|withdrawn|expired|voided)$/;

t.test('whatever people, clocks, disks and kills do, no request breaks the law', async (t) => {
  const reached = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(
      fc.array(command, { minLength: 20, maxLength: 60, size: 'max' }),
      async (commands) => {
        const house = await DeskHouse.open();
        await live(house, commands);
        await finish(house);
        const ids = new Set(
          house.written.flatMap((e) => (e.type === 'request' ? [e.request] : [])),
        );
        const faults = [...ids].flatMap((id) => {
          const life = lifeOf(house.written, id);
          const phases = phasesOf(life);
          for (const phase of phases) reached.set(phase, (reached.get(phase) ?? 0) + 1);
          const isOver = LAST.test(phases.at(-1) ?? '');
          const open = isOver ? [] : [`it was left ${phases.at(-1)}`];
          return [...faultsOfOrder(life), ...faultsOfQuorum(life), ...open];
        });
        return [...house.faults, ...faults].length === 0
          ? true
          : Promise.reject(new Error([...house.faults, ...faults].join('; ')));
      },
    ),
    { numRuns: 250 },
  );
  t.comment([...reached].map(([phase, times]) => `${phase} ${times}`).join(', '));
  for (const phase of ['approved', 'granted', 'started', 'ended', 'unknown', 'denied', 'voided'])
    t.ok((reached.get(phase) ?? 0) > 0, `a request was ${phase}`);
});
