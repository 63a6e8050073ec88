import fc from 'fast-check';
import t from 'tap';
import { parseMessage, parseSync, threadOf } from '../../src/matrix/events.ts';
import { cpuCost } from '../support/cpu.ts';
import { event, user } from '../support/ids.ts';

const message = (body: string, more: object = {}) => ({ msgtype: 'm.text', body, ...more });
const timelineEvent = (change: object = {}) => ({
  type: 'm.room.message',
  event_id: '$e',
  sender: '@alice:example.org',
  content: message('hello'),
  ...change,
});
const joined = (timeline: object, state: object[] = []) => ({
  rooms: { join: { '!r:example.org': { timeline, state: { events: state } } } },
});

t.test('a sync is read: keys, rooms and invitations', async (t) => {
  const sync = parseSync({
    next_batch: 's2',
    to_device: { events: [{ type: 'm.dummy', sender: '@bob:example.org', content: { a: 1 } }] },
    device_lists: { changed: ['@alice:example.org'], left: ['@bob:example.org'] },
    device_one_time_keys_count: { signed_curve25519: 50 },
    device_unused_fallback_key_types: ['signed_curve25519'],
    rooms: {
      join: { '!r:example.org': { timeline: { events: [timelineEvent({ state_key: '' })] } } },
      invite: {
        '!i:example.org': {
          invite_state: {
            events: [
              {
                type: 'm.room.member',
                sender: '@eve:example.org',
                content: { membership: 'join' },
              },
              {
                type: 'm.room.member',
                sender: '@alice:example.org',
                content: { membership: 'invite' },
              },
            ],
          },
        },
      },
    },
  });
  t.strictSame(sync, {
    keys: {
      toDevice: [{ type: 'm.dummy', sender: '@bob:example.org', content: { a: 1 } }],
      changed: ['@alice:example.org'],
      left: ['@bob:example.org'],
      oneTimeKeyCounts: new Map([['signed_curve25519', 50]]),
      unusedFallbackKeys: new Set(['signed_curve25519']),
    },
    joined: [
      {
        room: '!r:example.org',
        events: [
          {
            type: 'm.room.message',
            event: '$e',
            sender: '@alice:example.org',
            stateKey: '',
            content: message('hello'),
          },
        ],
        gapBefore: undefined,
        membersChanged: false,
        stateChanged: true,
      },
    ],
    invites: [{ room: '!i:example.org', from: '@alice:example.org' }],
  });
});

t.test('an empty sync is one in which nothing happened', async (t) => {
  for (const raw of [{}, { next_batch: 's' }, { rooms: {} }, { rooms: { join: {} } }])
    t.match(parseSync(raw), { joined: [], invites: [], keys: { toDevice: [], changed: [] } });
});

t.test('whose membership changed makes the members be asked for again', async (t) => {
  const member = timelineEvent({ type: 'm.room.member', state_key: '@bob:example.org' });
  const changed = (raw: object) => parseSync(raw).joined[0]?.membersChanged;
  t.equal(changed(joined({ events: [timelineEvent()] })), false);
  t.equal(changed(joined({ events: [member] })), true);
  t.equal(changed(joined({ events: [] }, [member])), true);
  t.equal(changed(joined({ events: [], limited: true })), true, 'what was left out may be that');
});

t.test('whatever is state makes the room be looked at again', async (t) => {
  const rules = timelineEvent({ type: 'm.room.join_rules', state_key: '' });
  const changed = (raw: object) => parseSync(raw).joined[0]?.stateChanged;
  t.equal(changed(joined({ events: [timelineEvent()] })), false);
  t.equal(changed(joined({ events: [rules] })), true);
  t.equal(changed(joined({ events: [] }, [rules])), true);
  t.equal(changed(joined({ events: [], limited: true })), true);
});

