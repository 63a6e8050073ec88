import t from 'tap';
import { Standing } from '../../src/audit/standing.ts';
import { registerOf } from '../../src/desk/register.ts';
import { person, room, user } from '../support/ids.ts';
import { housePolicy } from './fixtures/house-policy.ts';

const BOT = user('@ops-bot:example.org');

t.test('who and where, as the policy names them', async (t) => {
  const policy = housePolicy();
  const [alice] = policy.people.values();
  const [ops] = policy.rooms.values();
  const [account] = alice?.accounts ?? [];
  if (!alice || !ops || !account) throw new Error('an empty policy');
  const closed = { ...ops, posture: { membersInPolicy: true } as typeof ops.posture };
  const rooms = new Map([...policy.rooms, [ops.name, closed]]);
  const register = registerOf({ ...policy, rooms }, new Standing(), BOT);
  t.strictSame(register.accounts.get(account.id), {
    ...{ person: alice.name, identity: account.identity },
  });
  t.equal(register.rooms.get(ops.id), ops.name);
  t.strictSame([...register.guarded], [ops.id]);
  t.strictSame([...registerOf(policy, new Standing(), BOT).guarded], []);
  t.strictSame([register.bot, register.botNames], [BOT, ['ops-bot', 'vaktrom']]);
});

t.test('a direct room is of its person, be it the current one or a former one', async (t) => {
  const standing = new Standing();
  for (const id of ['!one:h', '!two:h'])
    standing.note({
      ...{ v: 1, seq: 0, ts: '2026-01-01T00:00:00.000Z', boot: 'test' },
      ...{ type: 'direct', person: 'alice', account: '@alice:example.org', room: id },
    });
  const { direct, formerDirect } = registerOf(housePolicy(), standing, BOT);
  t.strictSame([...direct], [[room('!two:h'), person('alice')]]);
  t.strictSame([...formerDirect], [[room('!one:h'), person('alice')]]);
});
