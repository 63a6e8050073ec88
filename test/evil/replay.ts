/** What was said once and is delivered again, later, or in another order. */
import type { JsonObject } from '../../src/demo/homeserver/json.ts';
import { type Group, tell } from './fixtures/case.ts';
import { BOT, type Sent, type Stage } from './fixtures/stage.ts';

const HOUR_MS = 3600_000;

/** A command that was run. */
async function runOnce(stage: Stage): Promise<Sent> {
  const sent = await stage.say(stage.bob, '!status web');
  await stage.caughtUp();
  return sent;
}

const again = ({ server, bob, ops }: Stage, { content }: Sent, change: object = {}): string =>
  server.deliver(bob.user, { ...content, ...change }, ops);

/** Says one thing about the first room of a sync, in which the bot is told something. */
const inRoom = (answer: JsonObject, room: string, news: JsonObject): JsonObject => ({
  ...answer,
  rooms: { join: { [room]: news } },
});

export const REPLAY: Group = {
  title: 'Replays and delays',
  cases: [
    {
      name: 'the same ciphertext under a new event id, at once',
      does: 'delivers a command that was run a second time as a new event',
      lie: async (stage) => void again(stage, await runOnce(stage)),
      expect: { ran: 1, refused: ['replayed'] },
    },
    {
      name: 'the same ciphertext, an hour later',
      does: 'keeps a command that was run, and delivers it again after an hour',
      async lie(stage) {
        const sent = await runOnce(stage);
        stage.pass(HOUR_MS);
        again(stage, sent);
      },
      expect: { ran: 1, refused: ['replayed'] },
    },
    {
      name: 'the copy before the original',
      does: 'delivers a command under an id of its own first, then the event as it was sent',
      async lie(stage) {
        const content = await stage.seal(stage.bob, '!status web');
        again(stage, { event: '', content });
        again(stage, { event: '', content });
      },
      expect: { ran: 1, refused: ['replayed'] },
    },
    {
      name: 'ten copies in one breath',
      does: 'delivers a command ten times under ten ids',
      async lie(stage) {
        const content = await stage.seal(stage.bob, '!status web');
        for (let i = 0; i < 10; i++) again(stage, { event: '', content });
      },
      expect: { ran: 1, refused: Array.from({ length: 9 }, () => 'replayed' as const) },
    },
    {
      name: 'another spelling of the same ciphertext',
      does: 'pads the base64 of a ciphertext, wraps it and spells it in the URL alphabet',
      async lie(stage) {
        const sent = await runOnce(stage);
        const { ciphertext = '' } = sent.content;
        again(stage, sent, {
          ciphertext: `${ciphertext}====`.slice(0, Math.ceil(ciphertext.length / 4) * 4),
        });
        again(stage, sent, { ciphertext: `${ciphertext.slice(0, 40)}\n${ciphertext.slice(40)}` });
        again(stage, sent, { ciphertext: ciphertext.replaceAll('+', '-').replaceAll('/', '_') });
      },
      expect: { ran: 1, refused: ['replayed', 'damaged'] },
    },
    {
      name: 'the same ciphertext in the name of another',
      does: 'delivers a command that was run again, with another pinned person as its sender',
      async lie(stage) {
        const { content } = await runOnce(stage);
        stage.server.deliver(stage.alice.user, content, stage.ops);
      },
      expect: { ran: 1, refused: ['sender_mismatch'] },
    },
    {
      name: 'the very same event again',
      does: 'delivers an event that was dealt with in three more syncs, under its own id',
      async lie(stage) {
        const { event, content } = await runOnce(stage);
        const events = [
          { type: 'm.room.encrypted', event_id: event, sender: stage.bob.user, content },
        ];
        const repeat = (answer: JsonObject) => inRoom(answer, stage.ops, { timeline: { events } });
        await stage.server.lieInSync(repeat, 3);
      },
      expect: { ran: 1 },
    },
    {
      name: 'a sync that goes back',
      does: 'answers with the token of an hour ago, so that all since then is told again',
      async lie(stage) {
        const { position } = stage.server;
        await runOnce(stage);
        await stage.server.lieInSync((answer) => ({ ...answer, next_batch: `s${position}` }), 3);
      },
      expect: { ran: 1 },
    },
    {
      name: 'a page of the past with a replay in it',
      does: 'says that a sync has left something out, and puts a replay into that gap',
      async lie(stage) {
        const { content } = await runOnce(stage);
        const event_id = '$in_the_gap';
        const { user: sender } = stage.bob;
        stage.server.answer(/\/messages$/, () =>
          stage.server.reply({ chunk: [{ type: 'm.room.encrypted', event_id, sender, content }] }),
        );
        const timeline = { events: [], limited: true, prev_batch: 's1' };
        await stage.server.lieInSync((answer) => inRoom(answer, stage.ops, { timeline }));
      },
      expect: { ran: 1, refused: ['replayed'] },
    },
    {
      name: 'a command that was kept for a gap',
      does: 'withholds a command, and puts it into a page of the past',
      async lie(stage) {
        const content = await stage.seal(stage.bob, '!status web');
        const event_id = '$kept';
        const { user: sender } = stage.bob;
        stage.server.answer(/\/messages$/, () =>
          stage.server.reply({ chunk: [{ type: 'm.room.encrypted', event_id, sender, content }] }),
        );
        const timeline = { events: [], limited: true, prev_batch: 's1' };
        await stage.server.lieInSync((answer) => inRoom(answer, stage.ops, { timeline }));
      },
      expect: { refused: ['before_live'] },
    },
    {
      name: 'a past without end',
      does: 'answers every page of the past with a link to one more',
      async lie(stage) {
        let pages = 0;
        stage.server.answer(/\/messages$/, () =>
          stage.server.reply({
            chunk: [{ type: 'x', event_id: `$${pages}`, sender: BOT }],
            end: `p${pages++}`,
          }),
        );
        const timeline = { events: [], limited: true, prev_batch: 's1' };
        await stage.server.lieInSync((answer) => inRoom(answer, stage.ops, { timeline }));
      },
      expect: { logged: /fetched what a sync left out/ },
    },
    {
      name: 'the same ciphertext after a restart',
      does: 'delivers a command that was run again, once the daemon has been restarted',
      async lie(stage) {
        const sent = await runOnce(stage);
        await stage.stop();
        await stage.start();
        again(stage, sent);
      },
      expect: { ran: 1, refused: ['replayed'] },
    },
    {
      name: 'the same ciphertext while the daemon is away',
      does: 'delivers a command that was run again, before the daemon is back',
      async lie(stage) {
        const sent = await runOnce(stage);
        await stage.stop();
        again(stage, sent);
        await stage.start();
      },
      expect: { ran: 1, refused: ['replayed'] },
    },
    {
      name: 'a command said while the daemon is away',
      does: 'delivers a fresh command when the daemon comes back',
      async lie(stage) {
        await stage.stop();
        await stage.say(stage.bob, '!status web');
        await stage.start();
      },
      expect: { refused: ['before_live'] },
    },
    {
      name: 'the past, after the sync token is lost',
      does: 'tells a daemon that lost its place all of the timeline, and a replay at its end',
      async lie(stage) {
        const sent = await runOnce(stage);
        await stage.stop();
        await stage.loseSyncToken();
        again(stage, sent);
        await stage.start();
      },
      expect: { ran: 1, refused: ['replayed'], quietly: true },
    },
    {
      name: 'the past, after leaving and coming back',
      does: 'removes the bot from the room, puts it back, and tells it the timeline with a replay',
      async lie(stage) {
        const sent = await runOnce(stage);
        stage.server.setMembership(stage.ops, BOT, 'leave');
        await stage.caughtUp();
        again(stage, sent);
        stage.server.setMembership(stage.ops, BOT, 'join');
        await stage.caughtUp();
        again(stage, sent);
      },
      expect: { ran: 1, refused: ['replayed', 'replayed'] },
    },
    {
      name: 'a fresh command, an hour late',
      does: 'withholds a command for an hour, and delivers it then as if it had just been sent',
      async lie(stage) {
        const content = await stage.seal(stage.bob, '!status web');
        stage.pass(HOUR_MS);
        again(stage, { event: '', content });
      },
      expect: {
        ran: 1,
        note: 'A delay cannot be seen in a message. What must not come late asks for a one-time code or a sign-off, which expire.',
      },
    },
  ],
};

if (import.meta.main) tell(REPLAY);