t.test(
  'what is not of the shape that is known is dropped, and what stands beside it is kept',
  async (t) => {
    const broken = [
      null,
      7,
      'text',
      [],
      timelineEvent({ type: 7 }),
      timelineEvent({ event_id: 'no dollar' }),
      timelineEvent({ event_id: `$${'x'.repeat(300)}` }),
      timelineEvent({ event_id: '$a b' }),
      timelineEvent({ sender: 'alice' }),
      timelineEvent({ sender: '@al\u202eice:example.org' }),
      timelineEvent({ sender: undefined }),
    ];
    const { events } = parseSync(joined({ events: [...broken, timelineEvent()] })).joined[0] ?? {};
    t.equal(events?.length, 1);
    const odd = timelineEvent({ content: 'text', state_key: 7 });
    t.match(parseSync(joined({ events: [odd] })).joined[0]?.events[0], {
      content: {},
      stateKey: undefined,
    });
    const rooms = parseSync({
      rooms: { join: { '!r:example.org': {}, 'no room': {}, '#a:b': {} } },
    });
    t.strictSame(
      rooms.joined.map((r) => r.room),
      ['!r:example.org'],
    );
  },
);

t.test('keys that nobody can have sent do not reach the encryption', async (t) => {
  const { keys } = parseSync({
    to_device: {
      events: [
        { type: 'm.dummy', sender: '@bob:example.org', content: {} },
        { type: 7, sender: '@bob:example.org', content: {} },
        { type: 'm.dummy', sender: 'bob', content: {} },
        { type: 'm.dummy', sender: '@bob:example.org', content: [] },
        { type: 'm.dummy', sender: '@bob:example.org' },
        null,
      ],
    },
    device_lists: { changed: ['@a:b', 7, 'a', null], left: 'all' },
    device_one_time_keys_count: { a: 1, b: 'x', c: 1.5, d: null, e: Infinity },
    device_unused_fallback_key_types: ['a', 7, null],
  });
  t.equal(keys.toDevice.length, 1);
  t.strictSame([keys.changed, keys.left], [['@a:b'], []]);
  t.strictSame([...keys.oneTimeKeyCounts], [['a', 1]]);
  t.strictSame([...keys.unusedFallbackKeys], ['a']);
});

t.test('an invitation is from whoever made us invited, if that can be told', async (t) => {
  const from = (...events: object[]) =>
    parseSync({ rooms: { invite: { '!i:example.org': { invite_state: { events } } } } }).invites[0]
      ?.from;
  const invite = (sender: unknown) => ({
    ...{ type: 'm.room.member', sender, content: { membership: 'invite' } },
  });
  t.equal(from(invite('@alice:example.org')), '@alice:example.org');
  t.equal(from(invite('@eve:example.org'), invite('@alice:example.org')), '@alice:example.org');
  t.equal(from(), undefined);
  t.equal(from(invite(7)), undefined);
  t.equal(from({ ...invite('@alice:example.org'), content: { membership: 'join' } }), undefined);
});

t.test('a message is its text, its relation and whom it mentions', async (t) => {
  t.strictSame(parseMessage('m.room.message', message('!status')), {
    isText: true,
    text: '!status',
    shown: ['!status'],
    relation: 'none',
    mentions: [],
    link: undefined,
  });
  const formatted_body = '<a href="https://matrix.to/#/@bot:example.org">Ops</a>: status';
  t.hasStrict(parseMessage('m.room.message', message('Ops: status', { formatted_body })), {
    link: { user: '@bot:example.org', text: 'Ops' },
  });
  const mentions = { 'm.mentions': { user_ids: ['@bot:example.org', 7], room: true } };
  t.hasStrict(parseMessage('m.room.message', message('x', mentions)), {
    mentions: ['@bot:example.org'],
  });
  t.hasStrict(parseMessage('m.room.message', message('half a \ud83d!')), {
    text: 'half a \ufffd!',
  });
});

t.test('a message of any kind has all that may be shown of it', async (t) => {
  const notice = parseMessage('m.room.message', { ...message('hi'), msgtype: 'm.notice' });
  t.strictSame([notice?.isText, notice?.shown], [false, ['hi']]);
  const poll = parseMessage('m.poll.start', { question: { body: 'which?' } });
  t.strictSame([poll?.isText, poll?.shown], [false, ['which?']]);
});

