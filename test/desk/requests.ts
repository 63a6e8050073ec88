import t from 'tap';
import { MINUTE } from '../model/fixtures/scenarios.ts';
import { DeskHouse } from './fixtures/desk-house.ts';
import { housePolicy } from './fixtures/house-policy.ts';

t.test(
  'what is stopped while it is looked over is not started, and is taken up later',
  async (t) => {
    const house = await DeskHouse.open();
    const id = await house.ask('deploy');
    const { promise, resolve } = Promise.withResolvers<readonly string[]>();
    house.requesterChanges = () => promise;
    const approved = house.order('bob', 'approve', id);
    await house.settle();
    t.equal(house.life(id)?.kind, 'checking');
    const stopped = house.desk.requests.stopAll();
    resolve([]);
    await Promise.all([stopped, approved]);
    t.strictSame(house.ran, []);
    house.kill();
    house.requesterChanges = async () => [];
    await house.start();
    await house.settle();
    t.strictSame(house.ran, [id]);
  },
);

t.test('what is stopped while its start is being recorded does not run, on record', async (t) => {
  const house = await DeskHouse.open();
  const asked = house.ask('quick');
  await Promise.resolve();
  const stopped = house.desk.requests.stopAll();
  const id = await asked;
  await stopped;
  await house.settle();
  t.strictSame(house.record(id), ['request', 'start', 'end']);
  t.hasStrict(house.written.at(-1), {
    outcome: 'not_started',
    reason: 'the daemon is shutting down',
  });
  t.strictSame(house.ran, []);
});

t.test('the files that were agreed to go into the sandbox as they are held', async (t) => {
  for (const restarted of [false, true]) {
    const house = await DeskHouse.open();
    const id = await house.ask('deploy');
    if (restarted) {
      house.kill();
      await house.start();
    }
    await house.order('bob', 'approve', id);
    await house.settle();
    const [program] = house.sandbox.last.plan.argv;
    t.hasStrict(house.sandbox.last.held, [{ path: program, descriptor: 900 }]);
  }
});

t.test('what runs is told to stop, and stopAll waits for its end to be on record', async (t) => {
  const house = await DeskHouse.open();
  const id = await house.ask('quick');
  const stopped = house.desk.requests.stopAll();
  t.strictSame(house.sandbox.last.asked, ['terminate']);
  house.sandbox.last.exit(143);
  await stopped;
  t.hasStrict(house.written.at(-1), { type: 'end', request: id, outcome: 'stopped' });
});

t.test(
  'what cannot be put on record has not happened, and nothing more happens to it',
  async (t) => {
    const house = await DeskHouse.open();
    const wide = { run: ['/opt/ops/wide', '{n}', 'x'.repeat(70_000)] } as const;
    house.policy = housePolicy({ run: [...wide.run] });
    await t.rejects(house.ask('deploy'), RangeError);
    t.strictSame(house.desk.requests.list(), []);
    await house.clock.advance(3 * MINUTE);
    t.strictSame(house.fatal, [], 'no alarm is left that could ring');
  },
);

t.test('one happening after the other, and who comes too late is told so', async (t) => {
  const house = await DeskHouse.open();
  const id = await house.ask('deploy');
  const said = await Promise.all([
    house.order('bob', 'approve', id),
    house.order('carol', 'deny', id),
    house.order('carol', 'withdraw', id),
  ]);
  t.strictSame(said, [
    '✓ bob signed off N2A8-7C.',
    'carol denied N2A8-7C.',
    'There is no sign-off of yours on N2A8-7C that could be taken back.',
  ]);
  t.strictSame(house.record(id), ['request', 'approval', 'denied']);
  t.strictSame(house.ran, []);
  const quick = await house.ask('deploy');
  await house.order('bob', 'approve', quick);
  t.equal(await house.order('carol', 'deny', quick), 'It does not wait for sign-offs any more.');
  t.strictSame(house.ran, [quick]);
});

/** A request whose last check is under way; what is given to `answer` is what is not as it was. */
async function inLastCheck(name = 'deploy') {
  const house = await DeskHouse.open();
  const id = await house.ask(name);
  const checks: ((changes: readonly string[]) => void)[] = [];
  house.requesterChanges = () => new Promise((resolve) => checks.push(resolve));
  t.equal(await house.order('bob', 'approve', id), `✓ bob signed off ${id}.`, 'and it is answered');
  t.equal(house.life(id)?.kind, 'checking');
  const answer = async (which: number, ...changes: readonly string[]) => {
    checks[which]?.(changes);
    await house.settle();
  };
  return { house, id, answer };
}

