import t from 'tap';
import { Fatal, Fault } from '../../src/base/errors.ts';
import type { RoomId, UserId } from '../../src/base/ids.ts';
import { openOutbox } from '../../src/matrix/outbox.ts';
import type { Post } from '../../src/ports.ts';
import { event, room, user } from '../support/ids.ts';

const OPS = room('!ops:example.org');
const OTHER = room('!other:example.org');
const ALICE = user('@alice:example.org');

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}
interface Encrypted {
  readonly room: RoomId;
  readonly members: readonly UserId[];
  readonly type: string;
  readonly content: Record<string, unknown>;
}

interface World {
  /** What the homeserver answers to the n-th message. */
  readonly answer?: (n: number) => unknown;
  readonly encrypt?: (content: object) => Promise<object>;
  readonly contentUri?: unknown;
}

function openWorld({ answer = (n) => ({ event_id: `$e${n}` }), ...world }: World = {}) {
  const sent: Sent[] = [];
  const encrypted: Encrypted[] = [];
  const uploaded: Buffer[] = [];
  const outbox = openOutbox({
    client: {
      async doRequest(method: string, path: string, _query: unknown, body: unknown) {
        sent.push({ method, path, body });
        return answer(sent.length);
      },
      async uploadContent(bytes: Buffer) {
        uploaded.push(bytes);
        return ('contentUri' in world ? world.contentUri : 'mxc://example.org/file') as string;
      },
    },
    crypto: {
      async encrypt(room, members, type, content) {
        encrypted.push({ room, members, type, content: { ...content } });
        return world.encrypt?.(content) ?? { ciphertext: encrypted.length };
      },
      encryptFile: (bytes) => ({ bytes: Buffer.from(bytes).reverse(), info: { key: 'k' } }),
    },
    members: { readersOf: async () => [ALICE] },
  });
  return { outbox, sent, encrypted, uploaded };
}

const post = (change: Partial<Post> = {}): Post => ({
  room: OPS,
  thread: event('$command'),
  key: 'K7QF-2M/card',
  body: { text: 'plain', html: '<b>' },
  ...change,
});

t.test('a message goes out encrypted, into its thread, calling nobody', async (t) => {
  const { outbox, sent, encrypted } = openWorld();
  t.equal(await outbox.post(post()), '$e1');
  t.strictSame(encrypted, [
    {
      room: OPS,
      members: [ALICE],
      type: 'm.room.message',
      content: {
        msgtype: 'm.notice',
        body: 'plain',
        format: 'org.matrix.custom.html',
        formatted_body: '<b>',
        'm.mentions': {},
        'm.relates_to': {
          rel_type: 'm.thread',
          event_id: '$command',
          is_falling_back: true,
          'm.in_reply_to': { event_id: '$command' },
        },
      },
    },
  ]);
  t.match(sent[0], {
    method: /^PUT$/,
    path: /^\/_matrix\/client\/v3\/rooms\/!ops%3Aexample\.org\/send\/m\.room\.encrypted\/v\w{26}$/,
    body: { ciphertext: 1 },
  });
  t.notMatch(JSON.stringify(sent), /plain/, 'and nothing goes out in clear');
});

t.test('an edit replaces the text in both places, and calls nobody in either', async (t) => {
  const { outbox, encrypted } = openWorld();
  await outbox.post(post({ replaces: event('$card') }));
  t.strictSame(encrypted[0]?.content, {
    msgtype: 'm.notice',
    body: '* plain',
    format: 'org.matrix.custom.html',
    formatted_body: '* <b>',
    'm.mentions': {},
    'm.new_content': {
      msgtype: 'm.notice',
      body: 'plain',
      format: 'org.matrix.custom.html',
      formatted_body: '<b>',
      'm.mentions': {},
    },
    'm.relates_to': { rel_type: 'm.replace', event_id: '$card' },
  });
});