t.test('what the homeserver puts beside a ciphertext is not shown', async (t) => {
  const said = message('hi');
  const outer = { rel_type: 'm.thread', event_id: '$e', key: '7', more: ['492039'] };
  t.strictSame(parseMessage('m.room.message', said, outer), {
    ...{ isText: true, text: 'hi', shown: ['hi'], relation: 'thread', mentions: [] },
    link: undefined,
  });
  t.strictSame(
    parseMessage('m.room.message', message('* hi', { 'm.new_content': said }), {
      rel_type: 'm.replace',
      more: Array(1000).fill('x'),
    })?.shown,
    ['* hi', 'hi', '* hi\nhi'],
    'nor does it keep anything from being shown',
  );
  t.equal(parseMessage('m.room.message', {}, { key: '492039' }), undefined);
  t.equal(parseMessage('m.dummy', {}, outer), undefined);
});

t.test('the key of a reaction stands beside its ciphertext, and is shown', async (t) => {
  const shown = (key: unknown, content: object = {}, more: object = {}) =>
    parseMessage('m.reaction', content, { rel_type: 'm.annotation', event_id: '$7', key, ...more })
      ?.shown;
  t.strictSame(shown('492039', {}, { more: '1' }), ['492039']);
  t.strictSame(shown('4'.repeat(50)), ['4'.repeat(50)]);
  t.strictSame(shown('x', message('hi')), ['x', 'hi', 'x\nhi']);
  for (const key of ['4'.repeat(51), '', ['492039'], { a: '492039' }, 492039, undefined])
    t.equal(shown(key), undefined, JSON.stringify(key));
  const inner = { 'm.relates_to': { key: '4' } };
  t.strictSame(shown('9', inner), ['4'], 'what is encrypted goes before it');
});

t.test(
  'what clients put before a text, for those that know no better, is not part of it',
  async (t) => {
    const reply = { 'm.relates_to': { 'm.in_reply_to': { event_id: '$e' } } };
    t.hasStrict(parseMessage('m.room.message', message('> <@b:c> hi\n> there\n\n!status', reply)), {
      text: '!status',
    });
    t.hasStrict(parseMessage('m.room.message', message('> quoted\n\n!status')), {
      text: '> quoted\n\n!status',
    });
    t.hasStrict(
      parseMessage('m.room.message', message('* !new', { 'm.new_content': message('!new') })),
      { text: '!new', relation: 'edit' },
    );
    t.hasStrict(parseMessage('m.room.message', message('* !new', { 'm.new_content': 7 })), {
      text: '* !new',
    });
    const long = message('> x\n'.repeat(1_000_000), reply);
    const cost = await cpuCost(() => parseMessage('m.room.message', long));
    t.ok(cost < 500, `${cost} units`);
  },
);

t.test('what is no text message is none', async (t) => {
  for (const [type, content] of [
    ['m.reaction', message('!status')],
    ['m.room.message', { msgtype: 'm.notice', body: '!status' }],
    ['m.room.message', { msgtype: 'm.emote', body: '!status' }],
    ['m.room.message', { msgtype: 'm.file', body: '!status' }],
    ['m.room.message', { msgtype: 'm.text' }],
    ['m.room.message', { msgtype: 'm.text', body: { toString: () => '!status' } }],
    ['m.room.message', { body: '!status' }],
    ['m.room.message', null],
    ['m.room.message', '!status'],
    ['M.ROOM.MESSAGE', message('!status')],
  ] as const)
    t.not(parseMessage(type, content)?.isText, true, JSON.stringify([type, content]));
  for (const [type, content] of [
    ['m.room.message', { msgtype: 'm.text' }],
    ['m.key.verification.ready', message('!status')],
    ['m.room.message', { ...message('!status'), msgtype: 'm.key.verification.request' }],
    ['m.room.message', null],
  ] as const)
    t.equal(parseMessage(type, content), undefined, 'and what says nothing is no message');
});

