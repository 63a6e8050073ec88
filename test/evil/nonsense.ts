/** Answers that make no sense: malformed, huge, deep, poisoned and contradictory. */
import type { Json } from '../../src/base/bytes.ts';
import type { JsonObject } from '../../src/demo/homeserver/json.ts';
import { Reply } from '../../src/demo/homeserver/request.ts';
import { type Case, type Group, tell } from './fixtures/case.ts';
import { BOT, type Stage } from './fixtures/stage.ts';

type Answer = (answer: JsonObject, stage: Stage) => Json | Reply;

/** The bot is told this once by a sync each, and nothing comes of it. */
const told = (name: string, does: string, ...answers: readonly Answer[]): Case => ({
  name,
  does,
  async lie(stage) {
    for (const answer of answers) await stage.server.lieInSync((real) => answer(real, stage));
  },
  expect: {},
});

const raw = (text: string, type = 'application/json') => new Reply(200, Buffer.from(text), type);

/** Puts this into the text of an answer where the homeserver's own JSON cannot say it. */
const withRaw =
  (fields: string): Answer =>
  (answer) =>
    raw(`${JSON.stringify(answer).slice(0, -1)},${fields}}`);

const inTimeline =
  (...events: readonly unknown[]): Answer =>
  (answer, { ops }) => ({
    ...answer,
    rooms: { join: { [ops]: { timeline: { events: events as Json[] } } } },
  });

const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const ALICE = '@alice:localhost';
const event = (change: object) => ({
  ...{ type: 'm.room.message', event_id: '$odd', sender: ALICE },
  content: { msgtype: 'm.text', body: 'hello' },
  ...change,
});

