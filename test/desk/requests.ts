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
  t.equal(said[0], '✓ bob signed off N2A8-7C.');
  t.equal(said[1], 'Too late: N2A8-7C went on meanwhile. A run can be stopped: !cancel N2A8-7C');
  t.strictSame(house.record(id), ['request', 'approval', 'granted', 'start']);
  t.strictSame(house.ran, [id]);
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
  t.hasStrict(house.written.at(-1), { type: 'request', decision: 'deny', because: 'break_glass' });
});

t.test('a request that is not alive takes nothing', async (t) => {
  const house = await DeskHouse.open();
  const id = await house.ask('deploy');
  await house.order('alice', 'cancel', id);
  await house.settle();
  t.equal(house.desk.requests.find(id), undefined);
  t.notOk(await house.desk.requests.happen(id, { kind: 'ticked' }));
});
