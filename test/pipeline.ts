/** The way of a command between what was heard and what is carried out: what is refused, and recorded. */
import t from 'tap';
import { Fatal } from '../src/base/errors.ts';
import { MAX_ALIVE } from '../src/desk/orders/ask.ts';
import { openRefusals } from '../src/desk/refusals.ts';
import { openVoice } from '../src/desk/voice.ts';
import { openObedience, openPipeline } from '../src/pipeline.ts';
import { describeTrustRefusal } from '../src/trust/explain.ts';
import type { Sighting } from '../src/trust/sighting.ts';
import { DeskHouse } from './desk/fixtures/desk-house.ts';
import { actorOf, type Name } from './model/fixtures/scenarios.ts';
import { room } from './support/ids.ts';
import { ALICE, message, OPS, provenance, register, sighting } from './support/sightings.ts';

async function open() {
  const house = await DeskHouse.open();
  const { desk } = house;
  const voice = openVoice(house.chat, house.log);
  const obey = openObedience({ desk, voice });
  /** What the log grew by and what was said in the room, after something was typed. */
  const type = async (who: Name, text: string, isDirect = false) => {
    const [entries, posts] = [house.written.length, house.chat.posts.length];
    const by = { ...house.by(who, isDirect), text };
    await obey(by);
    await house.settle();
    return {
      by,
      grown: house.written
        .slice(entries)
        .map(({ v: _v, seq: _seq, ts: _ts, boot: _boot, ...body }) => body)
        .filter((body) => body.type !== 'direct'),
      said: house.chat.posts
        .slice(posts)
        .flatMap((post) => (post.room === by.roomId ? [post.body.text] : [])),
    };
  };
  return { house, type };
}

const sourceOf = ({ roomId, event, session, index }: Awaited<ReturnType<Typing>>['by']) => ({
  ...{ room: roomId, event, session, index },
});
type Typing = Awaited<ReturnType<typeof open>>['type'];

const refusedAs = (code: string, typed: Awaited<ReturnType<Typing>>): object => ({
  ...{ type: 'refused', code, sender: ALICE, person: 'alice', source: sourceOf(typed.by) },
});

t.test('what is not understood is refused, on record and aloud', async (t) => {
  const { type } = await open();
  const typed = await type('alice', 'nosuch 1');
  t.strictSame(typed.grown, [refusedAs('unknown_command', typed)]);
  t.strictSame(typed.said, ['There is no command !nosuch here. Try !help.']);
});

t.test('what is built in is on record before it is answered, without its secrets', async (t) => {
  const { type } = await open();
  for (const [text, command, values] of [
    ['version', 'version', {}],
    ['pending', 'pending', {}],
    ['enrol 123456', 'enrol', { code: '…' }],
    ['why otp AAAA-AA 123456', 'why', { command: 'otp …' }],
    ['why !otp AAAA-AA 123456', 'why', { command: 'otp …' }],
    ['why OTP AAAA-AA 123456', 'why', { command: 'otp …' }],
    [`why "otp" AAAA-AA 123456`, 'why', { command: 'otp …' }],
    ['why enrol 123456', 'why', { command: 'enrol …' }],
    ['why why otp AAAA-AA 123456', 'why', { command: 'why …' }],
    ['why opt AAAA-AA 123456', 'why', { command: '…' }],
    ['why "otp 123456', 'why', { command: '…' }],
    ['why quick 123456', 'why', { command: 'quick 123456' }],
  ] as const) {
    const typed = await type('alice', text);
    const [asked] = typed.grown;
    const source = sourceOf(typed.by);
    t.strictSame(
      asked?.type === 'asked' && { ...asked, values: { ...asked.values } },
      { type: 'asked', actor: actorOf('alice'), source, command, values },
      text,
    );
  }
});

t.test('when too much is going on, nothing more can be asked for, and all else can', async (t) => {
  const { house, type } = await open();
  for (let count = 0; count < MAX_ALIVE - 1; count++) await house.ask('deploy');
  const last = await type('alice', 'deploy 1');
  t.strictSame(
    last.grown.map(({ type }) => type),
    ['request'],
    'up to the last one',
  );
  for (const text of [
    'deploy 1',
    'quick 1',
    'allow 1 1m deploy',
    'break-glass "it is burning" deploy 1',
  ]) {
    const typed = await type('alice', text);
    t.strictSame(typed.grown, [refusedAs('busy', typed)], text);
    t.strictSame(typed.said, ['Too much is going on. Try again later.'], text);
  }
  const id = house.desk.requests.list()[0]?.request.id ?? '';
  const types = (await type('bob', `deny ${id} no`)).grown.map(({ type }) => type);
  t.strictSame(types, ['asked', 'closed']);
});

