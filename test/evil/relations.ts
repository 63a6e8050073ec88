/** What stands outside of the ciphertext: replies, edits, threads, reactions and redactions. */
import { type Group, tell } from './fixtures/case.ts';
import { BOT, type Stage } from './fixtures/stage.ts';

const TARGET = '$some_earlier_event';
const edit = { rel_type: 'm.replace', event_id: TARGET };
const reply = { 'm.in_reply_to': { event_id: TARGET } };
const thread = { rel_type: 'm.thread', event_id: TARGET, is_falling_back: true, ...reply };
const text = (body: string) => ({ msgtype: 'm.text', body });
const EDITED = { ...text('* !status web'), 'm.new_content': text('!status web') };

/** Delivers a fresh command with a relation that its sender did not give it. */
const withRelation =
  (relation: object) =>
  async (stage: Stage): Promise<void> => {
    const content = await stage.seal(stage.bob, '!status web');
    const related = { ...content, 'm.relates_to': { ...relation } };
    stage.server.deliver(stage.bob.user, related, stage.ops);
  };

/** Delivers what a person has sealed without the relation that they gave it. */
const withoutRelation =
  (content: object) =>
  async (stage: Stage): Promise<void> => {
    const { 'm.relates_to': _, ...rest } = await stage.sealContent(stage.bob, content);
    stage.server.deliver(stage.bob.user, rest, stage.ops);
  };

/** A request of bob that waits for a sign-off, something that happens to it, and its withdrawal. */
const whileWaiting =
  (happen: (stage: Stage, request: { id: string; event: string }) => Promise<void> | void) =>
  async (stage: Stage): Promise<void> => {
    const { event } = await stage.say(stage.bob, '!deploy');
    const id = await stage.requestOf(event);
    await happen(stage, { id, event });
    await stage.caughtUp();
    await stage.say(stage.bob, `!cancel ${id}`);
  };

export const RELATIONS: Group = {
  title: 'Replies, edits, reactions and redactions',
  cases: [
    {
      name: 'a command that is made an edit',
      does: 'adds `m.replace` to an encrypted command',
      lie: withRelation(edit),
      expect: { refused: ['edit'] },
    },
    {
      name: 'a command that is made a reply',
      does: 'adds `m.in_reply_to` to an encrypted command',
      lie: withRelation(reply),
      expect: { refused: ['reply'] },
    },
    {
      name: 'a command that is moved into another thread',
      does: 'adds a thread of its own choice to an encrypted command',
      lie: withRelation(thread),
      expect: { ran: 1, note: 'The answer is shown in that thread.' },
    },
    {
      name: 'a relation that is none',
      does: 'adds relations that are lists, numbers, and an object of objects to commands',
      async lie(stage) {
        for (const relation of [[], { rel_type: 7 }, { event_id: { a: 1 } }, { __proto__: edit }])
          await withRelation(relation)(stage);
      },
      expect: { ran: 4 },
    },
    {
      name: 'an encrypted edit whose relation is removed',
      does: 'removes `m.replace` from around the edit of a person',
      lie: withoutRelation({ ...EDITED, 'm.relates_to': edit }),
      expect: { refused: ['edit'] },
    },
    {
      name: 'an encrypted reply whose relation is removed',
      does: 'removes `m.in_reply_to` from around the reply of a person',
      lie: withoutRelation({ ...text('!status web'), 'm.relates_to': reply }),
      expect: { refused: ['reply'] },
    },
    {
      name: 'an encrypted edit by its own author',
      does: 'delivers the edit of an earlier message into a command',
      async lie(stage) {
        const content = await stage.sealContent(stage.bob, { ...EDITED, 'm.relates_to': edit });
        stage.server.deliver(stage.bob.user, content, stage.ops);
      },
      expect: { refused: ['edit'] },
    },
    {
      name: 'an encrypted edit of what somebody else said',
      does: "delivers one person's edit of the command of another",
      async lie(stage) {
        const { event } = await stage.say(stage.bob, 'good morning');
        const relation = { rel_type: 'm.replace', event_id: event };
        const content = await stage.sealContent(stage.carol, {
          ...EDITED,
          'm.relates_to': relation,
        });
        stage.server.deliver(stage.carol.user, content, stage.ops);
      },
      expect: { refused: ['edit'] },
    },
    {
      name: 'an edit in clear of an encrypted command',
      does: 'writes an unencrypted edit of a command that was run, in the name of its author',
      lie({ server, bob, ops }) {
        const content = { ...EDITED, 'm.relates_to': edit };
        server.inject(ops, { type: 'm.room.message', sender: bob.user, content });
      },
      expect: { refused: ['clear_text'] },
    },
    {
      name: 'the redaction of a command that waits',
      does: 'blanks the command of a request that waits for a sign-off, in the name of its author',
      lie: whileWaiting(({ server, bob, ops }, { event }) => {
        const content = { redacts: event };
        server.inject(ops, { type: 'm.room.redaction', sender: bob.user, content });
      }),
      expect: { asked: 1, note: 'The request goes on: what it asks for is in the log.' },
    },
    {
      name: 'an edit of a command that waits',
      does: 'delivers an encrypted edit of a request that waits for a sign-off',
      lie: whileWaiting(async (stage, { event }) => {
        const relation = { rel_type: 'm.replace', event_id: event };
        const content = await stage.sealContent(stage.bob, { ...EDITED, 'm.relates_to': relation });
        stage.server.deliver(stage.bob.user, content, stage.ops);
      }),
      expect: { asked: 1, refused: ['edit'] },
    },
    {
      name: "reactions in every approver's name",
      does: 'puts 👍, ✅ and `!approve` under a request, in the name of everybody',
      lie: whileWaiting(({ server, alice, bob, carol, ops }, { id, event }) => {
        for (const { user: sender } of [alice, bob, carol])
          for (const key of ['👍', '✅', `!approve ${id}`]) {
            const content = { 'm.relates_to': { rel_type: 'm.annotation', event_id: event, key } };
            server.inject(ops, { type: 'm.reaction', sender, content });
          }
      }),
      expect: { asked: 1 },
    },
    {
      name: 'a sign-off in clear of a request that waits',
      does: 'writes `!approve` with the right id, unencrypted, in the name of an approver',
      lie: whileWaiting(({ server, alice, ops }, { id }) => {
        server.sayClear(alice.user, `!approve ${id}`, ops);
      }),
      expect: { asked: 1, refused: ['clear_text'] },
    },
    {
      name: 'a sign-off that is delivered again for another request',
      does: 'replays a sign-off while a second request for the same thing waits',
      async lie(stage) {
        const { event } = await stage.say(stage.bob, '!deploy');
        const approval = await stage.say(stage.alice, `!approve ${await stage.requestOf(event)}`);
        await stage.caughtUp();
        await whileWaiting(({ server, alice, ops }) => {
          server.deliver(alice.user, approval.content, ops);
        })(stage);
      },
      expect: { ran: 1, asked: 2, refused: ['replayed'] },
    },
    {
      name: 'a look-alike of a card',
      does: 'writes a card in the name of the bot that says that a request was approved and run',
      lie: whileWaiting(({ server, ops }, { id }) => {
        server.sayClear(BOT, `✓ deploy · request ${id}\n✓ alice: sign-off → running`, ops);
      }),
      expect: { asked: 1 },
    },
  ],
};

if (import.meta.main) tell(RELATIONS);
