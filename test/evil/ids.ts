/** Accounts, rooms and events that look like others, or like nothing at all. */
import { openCryptoClient } from '../support/crypto-client.ts';
import { type Group, tell } from './fixtures/case.ts';
import { BOT, type Stage } from './fixtures/stage.ts';

/** Writes the same clear command in the names of all of them. */
const sayAs =
  (...senders: readonly unknown[]) =>
  ({ server, ops }: Stage): void => {
    for (const sender of senders) server.sayClear(sender as string, '!status web', ops);
  };

/** Delivers a fresh command as an event of that id. */
const sayWithId =
  (...ids: readonly unknown[]) =>
  async (stage: Stage): Promise<void> => {
    for (const event_id of ids as readonly string[]) {
      const content = await stage.seal(stage.bob, '!status web');
      stage.server.deliver(stage.bob.user, content, stage.ops, { event_id });
    }
  };

export const IDS: Group = {
  title: 'Look-alikes',
  cases: [
    {
      name: 'an account in another case',
      does: "delivers a person's ciphertext as sent by the same name in capitals",
      async lie(stage) {
        const content = await stage.seal(stage.bob, '!status web');
        stage.server.deliver('@BOB:localhost', content, stage.ops);
      },
      expect: { refused: ['sender_mismatch'] },
    },
    {
      name: 'an account of a server that looks like ours',
      does: "delivers a person's ciphertext as sent by the same name at `1ocalhost`",
      async lie(stage) {
        const content = await stage.seal(stage.bob, '!status web');
        stage.server.deliver('@bob:1ocalhost', content, stage.ops);
      },
      expect: { refused: ['sender_mismatch'] },
    },
    {
      name: 'accounts in letters of other scripts',
      does: 'writes commands in the names of `@аlice`, `@alíce` and `@alice` with a hidden joint',
      lie: sayAs('@\u0430lice:localhost', '@al\u00edce:localhost', '@al\u200dice:localhost'),
      expect: {},
    },
    {
      name: 'accounts of the old grammar',
      does: 'writes commands in the names of accounts with signs that only old servers gave out',
      lie: sayAs('@Alice/=2e!:localhost', '@~:localhost'),
      expect: { refused: ['clear_text', 'clear_text'] },
    },
    {
      name: 'accounts that are none',
      does: 'writes commands with senders that are empty, too long, numbers, lists and objects',
      lie: sayAs(
        '',
        '@',
        '@:',
        '@alice',
        'alice:localhost',
        `@${'a'.repeat(300)}:localhost`,
        7,
        null,
        [],
        {},
        ['@alice:localhost'],
        '__proto__',
        'constructor',
        '@alice:localhost\n',
        '@alice:localhost ',
      ),
      expect: {},
    },
    {
      name: 'the display name of another person',
      does: 'gives a stranger the name, the picture and the account id of a person as display name',
      async lie(stage) {
        const { server, mallory, alice, ops } = stage;
        for (const displayname of ['alice', alice.user])
          server.inject(ops, {
            ...{ type: 'm.room.member', sender: mallory.user, state_key: mallory.user },
            content: { membership: 'join', displayname },
          });
        await stage.say(mallory, '!status web');
      },
      expect: { refused: ['unknown_account'] },
    },
    {
      name: 'an account that reads like another',
      does: 'opens `@a1ice`, verifies it, brings it into the room and gives a command',
      async lie(stage) {
        await using fake = await openCryptoClient(stage.server.homeserver, { name: 'a1ice' });
        stage.server.setMembership(stage.ops, fake.user, 'join');
        await stage.say(fake, '!status web');
        await stage.caughtUp();
      },
      expect: { refused: ['unknown_account'] },
    },
    {
      name: 'a mention of somebody like the bot',
      does: 'delivers a mention of `@vaktr0m`, and a mention of the bot over a name like its own',
      async lie(stage) {
        for (const [body, user] of [
          ['vaktr0m: status web', '@vaktr0m:localhost'],
          ['vaktr\u043em: status web', BOT],
        ])
          stage.server.deliver(
            stage.bob.user,
            await stage.sealContent(stage.bob, {
              ...{ msgtype: 'm.text', body },
              'm.mentions': { user_ids: [user] },
            }),
            stage.ops,
          );
      },
      expect: { refused: ['unclear'] },
    },
    {
      name: 'rooms that are none',
      does: 'tells of rooms whose ids are empty, too long, other names of a room or `__proto__`',
      async lie({ server, bob, ops }) {
        const event = { type: 'm.room.message', event_id: '$1', sender: bob.user };
        const content = { msgtype: 'm.text', body: '!status web' };
        const news = { timeline: { events: [{ ...event, content }] } };
        const names = [
          '',
          '!',
          ops.toUpperCase(),
          `${ops} `,
          `${ops}\0`,
          '#ops:localhost',
          'constructor',
        ];
        await server.lieInSync((answer) => ({
          ...answer,
          rooms: { join: Object.fromEntries(names.map((name) => [name, news])) },
        }));
      },
      expect: {},
    },
    {
      name: 'events whose ids are none',
      does: 'delivers commands under ids that are empty, too long, objects or without their sign',
      lie: sayWithId('', '$', 'abc', `$${'x'.repeat(300)}`, '$a b', '$\u0430', 7, {}, null),
      expect: { ranLater: 9 },
    },
    {
      name: 'events with odd ids',
      does: 'delivers commands as `$__proto__`, `$constructor` and `$../../x`',
      lie: sayWithId('$__proto__', '$constructor', '$../../x'),
      expect: { ran: 3 },
    },
    {
      name: 'two events of one id',
      does: 'delivers a second, fresh command under the id of one that was run',
      async lie(stage) {
        const { event } = await stage.say(stage.bob, '!status web');
        await stage.caughtUp();
        await sayWithId(event)(stage);
      },
      expect: { ran: 2 },
    },
  ],
};

if (import.meta.main) tell(IDS);
