import t from 'tap';
import type { UserId } from '../../src/base/ids.ts';
import { describeCiphertext } from '../../src/matrix/crypto/megolm.ts';
import type { Decryption, RawEncrypted } from '../../src/matrix/crypto/provenance.ts';
import type { VerificationEvent } from '../../src/matrix/crypto/verification.ts';
import type { Sync, TimelineEvent } from '../../src/matrix/events.ts';
import { openFeed } from '../../src/matrix/feed.ts';
import type { Register } from '../../src/trust/judge.ts';
import type { Sighting } from '../../src/trust/sighting.ts';
import { event, person, room, user } from '../support/ids.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { RecordingLog } from '../support/recording-log.ts';
import {
  ALICE,
  BOT,
  FORMER_ALICE,
  message,
  OPS,
  provenance,
  register,
  SESSION,
} from '../support/sightings.ts';

const DECRYPTED: Decryption = {
  ...{ kind: 'decrypted', type: 'm.room.message', ...provenance() },
  content: { msgtype: 'm.text', body: '!status' },
};
const missing: Decryption = { kind: 'undecryptable', because: 'missing_key', session: SESSION };

interface World {
  /** What decrypting an event gives, time after time; by its id. */
  readonly decrypt?: (event: RawEncrypted, attempt: number) => Decryption;
  readonly accounts?: Register['accounts'];
  readonly pages?: (query: Readonly<Record<string, unknown>>) => unknown;
}

function openWorld({ decrypt = () => DECRYPTED, pages = () => ({}), accounts }: World = {}) {
  const heard: Sighting[] = [];
  const order: string[] = [];
  const forgotten: string[] = [];
  const given: RawEncrypted[] = [];
  const verifying: VerificationEvent[] = [];
  const clock = new ManualClock();
  const log = new RecordingLog();
  const feed = openFeed({
    ...{ clock, log, register: () => ({ ...register(), ...(accounts && { accounts }) }) },
    client: { tryGet: async (_path, query) => pages(query) },
    crypto: {
      async receive() {
        order.push('keys');
      },
      async decrypt(event) {
        given.push(event);
        return decrypt(event, given.length);
      },
      hearVerification(event) {
        verifying.push(event);
      },
    },
    members: { forget: (room) => void forgotten.push(room) },
    async hear(sighting) {
      order.push(sighting.event);
      heard.push(sighting);
    },
  });
  const ids = () => heard.map((s) => s.event);
  return { feed, heard, ids, order, forgotten, given, verifying, clock, log };
}

const hearVerification = () => {};

const encrypted = (id: string, change: object = {}): TimelineEvent => ({
  ...{ type: 'm.room.encrypted', event: event(id), sender: ALICE, stateKey: undefined },
  content: { algorithm: 'm.megolm.v1.aes-sha2', session_id: SESSION, ciphertext: 'AwgA' },
  ...change,
});
/** A ciphertext of its own for each text. */
const sealed = (text: string) => ({
  content: {
    ...encrypted('$x').content,
    ciphertext: Buffer.from(text.padStart(100)).toString('base64'),
  },
});
const clear = (id: string, body = 'hello'): TimelineEvent => ({
  ...encrypted(id),
  type: 'm.room.message',
  content: { msgtype: 'm.text', body },
});
const member = (id: string, who: string, membership = 'join'): TimelineEvent => ({
  ...encrypted(id),
  ...{ type: 'm.room.member', stateKey: who, content: { membership } },
});

const NO_KEYS: Sync['keys'] = {
  ...{ toDevice: [], changed: [], left: [] },
  ...{ oneTimeKeyCounts: new Map(), unusedFallbackKeys: new Set() },
};
const sync = (
  events: readonly TimelineEvent[],
  change: Partial<Sync['joined'][number]> = {},
): Sync => ({
  keys: NO_KEYS,
  joined: [
    {
      room: OPS,
      events,
      gapBefore: undefined,
      membersChanged: false,
      stateChanged: false,
      ...change,
    },
  ],
  invites: [],
});

t.test(
  'keys are taken in before anything is decrypted, and events come in their order',
  async (t) => {
    const { feed, order } = openWorld();
    await feed.handle(sync([encrypted('$1'), clear('$2'), encrypted('$3')]), 'live');
    t.strictSame(order, ['keys', '$1', '$2', '$3']);
  },
);

