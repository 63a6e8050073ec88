import t from 'tap';
import { addressOf, plainText } from '../../src/trust/address.ts';
import type { Message } from '../../src/trust/sighting.ts';
import { cpuCost } from '../support/cpu.ts';
import { ALICE, BOT, message } from '../support/sightings.ts';

const NAMES = { bot: BOT, botNames: ['bot', 'vaktrom'] };
const mentions = [BOT];
const link = { user: BOT, text: 'Ops: the bot (3)' };

const address = (text: string, change: Partial<Message> = {}) =>
  addressOf(message(text, change), NAMES);
const command = (text: string) => ({ kind: 'command', text });

t.test('a mark addresses the bot where a word follows it', async (t) => {
  t.strictSame(address('  !status web\n'), command('status web'));
  t.strictSame(address('!Status'), command('Status'));
  t.strictSame(address('!überall'), command('überall'), 'in any script');
  for (const text of ['!', '!!', '! now', '!1', 'status!', 'say !status', ''])
    t.strictSame(address(text), { kind: 'none' }, text);
});

t.test('so does a mention at the beginning, in the forms in which clients write one', async (t) => {
  const page = `https://matrix.to/#/${BOT}`;
  const forms: readonly (readonly [string, Partial<Message>?])[] = [
    ['Vaktrom: status web'],
    ['vaktrom, status web'],
    ['VAKTROM:status web'],
    ['Vaktrom status web'],
    ['Vaktrom\u00a0status web'],
    ['Vaktrom : !status web'],
    ['@vaktrom: status web'],
    ['bot: status web'],
    ['@bot status web'],
    [`${BOT} status web`],
    [`${BOT}: status web`],
    ['@[Vaktrom] status web'],
    ['Ops: the bot (3): status web', { link }],
    ['Ops: the bot (3) !status web', { link }],
    ['@Ops: the bot (3) status web', { link }],
    [`[Ops: the bot (3)](${page}): status web`],
    [`[@bot](${page}?via=example.org) status web`],
    [`@[x](https://matrix.to/#/${encodeURIComponent(BOT)}) status web`],
  ];
  for (const [text, change] of forms) {
    t.strictSame(address(text, { mentions, ...change }), command('status web'), text);
    t.equal(plainText(message(text, { mentions, ...change }), NAMES), 'status web', text);
  }
});

t.test('a mention from which no command can be told is not passed over', async (t) => {
  const unclear: readonly (readonly [string, Partial<Message>?])[] = [
    ['status web'],
    ['Vaktrom'],
    ['Vaktrom:'],
    ['Vaktromstatus web'],
    ['say: status web'],
    ['I asked Vaktrom to deploy web'],
    ['Ops: the bot (3): status web'],
    [': status web', { link: { user: BOT, text: '' } }],
    ['Alice: status web', { link: { user: ALICE, text: 'Alice' } }],
    ['[bot](https://matrix.to/#/@mallory:example.org) status web'],
    ['[bot](https://example.org/#/@bot:example.org) status web'],
  ];
  for (const [text, change] of unclear)
    t.strictSame(address(text, { mentions, ...change }), { kind: 'unclear' }, text);
});

t.test(
  'a name that is no mention is not obeyed, and not passed over if it is set off',
  async (t) => {
    for (const text of ['Vaktrom: status web', 'vaktrom, status web', '@bot: status web']) {
      t.strictSame(address(text), { kind: 'unclear' }, text);
      t.strictSame(address(text, { mentions: [ALICE] }), { kind: 'unclear' }, text);
      t.equal(plainText(message(text), NAMES), text, 'nor in a direct room');
    }
    for (const text of ['Vaktrom status web', 'Vaktrom:', 'bot', 'status web'])
      t.strictSame(address(text), { kind: 'none' }, text);
  },
);

t.test('a reply mentions whom it answers, whatever it says', async (t) => {
  const reply = { mentions, relation: 'reply' } as const;
  t.strictSame(address('looks good', reply), { kind: 'none' });
  t.strictSame(
    address('Vaktrom: status web', reply),
    command('status web'),
    'but this is meant so',
  );
  t.strictSame(address('looks good', { ...reply, relation: 'thread' }), { kind: 'unclear' });
});

t.test('in a direct room everything is meant for the bot', async (t) => {
  for (const text of ['status web', '!status web', ' !status web\n'])
    t.equal(plainText(message(text), NAMES), 'status web');
  t.equal(plainText(message('otp 1', { mentions }), NAMES), 'otp 1');
});

t.test('a long message costs no more than its length', async (t) => {
  const starts = ['', '@', '[', '[x](https://matrix.to/#/', '[x](https://matrix.to/#/@a?', 'bot'];
  const parts = ['a', '?', ' ', ':', '[', ']', '(', '%40', '@bot', '\n', '!'];
  const cost = await cpuCost(() => {
    for (const start of starts)
      for (const part of parts) {
        const text = start + part.repeat(65_000 / part.length);
        address(text, { mentions });
        plainText(message(text, { mentions, link }), NAMES);
      }
  });
  t.ok(cost < 100, `${cost} units`);
});
