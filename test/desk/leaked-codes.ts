/** A code that others could read counts no more. */
import t from 'tap';
import { openRefusals } from '../../src/desk/refusals.ts';
import { openVoice } from '../../src/desk/voice.ts';
import { openPipeline } from '../../src/pipeline.ts';
import type { TrustRefusal } from '../../src/trust/judge.ts';
import type { Message, Provenance, Sighting } from '../../src/trust/sighting.ts';
import { event, person, user } from '../support/ids.ts';
import {
  ALICE,
  ALICES_KEY,
  BOB,
  cipher,
  DIRECT_ALICE,
  message,
  OPS,
  provenance,
  register,
  sighting,
} from '../support/sightings.ts';
import { DeskHouse } from './fixtures/desk-house.ts';

const THERE = 'Codes belong here, never into a shared room. The one you typed there is spent.';
const HERE =
  'alice, that was a one-time code of yours, and everybody here could read it. It is spent; give the next one in our direct room.';

interface Typed {
  readonly message?: Partial<Message>;
  readonly from?: Partial<Provenance>;
  readonly where?: Partial<Sighting>;
}

async function open() {
  const house = await DeskHouse.open();
  const { desk } = house;
  const voice = openVoice(house.chat, house.log);
  const { ledger, history, clock } = desk;
  const refusals = openRefusals({ ledger, history, clock, say: () => {} });
  const parts = { desk, refusals, voice, register: () => register() };
  const hear = openPipeline(parts);
  let count = 0;
  /** Whether a code was burnt by it. */
  const type = async (text: string, { message: more, from, where }: Typed = {}) => {
    const burnt = () => house.written.filter((e) => e.type === 'code.burnt').length;
    const before = burnt();
    const index = count++;
    await hear(
      sighting({
        event: event(`$typed-${index}`),
        seen: {
          kind: 'decrypted',
          message: message(text, more),
          from: provenance({ index, ciphertext: cipher(`${index}`), ...from }),
        },
        ...where,
      }),
    );
    await house.settle();
    return burnt() > before;
  };
  return { house, type };
}

t.test('a code dies however it was typed', async (t) => {
  for (const write of [
    (code: string) => `!otp K7QF-2M ${code}`,
    (code: string) => `otp K7QF-2M ${code}`,
    (code: string) => `!otp K7QF-2M ${code.slice(0, 3)} ${code.slice(3)}`,
    (code: string) => `!otp K7QF-22${code}`,
    (code: string) => `it is ${[...code].join(' - ')} I think`,
    (code: string) => `!status ${code}`,
    (code: string) => `(${code.slice(0, 2)}.${code.slice(2)})`,
    (code: string) => `${code.slice(0, 3)} and then\n${code.slice(3)}`,
    (code: string) => [...code].map((d) => String.fromCodePoint(0xff10 + Number(d))).join(''),
    (code: string) => [...code].map((d) => '〇一二三四五六七八九'[Number(d)]).join(''),
    (code: string) => `first 3: ${code.slice(0, 3)}, last 3: ${code.slice(3)}`,
  ]) {
    const { house, type } = await open();
    const code = house.code();
    const typed = write(code);
    t.ok(await type(typed), typed);
    t.strictSame(
      await house.desk.codes.spend(person('alice'), code, 'a test'),
      { ok: false, error: 'That code was used already. Give the next one that your app shows.' },
      'and counts no more',
    );
  }
});

t.test('in an edit, a reply, and what came while nobody was there', async (t) => {
  for (const typed of [
    { message: { relation: 'edit' } },
    { message: { relation: 'reply' } },
    { where: { when: 'missed' } },
  ] as const satisfies readonly Typed[]) {
    const { house, type } = await open();
    t.ok(await type(`!otp K7QF-2M ${house.code()}`, typed));
  }
});

t.test('in a notice, a caption, or only in what is formatted', async (t) => {
  const { house, type } = await open();
  t.ok(await type('see there', { message: { isText: false, shown: [`is ${house.code()}`] } }));
});

t.test('on a full disk as well', async (t) => {
  const { house, type } = await open();
  house.hasRoom = false;
  t.ok(await type(`!otp K7QF-2M ${house.code()}`));
});

t.test('the person is told, there and in private, and the message is to be blanked', async (t) => {
  const { house, type } = await open();
  await type(`good morning, ${house.code()}`);
  t.strictSame(house.chat.textsIn(OPS), [HERE]);
  t.ok(house.chat.texts.includes(THERE));
  t.strictSame(house.chat.redacted, [
    { room: OPS, event: '$typed-0', reason: 'a one-time code in a shared room' },
  ]);
});

t.test('only a code that still counted is said to be spent', async (t) => {
  const { house, type } = await open();
  const code = house.code();
  t.notOk(await type('it is 000000, or 12345'));
  t.notOk(await type(`it was ${house.code(-5)}`));
  t.ok(await type(code));
  t.notOk(await type(code), 'the second time');
  t.strictSame(house.chat.textsIn(OPS), [HERE]);
});

t.test('in the direct room of the person nobody else reads along', async (t) => {
  const { house, type } = await open();
  t.notOk(await type(`it is ${house.code()}`, { where: { room: DIRECT_ALICE } }));
});

t.test('what was looked into once is not delivered until a later code fits it', async (t) => {
  const { house, type } = await open();
  const later = house.code(5);
  t.notOk(await type(`it was ${later}`));
  await house.clock.advance(5 * 30_000);
  t.notOk(await type(`it was ${later}`, { from: { index: 0 } }));
  t.ok(await type(`it is ${later}`), 'a message of its own is looked into');
});

t.test('a secret that cannot be read ends nothing but the look for its codes', async (t) => {
  const { house, type } = await open();
  house.secretsAreBroken = true;
  t.notOk(await type(`it is ${house.code()}`));
  t.ok(house.log.messages.includes('the secret of one-time codes cannot be read'));
});

t.test('nobody burns the codes of somebody else', async (t) => {
  const refused: readonly (readonly [TrustRefusal, Typed])[] = [
    ['forwarded_key', { from: { forwarded: true } }],
    ['device_unknown', { from: { device: undefined } }],
    ['identity_mismatch', { from: { identity: { masterKey: 'another', changed: false } } }],
    ['unknown_account', { where: { sender: user('@mallory:example.org') } }],
  ];
  for (const [code, typed] of refused) {
    const { house, type } = await open();
    t.notOk(await type(`!otp K7QF-2M ${house.code()}`, typed), code);
  }
  const { house, type } = await open();
  const identity = { masterKey: ALICES_KEY, changed: false };
  t.notOk(
    await type(house.code(), { from: { identity }, where: { sender: BOB } }),
    'without a pin',
  );
  t.ok(await type(house.code(), { where: { sender: ALICE } }));
});