t.test('a file is encrypted before it is uploaded', async (t) => {
  const { outbox, encrypted, uploaded } = openWorld();
  await outbox.post(post({ file: { name: 'out.txt', bytes: Buffer.from('abc') } }));
  t.same(uploaded, [Buffer.from('cba')]);
  t.has(encrypted[0]?.content, {
    msgtype: 'm.file',
    body: 'out.txt',
    filename: 'out.txt',
    info: { mimetype: 'text/plain; charset=utf-8', size: 3 },
    file: { key: 'k', url: 'mxc://example.org/file' },
    'm.mentions': {},
  });
});

t.test('a file that cannot be found again is not announced', async (t) => {
  for (const contentUri of [undefined, 7, '', 'https://example.org/x', 'mxc://', 'mxc://a b']) {
    const { outbox, sent } = openWorld({ contentUri });
    const file = { name: 'out.txt', bytes: Buffer.from('abc') };
    await t.rejects(outbox.post(post({ file })), { code: /^message_unsent$/ });
    t.equal(sent.length, 0);
  }
});

t.test('the same key is the same transaction, another one is another', async (t) => {
  const { outbox, sent } = openWorld();
  await outbox.post(post());
  await outbox.post(post({ body: { text: 'later', html: 'later' } }));
  await outbox.post(post({ key: 'K7QF-2M/edit/1' }));
  const [first, again, other] = sent.map(({ path }) => path.split('/').at(-1));
  t.equal(again, first);
  t.not(other, first);
  t.notMatch(first, /K7QF/, 'and tells nothing of the key');
  const { outbox: restarted, sent: later } = openWorld();
  await restarted.post(post());
  t.equal(later[0]?.path.split('/').at(-1), first, 'also after a restart');
});

t.test('what is said first is sent first, room by room', async (t) => {
  const anySent = Promise.withResolvers<void>();
  const { outbox, sent } = openWorld({
    async encrypt(content) {
      const { body } = content as { body: string };
      if (body === 'slow') await anySent.promise;
      return { was: body };
    },
    answer(n) {
      anySent.resolve();
      return { event_id: `$e${n}` };
    },
  });
  const body = (text: string) => ({ body: { text, html: text } });
  await Promise.all([
    outbox.post(post({ key: '1', ...body('slow') })),
    outbox.post(post({ key: '2', ...body('fast') })),
    outbox.post(post({ key: '3', room: OTHER, ...body('elsewhere') })),
  ]);
  t.strictSame(
    sent.map(({ body }) => (body as { was: string }).was),
    ['elsewhere', 'slow', 'fast'],
  );
});

t.test('a message that fails does not hold up the next', async (t) => {
  const { outbox } = openWorld({
    answer(n) {
      if (n === 1) throw new Fault('homeserver_refused', 'no');
      return { event_id: '$fine' };
    },
  });
  const [first, second] = await Promise.allSettled([
    outbox.post(post({ key: '1' })),
    outbox.post(post({ key: '2' })),
  ]);
  t.has(first, {
    reason: { name: 'Fault', code: 'message_unsent', cause: { message: 'no' } },
  });
  t.has(second, { value: '$fine' });
});

t.test('what cannot be encrypted is not sent', async (t) => {
  const { outbox, sent } = openWorld({
    encrypt: async () => {
      throw new Error('no session');
    },
  });
  await t.rejects(outbox.post(post()), { name: /^Fault$/, code: /^message_unsent$/ });
  t.strictSame(sent, []);
});

t.test('what is fatal stays fatal', async (t) => {
  const { outbox } = openWorld({
    encrypt: async () => {
      throw new Fatal('crypto_stalled', 'dead');
    },
  });
  await t.rejects(outbox.post(post()), { name: /^Fatal$/, code: /^crypto_stalled$/ });
});

t.test('a homeserver that took a message and names no event has not said yes', async (t) => {
  for (const answer of [{}, { event_id: 7 }, { event_id: 'x' }, null, 'text', []])
    await t.rejects(openWorld({ answer: () => answer }).outbox.post(post()), {
      code: /^message_unsent$/,
    });
});
