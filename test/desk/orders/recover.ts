/** What a recovery does once enough peers agree, and to whom. */
import t from 'tap';
import { sha256Hex } from '../../../src/base/bytes.ts';
import { actorOf, BEGIN } from '../../model/fixtures/scenarios.ts';
import { DeskHouse } from '../fixtures/desk-house.ts';
import { withRoles } from './fixtures/row.ts';

const DAY_MS = 24 * 3_600_000;

/** The entries from there on, without what every entry has. */
const grown = (house: DeskHouse, from: number): object[] =>
  house.written.slice(from).map(({ v: _v, seq: _seq, ts: _ts, boot: _boot, ...body }) => body);

t.test('enough peers take the factors back, end what rests on them, give a ticket', async (t) => {
  const house = await DeskHouse.open();
  house.policy = withRoles(house.policy, { bob: ['dev', 'ops'] });
  const own = await house.ask('failover');
  const granted = await house.ask('restart', 'bob');
  await house.order('alice', 'approve', granted);
  const signedOff = await house.ask('wipe', 'bob');
  await house.order('alice', 'otp', signedOff, house.code());
  const untouched = await house.ask('wipe', 'bob');
  await house.order('carol', 'otp', untouched, house.code());
  await house.order('bob', 'recover', 'alice');
  await house.settle();
  const before = house.written.length;

  t.equal(
    await house.order('carol', 'recover', 'alice'),
    'alice may enrol anew; the ticket is in their direct room.',
  );
  await house.settle();
  const [, ticket = ''] = /!enrol (\S+)$/.exec(house.chat.texts.at(-1) ?? '') ?? [];
  t.equal(
    house.chat.texts.at(-1),
    `bob and carol agreed that you may enrol anew. Within a day: !enrol ${ticket}`,
  );
  t.equal(house.chat.posts.at(-1)?.room, house.desk.standing.directRoomOf('alice'));
  const closed = (request: string): object => ({
    ...{
      type: 'closed',
      request,
      how: 'voided',
      changes: ['the factors of alice were taken back'],
    },
  });
  t.strictSame(grown(house, before), [
    { type: 'recovery.vote', person: 'alice', actor: actorOf('carol') },
    { type: 'factor.removed', person: 'alice', by: 'bob, carol' },
    { type: 'unlocked', person: 'alice', by: ['bob', 'carol'] },
    closed(own),
    closed(granted),
    closed(signedOff),
    {
      ...{ type: 'ticket.issued', person: 'alice', ticket: sha256Hex(ticket) },
      ...{ by: ['bob', 'carol'], expiresAt: BEGIN + DAY_MS },
    },
  ]);
  t.equal(house.life(untouched)?.kind, 'waiting', 'what does not rest on them goes on');
  t.strictSame([house.ran, house.faults], [[], []]);
});

t.test('what rests on them and on others ends as well', async (t) => {
  const house = await DeskHouse.open();
  house.policy = withRoles(house.policy, { bob: ['dev', 'ops'] });
  const id = await house.ask('wipe', 'bob');
  await house.order('carol', 'otp', id, house.code());
  await house.order('alice', 'otp', id, house.code());
  t.equal(house.life(id)?.kind, 'granted');
  await house.order('bob', 'recover', 'alice');
  await house.order('carol', 'recover', 'alice');
  await house.settle();
  t.equal(house.life(id), undefined);
  t.equal(house.record(id).at(-1), 'voided');
});

t.test('what runs already is not ended by it', async (t) => {
  const house = await DeskHouse.open();
  const id = await house.ask('quick');
  await house.order('bob', 'recover', 'alice');
  await house.order('carol', 'recover', 'alice');
  t.equal(house.life(id)?.kind, 'running');
  t.strictSame(house.record(id), ['request', 'start']);
});

t.test('a lock is lifted by it, and by nothing less', async (t) => {
  const house = await DeskHouse.open();
  for (let wrong = 0; wrong < 5; wrong++)
    await house.order('alice', 'otp', await house.ask('failover'), '000000');
  await house.order('bob', 'recover', 'alice');
  t.ok(house.desk.standing.isLocked('alice'));
  await house.order('carol', 'recover', 'alice');
  t.notOk(house.desk.standing.isLocked('alice'));
});