export const NONSENSE: Group = {
  title: 'Nonsense',
  cases: [
    told(
      'answers that are not JSON',
      'answers a sync with HTML, with half of an object, with nothing and with noise',
      () => raw('<html>Bad Gateway</html>', 'text/html'),
      (answer) => raw(JSON.stringify(answer).slice(0, -9)),
      () => raw(''),
      () => raw('\0\ufeff\ud800{{{'),
    ),
    told(
      'answers of another shape',
      'answers a sync with a list, a number and an empty object',
      ...[[], 7, {}].map((body) => () => body as Json),
    ),
    told(
      'tokens that are none',
      'names as the next token a number, an empty text and five thousand letters',
      ...[7, '', 'x'.repeat(5000)].map(
        (next_batch): Answer =>
          (answer) => ({ ...answer, next_batch: next_batch as Json }),
      ),
    ),
    told(
      'sections of the wrong shape',
      'fills every section of a sync with numbers, texts, lists and null',
      ...[7, 'x', [[]], null].map(
        (odd): Answer =>
          (answer) => ({
            ...{ rooms: odd, to_device: odd, device_lists: odd, account_data: odd, presence: odd },
            ...{ device_one_time_keys_count: odd, device_unused_fallback_key_types: odd },
            next_batch: answer['next_batch'] ?? '',
          }),
      ),
    ),
    told(
      'rooms of the wrong shape',
      'says that the timeline, the events and the state of a room are numbers, texts and lists',
      ...[7, 'x', [], { timeline: 7 }, { timeline: { events: { a: 1 } } }, { state: [] }].map(
        (odd): Answer =>
          (answer, { ops }) => ({ ...answer, rooms: { join: { [ops]: odd as Json } } }),
      ),
    ),
    told(
      'events of the wrong shape',
      'sends events that are numbers, lists, null, empty, and whose fields are of the wrong kind',
      inTimeline(1, 'x', null, [], {}, [[]]),
      inTimeline(
        event({ type: 7 }),
        event({ content: null }),
        event({ content: [] }),
        event({ content: { msgtype: 'm.text', body: { a: 1 } } }),
        event({ type: 'm.room.encrypted', content: { algorithm: 'm.megolm.v1.aes-sha2' } }),
        event({
          type: 'm.room.encrypted',
          content: { algorithm: [], ciphertext: {}, session_id: 1 },
        }),
        event({ type: 'm.room.member', state_key: { a: 1 }, content: { membership: [] } }),
        event({ unsigned: 'x', origin_server_ts: {}, redacts: [] }),
      ),
    ),
    {
      name: 'keys that poison',
      does: 'sends `__proto__`, `constructor` and `prototype` as rooms, fields, users and relations',
      async lie(stage) {
        const poison =
          '{"polluted":true,"algorithm":"m.megolm.v1.aes-sha2","is_falling_back":true}';
        const keys = ['__proto__', 'constructor', 'prototype']
          .map((k) => `"${k}":${poison}`)
          .join();
        const { ops, bob } = stage;
        const content = await stage.seal(bob, '!status web');
        const sealed = JSON.stringify(content).slice(0, -1);
        const one = `{"type":"m.room.encrypted","event_id":"$p","sender":"${bob.user}","content":${sealed},"m.relates_to":{${keys}},${keys}},${keys}}`;
        await stage.server.lieInSync((answer) =>
          withRaw(
            `${keys},"rooms":{${keys},"join":{${keys},"${ops}":{"timeline":{"events":[${one}]}}}}`,
          )(answer, stage),
        );
        if ('polluted' in {}) throw new Error('the prototype of all objects was changed');
      },
      expect: { ran: 1 },
    },
    told(
      'a field that is there twice',
      'sends one JSON object with two sets of rooms and two tokens',
      (answer) => raw(`{"rooms":5,"next_batch":"s1",${JSON.stringify(answer).slice(1)}`),
    ),
    told(
      'depth',
      'nests lists five thousand levels deep in events, messages to the device and state',
      withRaw(
        `"to_device":{"events":[{"type":"x","sender":"${ALICE}","content":{"a":${deep(5000)}}}]}`,
      ),
      (answer, { ops }) =>
        raw(
          `${JSON.stringify(answer).slice(0, -1)},"rooms":{"join":{"${ops}":{"timeline":{"events":[{"type":"m.room.message","event_id":"$d","sender":"${ALICE}","content":{"msgtype":"m.text","body":"x","m.relates_to":${deep(5000)}}}]}}}}}`,
        ),
    ),
    told(
      'depth beyond measure',
      'nests lists a million levels deep',
      withRaw(`"to_device":${deep(1_000_000)}`),
    ),
    told(
      'an answer without end',
      'answers a sync with forty megabytes',
      withRaw(`"padding":"${'x'.repeat(40 * 1024 ** 2)}"`),
    ),
    told(
      'very many events',
      'sends twenty thousand events in one sync',
      inTimeline(...Array.from({ length: 20_000 }, (_, i) => event({ event_id: `$many${i}` }))),
    ),
    told(
      'very long fields',
      'sends a body, a session and a ciphertext of a megabyte each',
      inTimeline(
        event({ content: { msgtype: 'm.text', body: 'x'.repeat(1024 ** 2) } }),
        ...['session_id', 'ciphertext'].map((field) =>
          event({
            type: 'm.room.encrypted',
            content: {
              ...{
                algorithm: 'm.megolm.v1.aes-sha2',
                session_id: 'x'.repeat(43),
                ciphertext: 'AwgA',
              },
              [field]: 'x'.repeat(1024 ** 2),
            },
          }),
        ),
      ),
    ),
    told(
      'half characters and control characters',
      'sends lone surrogates, NUL and escape sequences in every text of an event',
      ...['\ud800', '\0', '\x1b[2J', '\u202e'].map((odd) =>
        inTimeline(
          event({ content: { msgtype: 'm.text', body: odd } }),
          event({ type: odd, event_id: `$${odd}` }),
          event({ type: 'm.room.member', state_key: odd, content: { membership: odd } }),
        ),
      ),
    ),
    {
      name: 'a command that is very long',
      does: 'delivers an encrypted command with sixty thousand letters',
      lie: async (stage) => void (await stage.say(stage.bob, `!status ${'x'.repeat(60_000)}`)),
      expect: { misunderstood: 1 },
    },
    {
      name: 'a room in three sections',
      does: 'says in one sync that the bot is in a room, has left it and is invited to it',
      async lie({ server, ops }) {
        await server.lieInSync((answer) => ({
          ...answer,
          rooms: {
            join: { [ops]: { timeline: { events: [] } } },
            leave: { [ops]: {} },
            invite: { [ops]: { invite_state: { events: [] } } },
          },
        }));
        await server.heardUpTo(server.position);
      },
      expect: { logged: /an invitation by nobody of the policy is not answered/ },
    },
    told(
      'invitations without sense',
      'sends invitations by nobody, by the bot and to no room',
      (answer) => ({
        ...answer,
        rooms: {
          invite: {
            '!a:localhost': 7,
            '!b:localhost': { invite_state: { events: [7, {}, { type: 'm.room.member' }] } },
            '': {},
            '!c:localhost': {
              invite_state: {
                events: [{ type: 'm.room.member', sender: BOT, content: { membership: 'invite' } }],
              },
            },
          },
        },
      }),
    ),
  ],
};

if (import.meta.main) tell(NONSENSE);
