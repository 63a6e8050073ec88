/**
 * What has gone wrong elsewhere with approvals: one test a row of a survey of other chat bots' issues
 * and advisories (sections 3.8 to 3.17 and 3.29 there), each at the level that shows it best.
 */
import t from 'tap';
import { parseRequestId } from '../../src/base/ids.ts';
import { ORDERS } from '../../src/desk/orders/table.ts';
import { openRefusals } from '../../src/desk/refusals.ts';
import { openVoice } from '../../src/desk/voice.ts';
import { renderBlocks } from '../../src/output/block.ts';
import { renderCard } from '../../src/output/card.ts';
import { openPipeline } from '../../src/pipeline.ts';
import type { Message } from '../../src/trust/sighting.ts';
import { NASTY } from '../command/fixtures/nasty.ts';
import { MINUTE, NAMES, type Name } from '../model/fixtures/scenarios.ts';
import { Guardroom } from '../support/guardroom.ts';
import { event, person, room, roomName, user } from '../support/ids.ts';
import { request } from '../support/requests.ts';
import { message, provenance, register, sighting } from '../support/sightings.ts';
import { SoftPasskey } from '../support/soft-passkey.ts';
import { DeskHouse } from './fixtures/desk-house.ts';
import { housePolicy } from './fixtures/house-policy.ts';

/** What the room says, through the pipeline; each message is a new one. */
async function openRoom() {
  const house = await DeskHouse.open();
  const { desk } = house;
  const voice = openVoice(house.chat, house.log);
  const { ledger, history, clock } = desk;
  const refusals = openRefusals({ ledger, history, clock, say: () => {} });
  const known = register(
    NAMES.map((name) => [
      `@${name}:example.org`,
      { person: person(name), identity: `master-key-of-${name}` },
    ]),
  );
  const rooms = new Map([[room('!ops:example.org'), roomName('ops')]]);
  const hear = openPipeline({ desk, refusals, voice, register: () => ({ ...known, rooms }) });
  let count = 0;
  const say = async (who: Name, text: string, change: Partial<Message> = {}): Promise<void> => {
    const identity = { masterKey: `master-key-of-${who}`, changed: false };
    const from = provenance({ index: ++count, identity, session: `session of ${who}` });
    await hear(
      sighting({
        sender: user(`@${who}:example.org`),
        event: event(`$said-${count}`),
        thread: event(`$said-${count}`),
        seen: { kind: 'decrypted', message: message(text, change), from },
      }),
    );
    await house.settle();
  };
  const asked = () => house.desk.requests.list().map((alive) => alive.request.id);
  return { house, say, asked, hear };
}

t.test(
  'peers 3.8: an edit neither makes a request nor changes one that was approved',
  async (t) => {
    const { house, say, asked } = await openRoom();
    await say('alice', '!deploy 1', { relation: 'edit' });
    t.strictSame(asked(), []);
    await say('alice', '!deploy 1');
    const [id] = asked();
    const before = house.desk.requests.list()[0]?.request.digest;
    await say('alice', '!deploy 2', { relation: 'edit' });
    await say('bob', `!approve ${id}`, { relation: 'edit' });
    t.strictSame(asked(), [id]);
    t.equal(house.desk.requests.list()[0]?.request.digest, before);
    t.strictSame(house.sandbox.runs, []);
    await say('bob', `!approve ${id}`);
    t.strictSame(house.sandbox.last.plan.argv, ['/opt/ops/deploy', '1']);
  },
);

t.test(
  'peers 3.9: what the room shows decides nothing: no reaction, no look-alike card',
  async (t) => {
    const { house, say, asked } = await openRoom();
    await say('alice', '!deploy 1');
    const [id] = asked();
    const entries = house.written.length;
    await say('bob', '👍');
    await say('bob', `⏸ deploy 1 · request ${id}\n✓ bob: sign-off → running`);
    await say('dave', `approve ${id}`);
    t.equal(house.written.length, entries, 'nothing was even heard');
    t.equal(house.desk.requests.find(must(id))?.state.kind, 'waiting');
  },
);

