import t from 'tap';
import { MINUTE } from '../model/fixtures/scenarios.ts';
import { DeskHouse } from './fixtures/desk-house.ts';
import { housePolicy } from './fixtures/house-policy.ts';

t.test(
  'a crash between start and end: the outcome is unknown, said, and it never runs again',
  async (t) => {
    const house = await DeskHouse.open();
    const id = await house.ask('quick');
    house.kill();
    await house.start();
    await house.settle();
    t.hasStrict(house.written.at(-1), { type: 'end', request: id, outcome: 'unknown' });
    t.equal(
      house.chat.texts.at(-1),
      '✗ quick 1 · request N8CH-20\noutcome unknown: the daemon was interrupted; look before you run it again · the output was lost when I was restarted · entry 6',
    );
    house.kill();
    await house.start();
    await house.settle();
    t.strictSame(house.ran, [id]);
    t.strictSame(house.record(id), ['request', 'start', 'end'], 'and it is on record once');
  },
);

t.test('a crash while the start is being written', async (t) => {
  for (const [disk, outcome] of [
    ['before', 'it runs once, after the restart'],
    ['after', 'it is unknown, and does not run'],
  ] as const) {
    const house = await DeskHouse.open();
    const id = await house.ask('deploy');
    await house.settle(); // the invitations of approvers are on record
    house.requesterChanges = async () => {
      house.breakDisk(disk);
      return [];
    };
    await house.order('bob', 'approve', id);
    t.hasStrict(house.fatal, [{ code: 'audit_append_failed' }]);
    house.kill();
    house.requesterChanges = async () => [];
    await house.start();
    await house.settle();
    t.strictSame(house.ran, disk === 'before' ? [id] : [], outcome);
    t.strictSame(house.faults, []);
  }
});

t.test('what waits is taken up with what was given, and with the time that was left', async (t) => {
  const house = await DeskHouse.open();
  const id = await house.ask('wipe');
  await house.order('bob', 'otp', id, house.code());
  await house.clock.advance(MINUTE);
  house.kill();
  await house.start();
  t.hasStrict(house.life(id), { kind: 'waiting', gathered: { signOffs: [{ factor: 'totp' }] } });
  await house.order('carol', 'otp', id, house.code());
  t.equal(house.life(id)?.kind, 'granted');
  house.kill();
  await house.start();
  t.equal(house.life(id)?.kind, 'granted', 'a grant is taken up as it was');
  t.equal(house.record(id).filter((type) => type === 'granted').length, 1);
  await house.clock.advance(MINUTE);
  t.equal(house.record(id).at(-1), 'expired');
});

t.test('values are shown in the order of the parameters, and not of the log', async (t) => {
  const house = await DeskHouse.open();
  house.policy = housePolicy({
    run: ['/opt/ops/logs', '{service}', '{n}'],
    parameters: [
      { kind: 'text', name: 'service', allowDash: false },
      { kind: 'integer', name: 'n', allowDash: false, min: 0, max: 9 },
    ],
  });
  const given = { service: 'web', n: '5' };
  const [quick, id] = [
    await house.ask('quick', 'alice', given),
    await house.ask('deploy', 'alice', given),
  ];
  house.kill();
  await house.start();
  await house.settle();
  const titles = house.chat.texts.map((text) => text.split(' · ')[0]);
  t.strictSame(
    titles.filter((title) => title?.startsWith('✗')),
    ['✗ quick web 5'],
  );
  t.equal(house.desk.requests.find(id)?.state.kind, 'waiting');
  t.strictSame(Object.keys(house.desk.requests.find(id)?.request.frozen.values ?? {}), [
    'service',
    'n',
  ]);
  t.strictSame(house.record(quick), ['request', 'start', 'end']);
});

t.test('what was agreed to under another policy is void', async (t) => {
  const house = await DeskHouse.open();
  const id = await house.ask('deploy');
  house.kill();
  house.policy = { ...house.policy, sha256: 'e'.repeat(64) };
  await house.start();
  await house.settle();
  t.strictSame(house.record(id), ['request', 'voided']);
  t.equal(house.chat.texts.at(-1), '✗ deploy 1 · request N2A8-7C\nNot run: voided · entry 5');
});

t.test('a last word that a crash cut off is given once', async (t) => {
  const house = await DeskHouse.open();
  house.chat.refuse(() => true);
  const id = await house.ask('deploy');
  await house.order('alice', 'cancel', id);
  await house.settle();
  t.strictSame(
    house.state.owed().map(([owed]) => owed),
    [id],
  );
  house.chat.refuse();
  for (let start = 0; start < 2; start++) {
    house.kill();
    await house.start();
    await house.settle();
  }
  t.equal(house.chat.texts.filter((text) => text.includes('withdrawn')).length, 1);
  t.strictSame(house.state.owed(), []);
});