t.test('during the last check others are heard, and can still say no', async (t) => {
  for (const [who, order, said, end] of [
    ['carol', 'deny', 'carol denied', 'denied'],
    ['alice', 'cancel', 'is withdrawn.', 'withdrawn'],
  ] as const) {
    const { house, id, answer } = await inLastCheck();
    t.equal(
      await house.order(who, order, id),
      order === 'deny' ? `${said} ${id}.` : `${id} ${said}`,
    );
    t.equal(house.record(id).at(-1), end);
    await answer(0);
    t.strictSame([house.ran, house.record(id).at(-1)], [[], end], 'the answer comes too late');
  }
});

t.test('a sign-off can be taken back then, and the next check is one of its own', async (t) => {
  const { house, id, answer } = await inLastCheck();
  t.equal(await house.order('bob', 'withdraw', id), `bob took the sign-off of ${id} back.`);
  t.equal(house.life(id)?.kind, 'waiting');
  await house.order('carol', 'approve', id);
  t.equal(house.life(id)?.kind, 'checking');
  await answer(0);
  t.strictSame(house.ran, [], 'the answer to the first check does not count for the second');
  await answer(1);
  t.strictSame(house.ran, [id]);
  t.strictSame(house.fatal, []);
});

t.test('a new policy voids what is being checked', async (t) => {
  const { house, id } = await inLastCheck();
  await house.desk.requests.happen(id, { kind: 'changed', what: 'the policy is another one' });
  await house.settle();
  t.equal(house.record(id).at(-1), 'voided');
});

t.test('a check that does not end in time ends its request', async (t) => {
  const { house, id } = await inLastCheck();
  await house.clock.advance(24 * 60 * MINUTE);
  await house.settle();
  t.equal(house.record(id).at(-1), 'expired');
});

t.test('what cannot be looked at again does not start', async (t) => {
  const house = await DeskHouse.open();
  const id = await house.ask('deploy');
  house.requesterChanges = async () => {
    throw new Error('a bug');
  };
  await house.order('bob', 'approve', id);
  t.equal(house.record(id).at(-1), 'voided');
  t.equal(house.log.messages.at(-1), 'a request could not be checked');
  t.strictSame([house.ran, house.fatal], [[], []]);
});

t.test('who waits for the last check waits until it is over', async (t) => {
  const { house, id, answer } = await inLastCheck();
  let isOver = false;
  void house.desk.requests.checked(id).then(() => (isOver = true));
  await house.settle();
  t.notOk(isOver);
  await answer(0);
  t.ok(isOver);
  await house.desk.requests.checked(await house.ask('quick'));
});

t.test('what is allowed so many times is not allowed once more by asking at once', async (t) => {
  const house = await DeskHouse.open();
  await house.order('alice', 'allow', '2', '5m', 'deploy');
  const id = house.desk.requests.list()[0]?.request.id ?? '';
  await house.order('bob', 'approve', id);
  t.equal(house.record(id).at(-1), 'end', 'it is given');
  await Promise.all([house.ask('deploy'), house.ask('deploy'), house.ask('deploy')]);
  t.equal(house.written.filter((e) => e.type === 'start' && e.allowance === id).length, 2);
  t.equal(house.ran.length, 2);
});

t.test('what is allowed in advance is the program that was agreed to', async (t) => {
  const house = await DeskHouse.open();
  await house.order('alice', 'allow', '2', '5m', 'deploy');
  const [asked = { request: '' }] = house.written.filter((e) => e.type === 'request');
  await house.order('bob', 'approve', asked.request);
  await house.settle();
  house.fileHash = 'cd'.repeat(32);
  const other = await house.ask('deploy');
  t.equal(house.life(other)?.kind, 'waiting', 'another one waits for a sign-off');
  t.strictSame(house.ran, []);
  house.fileHash = 'ab'.repeat(32);
  const same = await house.ask('deploy');
  t.strictSame(house.ran, [same]);
});

t.test('of two break-glass runs at once, one waits for the review of the other', async (t) => {
  const house = await DeskHouse.open();
  await Promise.all([
    house.order('alice', 'break-glass', 'the site is down', 'deploy 1'),
    house.order('alice', 'break-glass', 'the site is down', 'deploy 2'),
  ]);
  t.equal(house.ran.length, 1);
  const last = house.written.findLast(({ type }) => type === 'request');
  t.hasStrict(last, { decision: 'deny', because: 'break_glass' });
});

t.test('a request that is not alive takes nothing', async (t) => {
  const house = await DeskHouse.open();
  const id = await house.ask('deploy');
  await house.order('alice', 'cancel', id);
  await house.settle();
  t.equal(house.desk.requests.find(id), undefined);
  t.notOk(await house.desk.requests.happen(id, { kind: 'ticked' }));
});
