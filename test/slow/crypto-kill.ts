/**
 * A bot that is killed at random moments, again and again, on one store. VAKTROM_KILLS sets how
 * often (30 when it is not set).
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { initAsync, StoreHandle } from '@matrix-org/matrix-sdk-crypto-wasm';
import t from 'tap';
import type { BotCall } from '../matrix/indexeddb/fixtures/bot-process.ts';
import { KeyServer } from '../matrix/indexeddb/fixtures/key-server.ts';
import { OlmClient } from '../matrix/indexeddb/fixtures/olm-client.ts';

const KILLS = Number(process.env['VAKTROM_KILLS'] ?? 30);
/** Counted from when the bot begins to open its store; opening it takes about an eighth of this. */
const LONGEST_LIFE_MS = 400;

/** The homeserver, Alice, and what they see of the bot. */
class World {
  readonly server = new KeyServer();
  readonly identities = new Set<string>();
  /** The ciphertexts by session and message index. */
  readonly sent = new Map<string, Set<string>>();
  received = 0;
  /** What Alice has written and the bot has not decrypted: text by content. */
  readonly unread = new Map<string, string>();
  #written = 0;

  async answer(alice: OlmClient, call: BotCall): Promise<string> {
    switch (call.kind) {
      case 'opening':
        return '';
      case 'identity':
        this.identities.add(call.keys);
        return '';
      case 'sync':
        await this.#write(alice); // before the answer, so that the room key is in it
        return this.server.answer('@bot:x', 'BOTDEVICE', call);
      case 'timeline':
        return JSON.stringify([...this.unread.keys()]);
      case 'decrypted':
        if (this.unread.get(call.content) === call.body) this.unread.delete(call.content);
        return '';
      case 'message':
        await this.#receive(alice, call.content);
        return '';
      default:
        return this.server.answer('@bot:x', 'BOTDEVICE', call);
    }
  }

  async #write(alice: OlmClient): Promise<void> {
    await alice.sync();
    await alice.share(['@alice:x', '@bot:x']);
    const text = `question ${++this.#written}`;
    this.unread.set(await alice.encrypt(text), text);
  }

  async #receive(alice: OlmClient, content: string): Promise<void> {
    const { session_id, ciphertext } = JSON.parse(content);
    const place = `${session_id} ${messageIndex(ciphertext)}`;
    this.sent.set(place, (this.sent.get(place) ?? new Set()).add(ciphertext));
    await alice.sync();
    if ((await alice.decrypt('@bot:x', content)).startsWith('message ')) this.received += 1;
  }
}

/** Megolm message format: a version byte, the tag 0x08, then the index as a varint. */
function messageIndex(ciphertext: string): number {
  const bytes = Buffer.from(ciphertext, 'base64');
  let index = 0;
  for (let i = 2, shift = 0; ; i++, shift += 7) {
    const byte = bytes.readUInt8(i);
    index |= (byte & 0x7f) << shift;
    if (byte < 0x80) return index;
  }
}

interface Lane {
  readonly file: string;
  readonly world: World;
  readonly alice: OlmClient;
}

/**
 * Starts a bot and answers its calls one by one. `opening` resolves when it begins to open its
 * store.
 */
function startBot({ file, world, alice }: Lane, rounds: string) {
  const bot = fork(
    new URL('../matrix/indexeddb/fixtures/bot-process.ts', import.meta.url),
    [file, rounds],
    {
      execArgv: [],
    },
  );
  let answered = Promise.resolve();
  const opening = once(bot, 'message');
  bot.on('message', ({ id, call }: { id: number; call: BotCall }) => {
    answered = answered.then(async () => {
      const json = await world.answer(alice, call);
      if (bot.connected) bot.send({ id, json }, () => {});
    });
  });
  const ended = once(bot, 'exit').then(async ([code, signal]) => {
    await answered;
    return signal ?? code;
  });
  return { bot, opening, ended };
}

t.test(`nothing is lost, reused or changed by ${KILLS} kills`, async (t) => {
  await initAsync();
  const world = new World();
  const alice = await OlmClient.open({
    user: '@alice:x',
    device: 'ALICEDEVICE',
    store: await StoreHandle.open(undefined, undefined),
    rotateAfter: 3,
    call: async (call) => world.server.answer('@alice:x', 'ALICEDEVICE', call),
  });
  const lane = { file: join(t.testdir(), 'crypto.db'), world, alice };
  // On a slow machine most lives end before a message is out: then they are given longer.
  for (let i = 0, longestMs = LONGEST_LIFE_MS; i < KILLS || world.sent.size <= KILLS / 3; i++) {
    const { bot, opening, ended } = startBot(lane, 'Infinity');
    await opening;
    const before = world.sent.size;
    await setTimeout(Math.random() * longestMs);
    if (world.sent.size === before) longestMs *= 1.1;
    bot.kill('SIGKILL');
    t.equal(await ended, 'SIGKILL', 'it did not end by itself');
  }
  const { ended } = startBot(lane, '3');
  t.equal(await ended, 0, 'a last run ends well');

  t.equal(world.identities.size, 1, 'the identity never changes');
  t.same(world.server.conflicts, [], 'no key that was published changes');
  const reused = [...world.sent].filter(([, ciphertexts]) => ciphertexts.size > 1);
  t.same(reused, [], 'no message index is used twice');
  t.equal(world.received, world.sent.size, 'the peer decrypts everything');
  t.equal(world.unread.size, 0, 'and so does the bot');
});