t.test('peers 3.10: nobody approves their own request, and nobody counts twice', async (t) => {
  const house = await DeskHouse.open();
  const own = await house.ask('deploy');
  t.equal(await house.order('alice', 'approve', own), 'Your own request needs somebody else.');
  t.equal(
    await house.order('alice', 'otp', own, house.code()),
    'N2A8-7C does not wait for a code. The code is spent.',
  );
  const two = await house.ask('wipe');
  await house.order('bob', 'otp', two, house.code());
  await house.clock.advance(30_000);
  await house.order('bob', 'otp', two, house.code());
  t.equal(house.life(two)?.kind, 'waiting', 'two sign-offs of one person are one');
  t.notOk(house.record(own).includes('approval'));
  t.strictSame(house.ran, []);
});

t.test('peers 3.11: who may approve is the policy’s word, then and when it starts', async (t) => {
  const house = await DeskHouse.open();
  const id = await house.ask('deploy');
  t.equal(await house.order('dave', 'approve', id), 'There is no request N2A8-7C open for you.');
  const granted = await house.ask('restart');
  await house.order('carol', 'approve', granted);
  t.equal(house.life(granted)?.kind, 'granted');
  house.policy = housePolicy({}, true);
  await house.order('alice', 'start', granted);
  t.equal(
    house.life(granted)?.kind,
    'waiting',
    'carol has lost her role, and her sign-off with it',
  );
  t.strictSame(house.ran, []);
});

t.test('peers 3.12: what changes between approval and start ends it, by name', async (t) => {
  for (const [change, named] of [
    [(house: DeskHouse) => (house.fileChanges = ['/opt/ops/deploy was replaced']), 'was replaced'],
    [(house: DeskHouse) => (house.requesterChanges = async () => ['alice has left']), 'has left'],
    [(house: DeskHouse) => (house.policy = { ...house.policy, sha256: 'e' }), 'policy'],
    [
      // While the others are looked at: the check must not have looked at the policy too early.
      (house: DeskHouse) =>
        (house.requesterChanges = async () => {
          house.policy = { ...house.policy, sha256: 'e' };
          return [];
        }),
      'policy',
    ],
  ] as const) {
    const house = await DeskHouse.open();
    const id = await house.ask('deploy');
    change(house);
    await house.order('bob', 'approve', id);
    const closed = house.written.find((entry) => entry.type === 'closed');
    t.match(closed, { how: /^voided$/, changes: [new RegExp(named)] });
    t.strictSame(house.ran, []);
  }
});

t.test('peers 3.13: a yes is for the request that it names, however many there are', async (t) => {
  const house = await DeskHouse.open();
  const first = await house.ask('deploy');
  const second = await house.ask('deploy');
  await house.order('bob', 'approve', first);
  t.strictSame(house.ran, [first]);
  t.equal(house.life(second)?.kind, 'waiting');
  t.equal(await house.order('bob', 'approve', ''), '"" is not a request (like K7QF-2M).');
  t.equal(
    await house.order('bob', 'approve', 'latest'),
    'There is no request 1ATE-ST open for you.',
  );
});

t.test('peers 3.14: time running out, or a log that cannot be written, is a no', async (t) => {
  const late = await DeskHouse.open();
  const id = await late.ask('deploy');
  await late.clock.advance(2 * MINUTE);
  t.strictSame(late.record(id), ['request', 'expired']);
  t.equal(await late.order('bob', 'approve', id), 'There is no request N2A8-7C open for you.');

  const broken = await DeskHouse.open();
  const lost = await broken.ask('deploy');
  broken.breakDisk('before');
  await t.rejects(broken.order('bob', 'approve', lost), { code: /^audit_append_failed$/ });
  await t.rejects(broken.ask('quick'), { code: /^audit_append_failed$/ });
  t.strictSame([...late.ran, ...broken.ran], []);
});

t.test('peers 3.14: a restart gives nobody more time than there was', async (t) => {
  const house = await DeskHouse.open();
  const id = await house.ask('restart');
  await house.order('bob', 'approve', id);
  await house.clock.advance(MINUTE / 2);
  house.kill();
  await house.clock.advance(MINUTE / 2);
  await house.start();
  t.strictSame(house.record(id).at(-1), 'expired');
  t.strictSame(house.ran, []);
});

