/** What the homeserver writes itself, and what it rewrites around a ciphertext. */
import { type Case, type Group, tell } from './fixtures/case.ts';
import { BOT, type Stage } from './fixtures/stage.ts';

const PATIENCE_MS = 11_000;
const YEAR_MS = 365 * 24 * 3600_000;

const clear = (body: string, more: object = {}) => ({ msgtype: 'm.text', body, ...more });

/** A command that the person has sealed, delivered with something about it changed. */
const rewritten =
  (change: (stage: Stage, content: { [key: string]: string }) => void) =>
  async (stage: Stage): Promise<void> =>
    change(stage, { ...(await stage.seal(stage.bob, '!status web')) });

/** One bit of the ciphertext, as far behind its beginning. */
function flipped(ciphertext: string, at: number): string {
  const bytes = Buffer.from(ciphertext, 'base64');
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes.toString('base64').replaceAll('=', '');
}

export const TEXT: Group = {
  title: 'Forged text and envelopes',
  victims: 5,
  cases: [
    {
      name: 'a command in clear, in the name of a pinned person',
      does: 'writes `!status web` into the encrypted room, unencrypted, with her as the sender',
      lie: ({ server, alice, ops }) => void server.sayClear(alice.user, '!status web', ops),
      expect: { refused: ['clear_text'] },
    },
    {
      name: 'a command in clear, in the name of a stranger',
      does: 'writes `!status web`, unencrypted, with an account of its own as the sender',
      lie: ({ server, ops }) => void server.sayClear('@root:localhost', '!status web', ops),
      expect: { refused: ['clear_text'] },
    },
    {
      name: 'a command in clear, addressed by a mention',
      does: 'writes `vaktrom: status web` with a mention of the bot, unencrypted',
      lie({ server, alice, ops }) {
        const content = clear('vaktrom: status web', { 'm.mentions': { user_ids: [BOT] } });
        server.inject(ops, { type: 'm.room.message', sender: alice.user, content });
      },
      expect: { refused: ['clear_text'] },
    },
    {
      name: 'a sign-off in clear',
      does: 'writes `!approve AAAA-AA`, unencrypted, in the name of an approver',
      lie: ({ server, bob, ops }) => void server.sayClear(bob.user, '!approve AAAA-AA', ops),
      expect: { refused: ['clear_text'] },
    },
    {
      name: 'a command as another kind of message',
      does: 'writes the command unencrypted as a notice, an emote, a caption and as HTML only',
      lie({ server, alice, ops }) {
        for (const content of [
          { msgtype: 'm.notice', body: '!status web' },
          { msgtype: 'm.emote', body: '!status web' },
          { msgtype: 'm.image', body: '!status web', filename: 'x.png' },
          { msgtype: 'm.text', format: 'org.matrix.custom.html', formatted_body: '!status web' },
        ])
          server.inject(ops, { type: 'm.room.message', sender: alice.user, content });
      },
      expect: {},
    },
    {
      name: 'an encrypted command with another sender',
      does: 'delivers what one person has encrypted as sent by another pinned person',
      lie: rewritten(({ server, alice, ops }, content) => {
        server.deliver(alice.user, content, ops);
      }),
      expect: { refused: ['sender_mismatch'] },
    },
    {
      name: 'an encrypted command with the bot as its sender',
      does: 'delivers what a person has encrypted as sent by the bot itself',
      lie: rewritten(({ server, ops }, content) => void server.deliver(BOT, content, ops)),
      expect: { ranLater: 1 },
    },
    {
      name: 'an encrypted event that calls itself clear',
      does: 'changes the type of an encrypted event to `m.room.message` and adds a body',
      lie: rewritten(({ server, bob, ops }, content) => {
        const type = 'm.room.message';
        server.deliver(bob.user, { ...content, ...clear('!status web') }, ops, { type });
      }),
      expect: { ranLater: 1, refused: ['clear_text'] },
    },
    {
      name: 'a clear event that calls itself encrypted',
      does: 'changes the type of an unencrypted event to `m.room.encrypted`',
      lie: ({ server, bob, ops }) => void server.deliver(bob.user, clear('!status web'), ops),
      expect: {},
    },
    {
      name: 'a body beside the ciphertext',
      does: 'adds `body` and `msgtype` of another command to the content of an encrypted talk',
      async lie(stage) {
        const content = await stage.seal(stage.bob, 'good morning');
        stage.server.deliver(stage.bob.user, { ...content, ...clear('!status web') }, stage.ops);
      },
      expect: {},
    },
    {
      name: 'an encrypted command as a state event',
      does: 'adds a state key to an encrypted event',
      lie: rewritten(({ server, bob, ops }, content) => {
        server.deliver(bob.user, content, ops, { state_key: '' });
      }),
      expect: { ranLater: 1 },
    },
    {
      name: 'another time',
      does: 'stamps two commands as sent in 1970 and a year from now',
      async lie(stage) {
        for (const origin_server_ts of [0, Date.now() + YEAR_MS]) {
          const content = await stage.seal(stage.bob, '!status api');
          stage.server.deliver(stage.bob.user, content, stage.ops, { origin_server_ts });
        }
      },
      expect: { ran: 2, note: 'The stamp is read by nothing.' },
    },
    {
      name: 'a time that is none',
      does: 'stamps a command with a text, a negative number and an object',
      async lie(stage) {
        for (const stamp of ['now', -1e300, {}]) {
          const content = await stage.seal(stage.bob, '!status api');
          const origin_server_ts = stamp as number;
          stage.server.deliver(stage.bob.user, content, stage.ops, { origin_server_ts });
        }
      },
      expect: { ran: 3, note: 'The stamp is read by nothing.' },
    },
    {
      name: 'another room of the policy',
      does: 'delivers a command in a room for which it was not encrypted',
      async lie(stage) {
        const content = await stage.seal(stage.bob, '!status web');
        stage.server.deliver(stage.bob.user, content, stage.danger);
        await stage.caughtUp();
        stage.pass(PATIENCE_MS);
      },
      expect: { ranLater: 1, refused: ['missing_key'] },
    },
    {
      name: 'a room that the policy does not name',
      does: 'makes a room, puts the bot into it, and delivers a command there',
      async lie({ server, bob }) {
        const room = server.makeRoom([bob.user, BOT]);
        const content = await bob.crypto.encrypt(
          room,
          [BOT],
          'm.room.message',
          clear('!status web'),
        );
        server.deliver(bob.user, content as { [key: string]: string }, room);
        server.sayClear(bob.user, '!status web', room);
      },
      expect: {},
    },
    ...(
      [
        ['the version', 0],
        ['the position', 2],
        ['the text', -80],
        ['the MAC', -70],
        ['the signature', -3],
      ] as const
    ).map(
      ([part, at]): Case => ({
        name: `a ciphertext with ${part} damaged`,
        does: `flips a bit in ${part} of a command, in a session of its own`,
        async lie(stage) {
          const victim = stage.victim();
          const content = await stage.seal(victim, '!status web');
          const { length } = Buffer.from(content['ciphertext'] ?? '', 'base64');
          const ciphertext = flipped(content['ciphertext'] ?? '', at < 0 ? length + at : at);
          stage.server.deliver(victim.user, { ...content, ciphertext }, stage.ops);
          await stage.caughtUp();
          stage.pass(11_000);
        },
        expect: { refused: [['damaged', 'missing_key']] },
      }),
    ),
    {
      name: 'a copy of what another member is about to say',
      does: 'delivers, as sent by a stranger, the text that a person is about to send, with another signature',
      async lie(stage) {
        const { server, bob, mallory, ops } = stage;
        const content = await stage.seal(bob, '!status web');
        const { length } = Buffer.from(content['ciphertext'] ?? '', 'base64');
        const ciphertext = flipped(content['ciphertext'] ?? '', length - 3);
        server.deliver(mallory.user, { ...content, ciphertext }, ops);
        server.deliver(bob.user, content, ops);
      },
      expect: { ran: 1, refused: [['damaged', 'sender_mismatch']] },
    },
    {
      name: 'the session of somebody else',
      does: 'names the session of another person over the ciphertext of a command',
      async lie(stage) {
        const { server, alice, bob, ops } = stage;
        const { session_id = '' } = await stage.seal(alice, 'never sent');
        const content = await stage.seal(bob, '!status web');
        server.deliver(bob.user, { ...content, session_id }, ops);
      },
      expect: { refused: ['damaged'] },
    },
    {
      name: 'encryption that is none of ours',
      does: 'names the algorithms `none`, Olm and one in another case over a command',
      lie: rewritten(({ server, bob, ops }, content) => {
        for (const algorithm of ['none', 'm.olm.v1.curve25519-aes-sha2', 'M.MEGOLM.V1.AES-SHA2'])
          server.deliver(bob.user, { ...content, algorithm }, ops);
      }),
      expect: { ranLater: 1 },
    },
  ],
};

if (import.meta.main) tell(TEXT);
