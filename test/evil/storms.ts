/** Errors, silence and floods. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../src/demo/homeserver/json.ts';
import { Reply } from '../../src/demo/homeserver/request.ts';
import { eventually } from '../people/eventually.ts';
import { openUnsignedDevice } from '../support/unsigned-device.ts';
import { type Case, type Group, tell } from './fixtures/case.ts';
import type { Said } from './fixtures/ear.ts';
import { accountOf } from './fixtures/forged-keys.ts';
import { BOT, type Stage } from './fixtures/stage.ts';

/** What is tried again is tried later and later. */

/** Everything that the bot asks for fails some times, while a person gives a command. */
const storm = (name: string, does: string, fail: (count: number) => Reply | undefined): Case => ({
  name,
  does,
  async lie(stage) {
    let count = 0;
    stage.server.answer(/./, () => fail(count++));
    await stage.say(stage.bob, '!status web');
    await stage.caughtUp();
  },
  expect: { ran: 1 },
});

const refusal = (status: number, more: JsonObject = {}): Reply =>
  new Reply(status, { errcode: 'M_UNKNOWN', error: 'no', ...more });

/** Many copies of a fresh, encrypted command, each changed in its own way. */
async function flood(stage: Stage, count: number, change: (i: number) => object): Promise<void> {
  const content = await stage.seal(stage.bob, '!status web');
  for (let i = 0; i < count; i++)
    stage.server.deliver(stage.bob.user, content, stage.ops, change(i));
}