t.test('what was decrypted is heard with its proof, what was not is heard as such', async (t) => {
  const { feed, heard } = openWorld({
    decrypt: (e) =>
      (e as unknown as { event_id: string }).event_id === '$1'
        ? DECRYPTED
        : { kind: 'undecryptable', because: 'damaged', session: SESSION },
  });
  await feed.handle(sync([encrypted('$1'), encrypted('$2'), clear('$3')]), 'missed');
  t.strictSame(heard[0], {
    ...{ room: OPS, event: '$1', sender: ALICE, thread: '$1', when: 'missed' },
    seen: {
      kind: 'decrypted',
      message: message('!status'),
      from: provenance({ ciphertext: describeCiphertext('AwgA') }),
    },
  });
  t.strictSame(heard[1]?.seen, {
    ...{ kind: 'undecryptable', because: 'damaged', session: SESSION },
    ...{ index: 0, ciphertext: describeCiphertext('AwgA') },
  });
  t.hasStrict(heard[2]?.seen, { kind: 'clear', message: { text: 'hello' } });
});

t.test('a relation counts whether it stands outside of the ciphertext or in it', async (t) => {
  const relation = { 'm.relates_to': { rel_type: 'm.replace', event_id: '$0' } };
  const outside = openWorld();
  const { content } = encrypted('$1');
  await outside.feed.handle(
    sync([encrypted('$1', { content: { ...content, ...relation } })]),
    'live',
  );
  t.hasStrict(outside.heard, [{ thread: '$0', seen: { message: { relation: 'edit' } } }]);
  const inside = openWorld({
    decrypt: () => ({
      ...DECRYPTED,
      content: { msgtype: 'm.text', body: '* !x', 'm.new_content': { body: '!x' } },
    }),
  });
  await inside.feed.handle(sync([encrypted('$1')]), 'live');
  t.hasStrict(inside.heard, [{ seen: { message: { relation: 'edit', text: '!x' } } }]);
});

t.test('the encryption is given what it needs, and nothing else of the homeserver', async (t) => {
  const { feed, given } = openWorld();
  const content = {
    ...encrypted('$1').content,
    ...{ device_id: 7, sender_key: {}, 'm.relates_to': 7, deep: [[[]]] },
  };
  await feed.handle(sync([encrypted('$1', { content })]), 'live');
  t.strictSame(given, [
    {
      event_id: '$1',
      sender: ALICE,
      type: 'm.room.encrypted',
      origin_server_ts: 0,
      content: { algorithm: 'm.megolm.v1.aes-sha2', session_id: SESSION, ciphertext: 'AwgA' },
    },
  ]);
});

t.test('what no client can have sent is passed over', async (t) => {
  const { feed, ids, given } = openWorld();
  const { content } = encrypted('$1');
  const odd = [
    { ...content, algorithm: 'm.olm.v1.curve25519-aes-sha2' },
    { ...content, session_id: 7 },
    { ...content, session_id: '' },
    { ...content, session_id: `${SESSION}x` },
    { ...content, session_id: '\ud800'.repeat(43) },
    { ...content, session_id: `${SESSION.slice(1)}\n` },
    { ...content, ciphertext: 'x'.repeat(100_001) },
    {},
  ];
  await feed.handle(sync(odd.map((content, i) => encrypted(`$${i}`, { content }))), 'live');
  await feed.handle(sync([encrypted('$state', { stateKey: '' })]), 'live');
  await feed.handle(sync([encrypted('$own', { sender: BOT })]), 'live');
  const reaction = { type: 'm.reaction', content: { 'm.relates_to': { event_id: '$x' } } };
  await feed.handle(sync([{ ...clear('$other'), ...reaction }]), 'live');
  t.strictSame([ids(), given], [[], []]);
});

t.test('rooms that the policy does not name are not even decrypted', async (t) => {
  const { feed, ids, given } = openWorld();
  await feed.handle(sync([encrypted('$1')], { room: room('!other:example.org') }), 'live');
  t.strictSame([ids(), given], [[], []]);
});

t.test('a direct room that was left is still listened to: it is answered there', async (t) => {
  const { feed, ids } = openWorld();
  await feed.handle(sync([encrypted('$1')], { room: FORMER_ALICE }), 'live');
  t.strictSame(ids(), ['$1']);
});