t.test('peers 3.15: a code counts once, for one request, in the direct room', async (t) => {
  const house = await DeskHouse.open();
  const [first, second] = [await house.ask('failover'), await house.ask('failover')];
  const code = house.code();
  const said = await Promise.all([
    house.order('alice', 'otp', first, code),
    house.order('alice', 'otp', second, code),
  ]);
  t.equal(said.filter((text) => text.startsWith('✓')).length, 1, 'two at once are one');
  const steps = house.written.filter((entry) => entry.type === 'stepup');
  t.equal(steps.length, 1);
  await house.clock.advance(30_000);
  const typed = house.code();
  const inRoom = renderBlocks(
    await ORDERS.otp(house.desk, house.by('alice'), { id: second, code: typed }),
  ).text;
  t.equal(inRoom, 'Not here: a code counts in our direct room only. I have opened it.');
  t.ok(await house.desk.codes.burnIn(person('alice'), [`!otp ${second} ${typed}`]));
  t.equal(
    await house.order('alice', 'otp', second, typed),
    'That code was used already. Give the next one that your app shows.',
    'it is burnt',
  );
  await house.clock.advance(30_000);
  t.equal(
    await house.order('alice', 'otp', 'AAAA-AA', house.code()),
    'There is no request AAAA-AA open for you. The code is spent.',
  );
});

t.test('peers 3.15: five wrong codes lock their person out', async (t) => {
  const house = await DeskHouse.open();
  const id = await house.ask('failover');
  for (let i = 0; i < 5; i++) await house.order('alice', 'otp', id, '000000');
  t.equal(
    await house.order('alice', 'otp', id, house.code()),
    'You are locked out after too many wrong codes. Your peers can help: !recover.',
  );
  t.ok(house.written.some((entry) => entry.type === 'locked'));
  t.notOk(house.record(id).includes('stepup'));
});

t.test(
  'peers 3.16: a passkey signs one request for one origin, and the card says which',
  async (t) => {
    const party = { id: 'localhost', origin: 'http://localhost:8480' };
    const guardroom = new Guardroom(party);
    const alice = new SoftPasskey(party);
    await guardroom.enrol('alice', alice);
    const { request: first } = await guardroom.ask('db-failover', { target: 'db1' });
    const token = guardroom.told('alice');
    const { request: second } = await guardroom.ask('db-failover', { target: 'db2' });
    const tokenOfSecond = guardroom.told('alice');
    const asked = await guardroom.ceremonies.begin(token, { act: 'prove', typed: '' });
    const other = await guardroom.ceremonies.begin(tokenOfSecond, { act: 'prove', typed: '' });
    if (!asked.ok || !other.ok) throw new Error('a link does not work');
    const answer = alice.get(asked.value.options);
    await guardroom.ceremonies.finish(tokenOfSecond, { answer, remark: '' });
    const phished = alice.get(asked.value.options, { origin: 'https://localhost.evil.example' });
    await guardroom.ceremonies.finish(token, { answer: phished, remark: '' });
    await guardroom.settle();
    t.notOk(guardroom.ledger.types.includes('stepup'), 'neither counts for anything');
    t.not(first.digest, second.digest);
  },
);

t.test('peers 3.17: no byte of a value can change what the card says beside it', async (t) => {
  const changed = NASTY.map((nasty) => nasty.toWellFormed()).filter((nasty) => {
    const values = { service: nasty };
    const asked = request({ values, argv: ['/opt/ops/deploy', nasty] });
    const gathered = { factor: undefined, signOffs: [] };
    const card = renderCard(asked, { kind: 'waiting', gathered, missing: [] }, undefined);
    const lines = renderBlocks(card).text.split('\n');
    const hidden = lines.some((text) => /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}]/u.test(text));
    return hidden || lines.length !== 3 || !lines[0]?.endsWith(`request ${asked.id}`);
  });
  t.strictSame(changed, []);
});

t.test('peers 3.29: each yes is asked for once, and each is for one request', async (t) => {
  const house = await DeskHouse.open();
  const ids = [await house.ask('deploy'), await house.ask('deploy'), await house.ask('deploy')];
  await house.settle();
  const direct = house.chat.opened.find(([account]) => account === '@bob:example.org')?.[1];
  const asked = () => house.chat.textsIn(direct ?? room('!none:example.org'));
  t.equal(asked().length, ids.length);
  await house.clock.advance(MINUTE);
  await house.settle();
  t.equal(asked().length, ids.length, 'nobody is reminded until they give in');
  t.equal(
    await house.order('bob', 'approve', ids.join(' ')),
    '"N2A8-7C K2DY-V7 TYEJ" is not a request (like K7QF-2M).',
    'there is no yes to all',
  );
  await house.clock.advance(MINUTE);
  for (const id of ids) t.equal(house.record(id).at(-1), 'expired', 'silence is a no');
});

function must(id: string | undefined) {
  const parsed = parseRequestId(id ?? '');
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}