t.test('a bug in one command is that command’s end, and on record', async (t) => {
  const { house, type } = await open();
  house.policy = {
    ...house.policy,
    recovery: { count: 1, roles: null as never, stepUp: undefined },
  };
  const typed = await type('alice', 'recover bob');
  t.strictSame(typed.grown.slice(1), [refusedAs('internal_error', typed)]);
  t.strictSame(typed.said, [
    'Something went wrong inside of me, so this was not run. My own log says what.',
  ]);
  t.strictSame(house.log.messages.slice(-1), ['a command could not be handled']);
});

t.test('what is fatal is nobody’s end but the daemon’s', async (t) => {
  const { house, type } = await open();
  house.breakDisk('before');
  await t.rejects(type('alice', 'version'), Fatal);
  t.strictSame(house.log.messages, [], 'and it is not taken for a bug in a command');
});

const hear = (house: DeskHouse) => {
  const voice = openVoice(house.chat, house.log);
  const { ledger, history, clock } = house.desk;
  const say = (to: Sighting, text: string) => voice.say(to, [{ kind: 'line', spans: [text] }]);
  const refusals = openRefusals({ ledger, history, clock, say });
  return openPipeline({ desk: house.desk, refusals, voice, register: () => register() });
};

t.test('what nobody has proven is refused, on record and aloud', async (t) => {
  const { house } = await open();
  const before = house.written.length;
  const seen = { kind: 'clear', message: message('!quick 1') } as const;
  await hear(house)(sighting({ seen }));
  await house.settle();
  t.strictSame(
    house.written.slice(before).map((e) => (e.type === 'refused' ? [e.code, e.person] : e.type)),
    [['clear_text', 'alice']],
  );
  t.strictSame(house.chat.textsIn(OPS), [describeTrustRefusal('clear_text')]);
  t.strictSame(house.ran, []);
});

t.test('a code in mere talk is spent, and said to be', async (t) => {
  const { house } = await open();
  const before = house.written.length;
  const talk = message(`good morning, it is ${house.code()}`);
  await hear(house)(sighting({ seen: { kind: 'decrypted', message: talk, from: provenance() } }));
  await house.settle();
  t.strictSame(
    house.written.slice(before).flatMap((e) => (e.type === 'code.burnt' ? [e.person] : [])),
    ['alice'],
  );
  t.strictSame(house.chat.textsIn(OPS), [
    'alice, that was a one-time code of yours, and everybody here could read it. It is spent; give the next one in our direct room.',
  ]);
});

t.test('what was said in no room of ours leaves no trace', async (t) => {
  const { house } = await open();
  const before = house.written.length;
  await hear(house)(sighting({ room: room('!elsewhere:example.org') }));
  await house.settle();
  t.strictSame([house.written.length, house.chat.posts], [before, []]);
});

t.test('what was dealt with is not dealt with again', async (t) => {
  const { house } = await open();
  const seen = { kind: 'decrypted', message: message('!version'), from: provenance() } as const;
  await hear(house)(sighting({ seen }));
  await house.settle();
  const before = house.written.length;
  await hear(house)(sighting({ seen }));
  await house.settle();
  t.strictSame([house.written.length, house.chat.textsIn(OPS)], [before, ['Vaktrom test']]);
});

t.test('an answer that a restart cut off is said to have been', async (t) => {
  const CUT_OFF =
    'I was restarted before I could answer this. Send it again if it is still wanted.';
  for (const [text, when, said] of [
    ['!version', 'missed', [CUT_OFF]],
    ['!version', 'live', []],
    ['!quick 1', 'missed', []], // of a request, the last word is given by resume.ts
  ] as const) {
    const { house } = await open();
    const seen = { kind: 'decrypted', message: message(text), from: provenance() } as const;
    house.chat.refuse(() => true);
    await hear(house)(sighting({ seen }));
    await house.settle();
    const before = house.written.length;
    house.chat.refuse();
    await hear(house)(sighting({ seen, when }));
    await house.settle();
    t.equal(house.written.length, before, 'nothing more is on record');
    t.strictSame(house.chat.textsIn(OPS), said, `${text}, ${when}`);
  }
});