t.test('a message waits for its key, and the position of the sync with it', async (t) => {
  const { feed, ids, clock } = openWorld({ decrypt: (_, n) => (n < 3 ? missing : DECRYPTED) });
  await feed.handle(sync([encrypted('$1')]), 'live', 's0');
  t.strictSame([ids(), feed.heardUpTo('s1')], [[], 's0']);
  await clock.advance(5000);
  await feed.handle(sync([]), 'live', 's1');
  t.strictSame([ids(), feed.heardUpTo('s2')], [[], 's0']);
  await feed.handle(sync([]), 'live', 's2');
  t.strictSame([ids(), feed.heardUpTo('s3')], [['$1'], 's3']);
});

t.test('a message that has waited long enough is heard as what it is', async (t) => {
  const { feed, heard, clock } = openWorld({ decrypt: () => missing });
  await feed.handle(sync([encrypted('$1')]), 'live');
  await clock.advance(10_000);
  await feed.handle(sync([]), 'live');
  t.hasStrict(heard, [{ event: '$1', when: 'live', seen: { because: 'missing_key' } }]);
  t.equal(feed.heardUpTo('s'), 's');
});

t.test(
  'messages without end that wait hold the position up for no longer than they wait',
  async (t) => {
    const { feed, clock } = openWorld({ decrypt: () => missing });
    const held: (string | undefined)[] = [];
    for (let n = 0; n < 6; n++) {
      await feed.handle(
        sync([encrypted(`$${n}`, sealed(`${n}`))]),
        'live',
        n === 0 ? undefined : `s${n}`,
      );
      held.push(feed.heardUpTo(`s${n + 1}`));
      await clock.advance(4000);
    }
    t.strictSame(held, [undefined, undefined, undefined, 's1', 's2', 's3']);
  },
);

const from = (count: number, sender: UserId) =>
  Array.from({ length: count }, (_, i) =>
    encrypted(`$${i}`, { sender, ...sealed(`${i} ${sender}`) }),
  );

t.test('only so many messages of people of the policy wait', async (t) => {
  const all = Array.from({ length: 9 }, (_, i) => user(`@p${i}:example.org`));
  const accounts = new Map(all.map((id) => [id, { person: person('alice'), identity: undefined }]));
  const { feed, heard } = openWorld({ decrypt: () => missing, accounts });
  await feed.handle(sync(from(25, user('@p0:example.org'))), 'live');
  t.equal(heard.length, 5, 'of one account');
  await feed.handle(sync(all.slice(1).flatMap((sender) => from(11, sender))), 'live');
  t.equal(heard.length, 5 + 8, 'and of all of them');
});

t.test('however many messages of strangers wait, those of people can wait as well', async (t) => {
  const people = Array.from({ length: 5 }, (_, i) => user(`@p${i}:example.org`));
  const accounts = new Map(
    people.map((id) => [id, { person: person('alice'), identity: undefined }]),
  );
  const { feed, heard } = openWorld({ decrypt: () => missing, accounts });
  await feed.handle(sync(from(25, user('@mallory:example.org'))), 'live');
  t.equal(heard.length, 5, 'of one account');
  const many = Array.from({ length: 9 }, (_, i) => from(10, user(`@s${i}:example.org`))).flat();
  await feed.handle(sync(many), 'live');
  t.equal(heard.length, 5 + 60, 'and of all strangers');
  await feed.handle(sync(people.flatMap((sender) => from(20, sender))), 'live');
  t.equal(heard.length, 5 + 60);
});

t.test('nothing is shown that stands beside the ciphertext', async (t) => {
  const { feed, heard } = openWorld();
  const relation = { rel_type: 'm.thread', event_id: '$0', more: ['492039'] };
  const content = { ...encrypted('$1').content, 'm.relates_to': relation };
  await feed.handle(sync([encrypted('$1', { content })]), 'live');
  const [seen] = heard.map((sighting) => sighting.seen);
  if (seen?.kind !== 'decrypted') throw new Error('not decrypted');
  t.strictSame(seen.message.shown, ['!status']);
  t.equal(seen.message.relation, 'thread');
});

