/** What the homeserver says of rooms: their state, their members, their successors, invitations. */
import type { JsonObject } from '../../src/demo/homeserver/json.ts';
import { Reply } from '../../src/demo/homeserver/request.ts';
import { eventually } from '../people/eventually.ts';
import { type Case, type Group, type Outcome, tell } from './fixtures/case.ts';
import { BOT, type Stage } from './fixtures/stage.ts';

/** Something is wrong with the danger room while a change is asked for, and then it is put right. */
async function drift(stage: Stage, wrong: () => void, right: () => void): Promise<void> {
  wrong();
  await stage.requestOf((await stage.say(stage.bob, '!change', stage.danger)).event);
  right();
  stage.server.stopLying();
  await stage.requestOf((await stage.say(stage.bob, '!change', stage.danger)).event);
}

const closed = (said: RegExp): Outcome => ({ denied: ['posture'], said, ran: 1 });

interface StateLie {
  readonly name: string;
  readonly does: string;
  readonly type: string;
  readonly lie: JsonObject;
  readonly truth: JsonObject;
  readonly said: RegExp;
}

const inState = ({ name, does, type, lie, truth, said }: StateLie): Case => ({
  name,
  does,
  lie: (stage) =>
    drift(
      stage,
      () => stage.server.setState(stage.danger, type, lie),
      () => stage.server.setState(stage.danger, type, truth),
    ),
  expect: closed(said),
});

/** Somebody is put into the danger room who does not belong there, and taken out again. */
const inMembers = (name: string, membership: string, user: string): Case => ({
  name,
  does: `says that \`${user}\` is ${membership === 'join' ? 'in the room' : 'invited'}`,
  lie: (stage) =>
    drift(
      stage,
      () => stage.server.setMembership(stage.danger, user, membership),
      () => stage.server.setMembership(stage.danger, user, 'leave'),
    ),
  expect: closed(/closed for changes: .* is in the room and not pinned/),
});

/** The state of the danger room is answered with this. */
const stateAnswer = (name: string, does: string, body: object | string): Case => ({
  name,
  does,
  lie: (stage) =>
    drift(
      stage,
      () => stage.server.answer(/\/state$/, () => new Reply(200, body as JsonObject)),
      () => {},
    ),
  expect: closed(/closed for changes: the room is not encrypted/),
});

const MEGOLM = { algorithm: 'm.megolm.v1.aes-sha2' };

/** A tombstone cannot be taken back, but a homeserver can say that it never was. */
const tombstone = (name: string, does: string, content: (stage: Stage) => JsonObject): Case => ({
  name,
  does,
  async lie(stage) {
    const { server, bob, danger } = stage;
    const state = (await bob.http({
      ...{ method: 'GET', path: `/_matrix/client/v3/rooms/${encodeURIComponent(danger)}/state` },
    })) as JsonObject[];
    const event = { type: 'm.room.tombstone', state_key: '', content: content(stage) };
    const timeline = { events: [{ ...event, event_id: '$tombstone', sender: bob.user }] };
    await server.lieInSync((answer) => ({
      ...answer,
      rooms: { join: { [danger]: { timeline } } },
    }));
    const before = server.state.rooms.joinedBy(BOT).length;
    await drift(
      stage,
      () => server.answer(/\/state$/, () => new Reply(200, [...state, event])),
      () => {},
    );
    if (server.state.rooms.joinedBy(BOT).length !== before) throw new Error('it has followed');
  },
  expect: {
    ...closed(/closed for changes: the room was upgraded/),
    logged: /the room was upgraded; I do not follow/,
  },
});