/** What stands in the event → what it is for us. */
const RELATIONS: readonly (readonly [object, string])[] = [
  [{}, 'none'],
  [{ 'm.relates_to': {} }, 'none'],
  [{ 'm.relates_to': 'm.replace' }, 'none'],
  [{ 'm.relates_to': { rel_type: 'm.replace', event_id: '$e' } }, 'edit'],
  [{ 'm.new_content': {} }, 'edit'],
  [{ 'm.new_content': null }, 'edit'],
  [{ 'm.relates_to': { 'm.in_reply_to': { event_id: '$e' } } }, 'reply'],
  [{ 'm.relates_to': { 'm.in_reply_to': null } }, 'reply'],
  [{ 'm.relates_to': { rel_type: 'm.thread', event_id: '$e' } }, 'thread'],
  [
    { 'm.relates_to': { rel_type: 'm.thread', is_falling_back: true, 'm.in_reply_to': {} } },
    'thread',
  ],
  [{ 'm.relates_to': { rel_type: 'm.thread', 'm.in_reply_to': {} } }, 'reply'],
  [{ 'm.relates_to': { rel_type: 'm.thread', is_falling_back: 1, 'm.in_reply_to': {} } }, 'reply'],
  [{ 'm.relates_to': { rel_type: 'm.thread' }, 'm.new_content': {} }, 'edit'],
];

t.test('an edit and a reply are told from a message of its own', async (t) => {
  for (const [content, relation] of RELATIONS)
    t.hasStrict(
      parseMessage('m.room.message', message('x', content)),
      { relation },
      JSON.stringify(content),
    );
});

t.test('a relation beside a ciphertext counts unless another stands in it', async (t) => {
  for (const [content, relation] of RELATIONS) {
    const { 'm.relates_to': outer, ...rest } = { 'm.relates_to': undefined, ...content };
    const [outside, inside] = [message('x', rest), message('x', content)];
    t.hasStrict(parseMessage('m.room.message', outside, outer), { relation });
    const other = { rel_type: 'm.replace', event_id: '$e' };
    const expected = outer === undefined ? 'edit' : relation;
    t.hasStrict(parseMessage('m.room.message', inside, other), { relation: expected });
  }
});

t.test('an answer is shown in the thread of what it answers', async (t) => {
  const of = (content: object) =>
    threadOf({
      ...{ type: 'x', event: event('$e'), sender: user('@a:b'), stateKey: undefined },
      content: { ...content },
    });
  t.equal(of({}), '$e');
  t.equal(of({ 'm.relates_to': { rel_type: 'm.thread', event_id: '$root' } }), '$root');
  t.equal(of({ 'm.relates_to': { rel_type: 'm.thread', event_id: 'root' } }), '$e');
  t.equal(of({ 'm.relates_to': { rel_type: 'm.reference', event_id: '$root' } }), '$e');
  t.equal(of({ 'm.relates_to': { rel_type: 'm.replace', event_id: '$old' } }), '$old');
});

/** A sync with anything in any place. */
const noise = fc.oneof(
  fc.anything({ withNullPrototype: true }),
  fc.constantFrom('@a:b', '$e', '!r:example.org', 'm.room.member', 'm.text', true),
);
const record = (...keys: readonly string[]) =>
  fc.record(Object.fromEntries(keys.map((key) => [key, noise])), { requiredKeys: [] });
const odd = fc.oneof(
  noise,
  record('rooms', 'to_device', 'device_lists', 'device_one_time_keys_count'),
  noise.map((join) => ({ rooms: { join: { '!r:example.org': join } } })),
  fc
    .array(fc.oneof(noise, record('type', 'event_id', 'sender', 'state_key', 'content')))
    .map((events) => joined({ events })),
);

t.test('no answer of a homeserver makes an exception', async (t) => {
  fc.assert(
    fc.property(odd, (raw) => {
      for (const { room, events } of parseSync(raw).joined)
        for (const one of events)
          if (typeof threadOf(one) !== 'string' || typeof room !== 'string') return false;
      return true;
    }),
    { numRuns: 5000 },
  );
  const content = fc.oneof(
    noise,
    record('msgtype', 'body', 'm.relates_to', 'm.new_content', 'm.mentions'),
  );
  fc.assert(
    fc.property(content, (raw) => {
      const parsed = parseMessage('m.room.message', raw);
      return parsed === undefined || (parsed.text.isWellFormed() && Array.isArray(parsed.mentions));
    }),
    { numRuns: 5000 },
  );
  t.pass();
});