t.test('timers run between events, however many come at once', async (t) => {
  const { feed, heard } = openWorld();
  const seen: number[] = [];
  const look = () => {
    seen.push(heard.length);
    if (heard.length < 5) setImmediate(look);
  };
  setImmediate(look);
  await feed.handle(sync(Array.from({ length: 5 }, (_, i) => clear(`$${i}`))), 'live');
  t.strictSame(seen, [0, 1, 2, 3, 4]);
});

t.test('a copy of what waits for its key is looked at after it', async (t) => {
  let keyIsHere = false;
  const isOriginal = (e: RawEncrypted) => e.sender === ALICE;
  const { feed, ids, log } = openWorld({
    decrypt: (e) => {
      if (!isOriginal(e)) return { kind: 'undecryptable', because: 'damaged', session: SESSION };
      return keyIsHere ? DECRYPTED : missing;
    },
  });
  const copy = (id: string, sender: string) =>
    encrypted(id, { sender: user(sender), ...sealed('alice') });
  const copies = Array.from({ length: 22 }, (_, i) => copy(`$copy${i}`, '@mallory:example.org'));
  await feed.handle(sync([encrypted('$1', sealed('alice')), ...copies]), 'live');
  t.strictSame(ids(), []);
  const passedOver = log.lines.filter(
    ({ message }) => message === 'passed over a copy of a message that waits',
  );
  t.equal(passedOver.length, 2, 'of one account, no more wait than else');
  keyIsHere = true;
  await feed.handle(sync([copy('$late', '@bob:example.org')]), 'live');
  t.strictSame(ids().slice(0, 2), ['$1', '$copy0']);
  t.equal(ids().at(-1), '$late');
});

t.test(
  'the original waits behind a copy that came first, however much its sender has waiting',
  async (t) => {
    let keyIsHere = false;
    const { feed, ids } = openWorld({ decrypt: () => (keyIsHere ? DECRYPTED : missing) });
    const talk = Array.from({ length: 20 }, (_, i) => encrypted(`$talk${i}`, sealed(`${i}`)));
    const copy = encrypted('$copy', { sender: user('@mallory:example.org'), ...sealed('said') });
    await feed.handle(sync([...talk, copy, encrypted('$said', sealed('said'))]), 'live');
    t.strictSame(ids(), []);
    keyIsHere = true;
    await feed.handle(sync([]), 'live');
    t.strictSame(ids().slice(-2), ['$copy', '$said']);
  },
);

t.test('what waits is still of the time when it came', async (t) => {
  const { feed, heard } = openWorld({ decrypt: (_, n) => (n === 1 ? missing : DECRYPTED) });
  await feed.handle(sync([encrypted('$1')]), 'missed');
  await feed.handle(sync([encrypted('$2')]), 'live');
  t.strictSame(
    heard.map(({ event, when }) => [event, when]),
    [
      ['$1', 'missed'],
      ['$2', 'live'],
    ],
  );
});

t.test('what stands before our own arrival was not said to us', async (t) => {
  const { feed, heard } = openWorld();
  const events = [encrypted('$before'), member('$join', BOT), encrypted('$after')];
  await feed.handle(sync(events), 'live');
  await feed.handle(sync([encrypted('$later'), member('$again', BOT)]), 'live');
  t.strictSame(
    heard.map(({ event, when }) => [event, when]),
    [
      ['$before', 'history'],
      ['$after', 'live'],
      ['$later', 'live'],
    ],
    'only the first time that we are in the room',
  );
});

t.test('a change of members makes them be asked for again', async (t) => {
  const { feed, forgotten } = openWorld();
  await feed.handle(sync([], { membersChanged: true }), 'live');
  await feed.handle(sync([]), 'live');
  t.strictSame(forgotten, [OPS]);
});

t.test('what a sync left out is fetched, and is heard before the rest, as missed', async (t) => {
  const chunk = ['$gap2', '$gap1'].map((id) => ({
    ...{ type: 'm.room.encrypted', event_id: id, sender: ALICE },
    content: encrypted(id).content,
  }));
  const queries: unknown[] = [];
  const { feed, heard, log } = openWorld({
    pages(query) {
      queries.push(query);
      return query['from'] === 't2' ? { chunk } : {};
    },
  });
  await feed.handle(sync([encrypted('$1')], { gapBefore: 't2' }), 'live', 't1');
  t.strictSame(
    heard.map(({ event, when }) => [event, when]),
    [
      ['$gap1', 'missed'],
      ['$gap2', 'missed'],
      ['$1', 'live'],
    ],
  );
  t.hasStrict(queries, [{ dir: 'b', from: 't2', to: 't1' }]);
  t.hasStrict(log.messages, ['fetched what a sync left out']);
});