export const ROOMS: Group = {
  title: 'Rooms and members',
  cases: [
    inState({
      name: 'encryption that was taken away',
      does: 'says that the danger room is not encrypted any more',
      ...{ type: 'm.room.encryption', lie: {}, truth: MEGOLM },
      said: /closed for changes: the room is not encrypted/,
    }),
    inState({
      name: 'weaker encryption',
      does: 'says that the danger room uses another algorithm now',
      type: 'm.room.encryption',
      ...{ lie: { algorithm: 'm.olm.v1.none' }, truth: MEGOLM },
      said: /closed for changes: the room is not encrypted/,
    }),
    inState({
      name: 'a room that anybody can join',
      does: 'says that the join rule of the danger room is `public`',
      type: 'm.room.join_rules',
      ...{ lie: { join_rule: 'public' }, truth: { join_rule: 'invite' } },
      said: /closed for changes: people can join without an invitation/,
    }),
    inState({
      name: 'a join rule that is none',
      does: 'says that the join rule of the danger room is an object',
      type: 'm.room.join_rules',
      ...{ lie: { join_rule: { a: 1 } }, truth: { join_rule: 'invite' } },
      said: /closed for changes: people can join without an invitation/,
    }),
    inState({
      name: 'a room whose past is open to all',
      does: 'says that the history of the danger room is world-readable',
      type: 'm.room.history_visibility',
      lie: { history_visibility: 'world_readable' },
      truth: { history_visibility: 'joined' },
      said: /closed for changes: newcomers can read/,
    }),
    inState({
      name: 'a history setting that is none',
      does: 'says that the history of the danger room is `everything`',
      type: 'm.room.history_visibility',
      lie: { history_visibility: 'everything' },
      truth: { history_visibility: 'joined' },
      said: /closed for changes: newcomers can read/,
    }),
    inState({
      name: 'a room with guests',
      does: 'says that guests may join the danger room',
      type: 'm.room.guest_access',
      ...{ lie: { guest_access: 'can_join' }, truth: { guest_access: 'forbidden' } },
      said: /closed for changes: guests may join/,
    }),
    inMembers('a stranger in the room', 'join', '@root:localhost'),
    inMembers('a stranger who is invited', 'invite', '@root:localhost'),
    inMembers('a member without a pin', 'join', '@carol:localhost'),
    inMembers('a member whose id is none', 'join', '\u0430lice'),
    inMembers('a member on a look-alike server', 'join', '@alice:1ocalhost'),
    {
      name: 'power for everybody',
      does: 'makes a stranger an administrator of all rooms, and gives a command in their name',
      async lie(stage) {
        const { server, mallory, ops, danger } = stage;
        const content = { users: { [mallory.user]: 100, [BOT]: 0 }, users_default: 100 };
        for (const room of [ops, danger]) server.setState(room, 'm.room.power_levels', content);
        await stage.say(mallory, '!status web');
      },
      expect: { refused: ['unknown_account'] },
    },
    {
      name: 'a requester who is said to have left',
      does: 'says that she left the room when her change is about to start',
      async lie(stage) {
        const { server, alice, bob, danger } = stage;
        const { event } = await stage.say(bob, '!deploy', danger);
        const id = await stage.requestOf(event);
        server.setMembership(danger, bob.user, 'leave');
        await stage.say(alice, `!approve ${id}`, danger);
        await eventually(async () => {
          const entries = await stage.entries();
          return entries.some((e) => e.type === 'closed' && e.request === id) || undefined;
        });
        server.setMembership(danger, bob.user, 'join');
      },
      expect: { asked: 1, said: /bob has left the room/ },
    },
    stateAnswer('a room without state', 'answers with no state at all', []),
    stateAnswer('state that is none', 'answers with numbers, lists and empty events', [
      ...[1, 'x', [], {}, null],
      { type: 'm.room.encryption', state_key: 'x', content: MEGOLM },
    ] as JsonObject[]),
    stateAnswer('state that is text', 'answers with a text', 'everything is fine'),
    tombstone(
      'an upgrade to an unencrypted room',
      'replaces the danger room by one that is not encrypted',
      ({ server, bob }) => ({
        replacement_room: server.makeRoom([bob.user]),
      }),
    ),
    tombstone(
      'an upgrade to the room itself',
      'says that the danger room was replaced by itself',
      ({ danger }) => ({ replacement_room: danger }),
    ),
    tombstone(
      'an upgrade to a room elsewhere',
      'says that the danger room was replaced by a room of another server',
      () => ({
        replacement_room: '!evil:elsewhere.example',
      }),
    ),
    tombstone(
      'an upgrade to nothing',
      'says that the danger room was replaced, and not by what',
      () => ({}),
    ),
    {
      name: 'an invitation to the successor of a room',
      does: 'makes a room, has a person of the policy invite the bot, and commands it there',
      async lie({ server, bob }) {
        const room = server.makeRoom([bob.user]);
        const draft = { type: 'm.room.member', sender: bob.user, state_key: BOT };
        server.inject(room, { ...draft, content: { membership: 'invite' } });
        await server.heardUpTo(server.position);
        server.sayClear(bob.user, '!status web', room);
      },
      expect: { logged: /declined an invitation/ },
    },
    {
      name: 'an invitation by a stranger to a room of the policy',
      does: 'removes the bot from a room, and has a stranger bring it back',
      async lie({ server, mallory, ops }) {
        server.setMembership(ops, BOT, 'leave');
        const draft = { type: 'm.room.member', sender: mallory.user, state_key: BOT };
        server.inject(ops, { ...draft, content: { membership: 'invite' } });
        await server.heardUpTo(server.position);
        server.setMembership(ops, BOT, 'join');
      },
      expect: { logged: /an invitation by nobody of the policy is not answered/ },
    },
    {
      name: 'a ban and its end',
      does: 'bans the bot from a room, and lets it back in',
      async lie({ server, ops }) {
        server.setMembership(ops, BOT, 'ban');
        await server.heardUpTo(server.position);
        server.setMembership(ops, BOT, 'join');
      },
      expect: {},
    },
  ],
};

if (import.meta.main) tell(ROOMS);