/** What the bot says is answered so, until an answer of its is lost. */
async function answerSends(stage: Stage, body: JsonObject, status = 200): Promise<void> {
  const { length } = stage.log.messages;
  stage.server.answer(/\/send\//, () => new Reply(status, body));
  await stage.say(stage.bob, '!version');
  await eventually(
    () => stage.log.messages.slice(length).includes('an answer was not delivered') || undefined,
  );
}

/** Nobody is told which devices this account has, until `work` is done. */
async function whileSilent(stage: Stage, account: string, work: () => Promise<void>) {
  const { promise, resolve } = Promise.withResolvers<void>();
  stage.server.lie(async ({ path, body }, next) => {
    if (path.endsWith('/keys/query') && Buffer.from(body).toString().includes(account))
      await promise;
    return next();
  });
  try {
    await work();
  } finally {
    resolve();
  }
}

/** Bob gives a command, and it runs. */
async function runs(stage: Stage): Promise<void> {
  const { event } = await stage.say(stage.bob, '!status web');
  const id = await stage.requestOf(event);
  await eventually(async () => {
    const entries = await stage.entries();
    return entries.find((e) => e.type === 'end' && e.request === id);
  });
}

export const STORMS: Group = {
  title: 'Errors, silence and floods',
  cases: [
    {
      name: 'syncs without end',
      does: 'answers fifty syncs at once, with nothing in them',
      async lie({ server }) {
        let count = 0;
        await server.lieInSync((answer) => ({ ...answer, odd: count++ }), 50);
      },
      expect: {},
    },
    {
      name: 'membership that flickers',
      does: 'lets forty strangers come and go',
      lie({ server, ops }) {
        for (let i = 0; i < 40; i++)
          for (const membership of ['join', 'leave'])
            server.setMembership(ops, `@user${i}:localhost`, membership);
      },
      expect: {},
    },
    storm(
      'rate limits',
      'answers 429 to everything, with waits that are negative, text or none',
      (n) =>
        [{ retry_after_ms: -5 }, { retry_after_ms: 'soon' }, {}].map((more) => refusal(429, more))[
          n
        ],
    ),
    storm(
      'internal errors',
      'answers 500, 502 and 503 to everything',
      (n) => [500, 502, 503].map((status) => refusal(status))[n],
    ),
    storm('redirects', 'answers everything with a redirect', (n) =>
      n < 2 ? new Reply(302, '') : undefined,
    ),
    {
      name: 'connections that break',
      does: 'takes requests and closes the connection',
      async lie(stage) {
        let count = 0;
        stage.server.lie((_, next) => (count++ < 3 ? Promise.reject(new Error('gone')) : next()));
        await stage.say(stage.bob, '!status web');
        await stage.caughtUp();
      },
      expect: { ran: 1 },
    },
    {
      name: 'messages that were taken and then refused',
      does: 'takes what the bot says, and tells it that this failed',
      async lie(stage) {
        let count = 0;
        const { position } = stage.server;
        stage.server.lie(async ({ path }, next) => {
          const reply = await next();
          return path.includes('/send/') && count++ < 2 ? refusal(502) : reply;
        });
        const { event } = await stage.say(stage.bob, '!version');
        const answers = () => stage.ear.said(BOT, stage.ops, position);
        const isAnswer = ({ under }: Said) => under === event;
        await eventually(async () => (count > 2 && (await answers()).some(isAnswer)) || undefined);
        const { length } = (await answers()).filter(isAnswer);
        if (length !== 1) throw new Error(`${length} answers`);
      },
      expect: { asked: 1, note: 'It is in the room once.' },
    },
    {
      name: 'messages that are refused for good',
      does: 'answers 403 to what the bot says in a room',
      lie: (stage) => answerSends(stage, { errcode: 'M_FORBIDDEN' }, 403),
      expect: { asked: 1, logged: /an answer was not delivered/ },
    },
    {
      name: 'a message whose id makes no sense',
      does: 'says of what the bot has sent that it has no id, a number or a poem as its id',
      async lie(stage) {
        for (const body of [{}, { event_id: 7 }, { event_id: 'a poem' }])
          await answerSends(stage, body);
      },
      expect: { asked: 3, logged: /an answer was not delivered/ },
    },
    {
      name: 'members that nobody can be',
      does: 'names as members of a room accounts that are none, and a hundred that do not exist',
      async lie(stage) {
        const ids = [
          '',
          '__proto__',
          '@a:::',
          ...Array.from({ length: 100 }, (_, i) => `@x${i}:no`),
        ];
        const joined = Object.fromEntries(ids.map((id) => [id, {}]));
        stage.server.answer(/\/joined_members$/, () => new Reply(200, { joined }));
        stage.server.setMembership(stage.ops, '@root:localhost', 'leave');
        await stage.say(stage.bob, '!version');
        await stage.caughtUp();
        stage.server.stopLying();
        stage.server.setMembership(stage.ops, '@root:localhost', 'leave');
      },
      expect: { asked: 1 },
    },
    {
      name: 'a sync that does not come',
      does: 'keeps a sync open for two seconds without a word, with a command in it',
      async lie(stage) {
        stage.server.lie(async ({ path }, next) => {
          if (path.endsWith('/sync')) await sleep(2000);
          return next();
        });
        await stage.say(stage.bob, '!status web');
      },
      expect: { ran: 1 },
    },
    {
      name: 'a stranger whose server does not answer',
      does: 'delivers messages of a stranger whose devices cannot be asked for, then a command',
      async lie(stage) {
        await using phone = await openUnsignedDevice(stage.server.homeserver, 'stranger');
        stage.server.setMembership(stage.ops, phone.user, 'join');
        await stage.caughtUp();
        const sealed = [await phone.say('one', [BOT], stage.ops)];
        sealed.push(await phone.say('two', [BOT], stage.ops));
        await whileSilent(stage, phone.user, async () => {
          for (const one of sealed) stage.server.deliver(phone.user, { ...one }, stage.ops);
          await runs(stage);
        });
      },
      expect: { ran: 1, refused: ['unknown_account'] },
    },
    {
      name: 'a stranger whose devices change',
      does: 'says that the devices of a stranger have changed, and does not say how',
      async lie(stage) {
        const { state } = stage.server;
        await whileSilent(stage, stage.mallory.user, async () => {
          state.accounts.devicesChanged(accountOf(state, stage.mallory.user));
          await runs(stage);
        });
      },
      expect: { ran: 1 },
    },
    {
      name: 'a flood of commands in clear',
      does: 'writes two hundred commands, unencrypted, in the names of two hundred people',
      lie({ server, ops }) {
        for (let i = 0; i < 200; i++) server.sayClear(`@user${i}:localhost`, '!status web', ops);
      },
      expect: { flood: 'clear_text' },
    },
    {
      name: 'a flood of replays',
      does: 'delivers one ciphertext eighty times',
      lie: (stage) => flood(stage, 80, () => ({})),
      expect: {
        ran: 1,
        flood: 'replayed',
      },
    },
    {
      name: 'a flood of false senders',
      does: 'delivers one ciphertext as sent by eighty people',
      lie: (stage) => flood(stage, 80, (i) => ({ sender: `@user${i}:localhost` })),
      expect: {
        flood: 'sender_mismatch',
      },
    },
    {
      name: 'a flood of invitations',
      does: 'invites the bot into two hundred rooms',
      async lie({ server, mallory }) {
        for (let i = 0; i < 200; i++) {
          const draft = { type: 'm.room.member', sender: mallory.user, state_key: BOT };
          server.inject(server.makeRoom([]), { ...draft, content: { membership: 'invite' } });
        }
        await server.heardUpTo(server.position);
      },
      expect: { logged: /declined an invitation|could not be answered/ },
    },
  ],
};

if (import.meta.main) tell(STORMS);
