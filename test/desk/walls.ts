/** Walls that stand behind one another, each tried with the other one open. */
import t from 'tap';
import type { Policy, Posture } from '../../src/policy/model.ts';
import { actorOf } from '../model/fixtures/scenarios.ts';
import { room, roomName } from '../support/ids.ts';
import { TIDY } from '../support/recording-chat.ts';
import { DeskHouse } from './fixtures/desk-house.ts';

const OPS = roomName('ops');
const OPS_ID = room('!ops:example.org');
const POSTURE: Posture = {
  ...{ encrypted: true, inviteOnly: true, membersInPolicy: false, noGuests: false },
  ...{ history: undefined, servers: undefined, maxMembers: undefined },
};
const DRIFTED = { ...TIDY, joinRule: 'public' };

const guarded = (policy: Policy): Policy => ({
  ...policy,
  rooms: new Map([[OPS, { name: OPS, id: OPS_ID, posture: POSTURE }]]),
});

async function open(): Promise<DeskHouse> {
  const house = await DeskHouse.open();
  house.policy = guarded(house.policy);
  await house.desk.postures.look(OPS);
  return house;
}

t.test('a room is looked at when a change is asked for, since it may start at once', async (t) => {
  const house = await open();
  house.chat.facts.set(OPS_ID, DRIFTED);
  const id = await house.ask('quick');
  await house.settle();
  const asked = house.written.find((e) => e.type === 'request');
  t.strictSame(asked?.type === 'request' && [asked.request, asked.decision, asked.because], [
    id,
    'deny',
    'posture',
  ]);
  t.strictSame(house.ran, []);
});

t.test('and once more before the start of what had to wait', async (t) => {
  const house = await open();
  const id = await house.ask('deploy');
  house.chat.facts.set(OPS_ID, DRIFTED);
  await house.order('bob', 'approve', id);
  await house.settle();
  const closed = house.written.find((e) => e.type === 'closed');
  t.strictSame(closed?.type === 'closed' && [closed.request, closed.how, closed.because], [
    id,
    'refused',
    'posture',
  ]);
  t.strictSame(house.ran, []);
});

t.test('and after a restart, so that what is as demanded goes on waiting', async (t) => {
  const house = await open();
  const id = await house.ask('deploy');
  house.kill();
  await house.start();
  t.equal(house.life(id)?.kind, 'waiting');
  await house.order('bob', 'approve', id);
  t.strictSame(house.ran, [id]);
});

t.test('after a restart, what is not as demanded ends what waits', async (t) => {
  const house = await open();
  const id = await house.ask('deploy');
  house.kill();
  house.chat.facts.set(OPS_ID, DRIFTED);
  await house.start();
  t.strictSame(house.record(id), ['request', 'refused']);
});

t.test('a freeze that comes without its order stops a start all the same', async (t) => {
  const house = await DeskHouse.open();
  const id = await house.ask('restart');
  await house.order('carol', 'approve', id);
  await house.desk.ledger.append({
    ...{ type: 'frozen', scope: 'restart', why: 'x', actor: actorOf('carol') },
  });
  await house.order('alice', 'start', id);
  t.strictSame(house.record(id), ['request', 'approval', 'granted', 'refused']);
  t.strictSame(house.ran, []);
});

t.test('a sign-off of the requester or without a pin fills no seat, however it came', async (t) => {
  for (const actor of [actorOf('alice'), { ...actorOf('bob'), pinned: false }]) {
    const house = await DeskHouse.open();
    const id = await house.ask('deploy');
    const signOff = { actor, factor: undefined, evidence: undefined };
    await house.desk.requests.happen(id, { kind: 'signed_off', signOff });
    await house.settle();
    t.equal(house.life(id)?.kind, 'waiting', actor.person);
    t.strictSame(house.ran, []);
  }
});

t.test('nobody but the requester starts or withdraws a request, however it came', async (t) => {
  const house = await DeskHouse.open();
  const id = await house.ask('restart');
  await house.order('carol', 'approve', id);
  const { requests } = house.desk;
  t.notOk(await requests.happen(id, { kind: 'begun', actor: actorOf('bob') }));
  t.notOk(await requests.happen(id, { kind: 'cancelled', actor: actorOf('bob') }));
  t.equal(house.life(id)?.kind, 'granted');
  t.strictSame(house.ran, []);
});

t.test('what is asked for under a policy that changes in that moment is refused', async (t) => {
  const house = await open();
  const release = house.chat.hold(); // the look at the room takes a while
  const asked = house.ask('quick');
  house.policy = { ...house.policy, sha256: 'e'.repeat(64) };
  release();
  await asked;
  const entry = house.written.find((e) => e.type === 'request');
  t.strictSame(entry?.type === 'request' && [entry.decision, entry.because], [
    'deny',
    'unevaluable',
  ]);
  t.strictSame(house.ran, []);
});

t.test('what runs is not forgotten when its record fails: it still has an end', async (t) => {
  const house = await DeskHouse.open();
  const id = await house.ask('quick');
  house.breakDisk('before');
  await t.rejects(house.order('alice', 'cancel', id), { code: /^audit_append_failed$/ });
  t.strictSame(house.sandbox.last.asked, ['terminate'], 'it was told to stop before that');
  t.strictSame(
    house.desk.requests.list().map(({ request }) => request.id),
    [id],
  );
});