t.test('a gap that cannot be fetched is on the log, and the rest is heard', async (t) => {
  const { feed, ids, log } = openWorld({
    pages() {
      throw new Error('no');
    },
  });
  await feed.handle(sync([encrypted('$1')], { gapBefore: 't2' }), 'live', 't1');
  t.strictSame(ids(), ['$1']);
  t.match(log.lines, [{ level: /^warn$/, message: /cannot be fetched/ }]);
});

t.test('without a position before it there is no gap', async (t) => {
  const { feed, ids } = openWorld({ pages: () => t.fail('asked') });
  await feed.handle(sync([encrypted('$1')], { gapBefore: 't2' }), 'history');
  t.strictSame(ids(), ['$1']);
});

t.test('an upgraded room is not followed, and that is said', async (t) => {
  const { feed, ids, log } = openWorld();
  await feed.handle(sync([{ ...member('$1', ''), type: 'm.room.tombstone' }]), 'live');
  t.strictSame(ids(), []);
  t.match(log.messages, [/upgraded; I do not follow/]);
});

t.test(
  'what is about a verification is handed on while it is live, and is no message',
  async (t) => {
    const relates = { 'm.relates_to': { rel_type: 'm.reference', event_id: '$0' } };
    const ready = { from_device: 'X', methods: [] };
    const request = { msgtype: 'm.key.verification.request', to: BOT };
    const { feed, heard, verifying } = openWorld({
      decrypt: () => ({ ...DECRYPTED, type: 'm.key.verification.ready', content: ready }),
    });
    const asked = { ...clear('$1'), content: request };
    const answered = encrypted('$2', { content: { ...encrypted('$2').content, ...relates } });
    await feed.handle(sync([asked, answered]), 'missed');
    t.strictSame(verifying, []);
    await feed.handle(sync([asked, answered]), 'live');
    t.strictSame(verifying, [
      { ...{ room: OPS, event: '$1', sender: ALICE }, type: 'm.room.message', content: request },
      {
        ...{ room: OPS, event: '$2', sender: ALICE, type: 'm.key.verification.ready' },
        content: { ...relates, ...ready },
      },
    ]);
    t.strictSame(heard, []);
  },
);

t.test('a sighting is handed over before the next one is looked at', async (t) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const started: string[] = [];
  const { feed } = {
    feed: openFeed({
      ...{ clock: new ManualClock(), log: new RecordingLog(), register },
      client: { tryGet: async () => ({}) },
      crypto: { receive: async () => {}, decrypt: async () => DECRYPTED, hearVerification },
      members: { forget() {} },
      async hear({ event }) {
        started.push(event);
        await promise;
      },
    }),
  };
  const handled = feed.handle(sync([encrypted('$1'), encrypted('$2')]), 'live');
  for (let turns = 0; turns < 100; turns++) await new Promise((done) => setImmediate(done));
  t.strictSame(started, ['$1']);
  resolve();
  await handled;
  t.strictSame(started, ['$1', '$2']);
});

t.test('what cannot be recorded ends the handling: the sync will come again', async (t) => {
  const { feed } = {
    feed: openFeed({
      ...{ clock: new ManualClock(), log: new RecordingLog(), register },
      client: { tryGet: async () => ({}) },
      crypto: { receive: async () => {}, decrypt: async () => DECRYPTED, hearVerification },
      members: { forget() {} },
      hear: async () => Promise.reject(new Error('the disk is gone')),
    }),
  };
  await t.rejects(feed.handle(sync([encrypted('$1')]), 'live'), /the disk is gone/);
});

t.test(
  'a user whom the policy does not know is heard as well: that is for others to judge',
  async (t) => {
    const { feed, heard } = openWorld();
    const stranger = user('@stranger:example.org');
    await feed.handle(sync([encrypted('$1', { sender: stranger })]), 'live');
    t.hasStrict(heard, [{ sender: stranger }]);
  },
);
