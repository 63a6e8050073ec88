import t from 'tap';
import { SyncClient, type SyncHandlers } from '../../src/matrix/client.ts';
import type { Http, HttpRequest } from '../../src/matrix/http.ts';

type Answer = object | string | null | (() => unknown);

/** Syncs through these answers, then stops. */
async function syncThrough(
  answers: readonly Answer[],
  change: Partial<SyncHandlers> & { readonly from?: string } = {},
) {
  const asked: HttpRequest[] = [];
  const handled: unknown[] = [];
  const saved: string[] = [];
  const fatal: unknown[] = [];
  const http: Http = async (request) => {
    asked.push(request);
    const answer = answers[asked.length - 1];
    if (asked.length >= answers.length) client.stop();
    return typeof answer === 'function' ? answer() : answer;
  };
  const client = new SyncClient('http://127.0.0.1', http);
  await client.sync({
    position: { load: () => change.from, save: (token) => void saved.push(token) },
    onSync: async (response, since) => void handled.push([response, since]),
    onFatal: (error) => fatal.push(error),
    ...change,
  });
  return { asked, handled, saved, fatal };
}

const batch = (next_batch: unknown) => ({ next_batch });
const queries = (asked: readonly HttpRequest[]) =>
  asked.map(({ query }) => [query?.['since'], query?.['timeout']]);

t.test(
  'each response is handled before the next is asked for, and then its place is saved',
  async (t) => {
    const { asked, handled, saved, fatal } = await syncThrough([batch('s1'), batch('s2')]);
    t.strictSame(queries(asked), [
      [undefined, 0],
      ['s1', 30_000],
    ]);
    t.strictSame(handled, [
      [batch('s1'), undefined],
      [batch('s2'), 's1'],
    ]);
    t.strictSame([saved, fatal], [['s1', 's2'], []]);
    t.hasStrict(asked[0], { method: 'GET', path: '/_matrix/client/v3/sync', timeoutMs: 30_000 });
    t.equal(asked[1]?.timeoutMs, 60_000);
  },
);

t.test('a sync goes on from where it was', async (t) => {
  const { asked, handled } = await syncThrough([batch('s6')], { from: 's5' });
  t.strictSame(queries(asked), [['s5', 0]]);
  t.strictSame(handled, [[batch('s6'), 's5']]);
});

t.test('a response that cannot be handled is fatal, and its place is not saved', async (t) => {
  const error = new Error('the disk is gone');
  const { saved, fatal, asked } = await syncThrough([batch('s1'), batch('s2'), batch('s3')], {
    onSync: async (_, since) => {
      if (since === 's1') throw error;
    },
  });
  t.strictSame([saved, fatal, asked.length], [['s1'], [error], 2]);
});

t.test('what is no response to a sync is asked for again', async (t) => {
  const nonsense = [null, 'text', [], {}, batch(7), batch(''), batch('x'.repeat(5000))];
  const synced = await Promise.all(nonsense.map((answer) => syncThrough([answer, batch('s1')])));
  for (const { asked, handled } of synced) t.strictSame([asked.length, handled.length], [2, 1]);
});

t.test('a refusal is fatal, unless we were leaving', async (t) => {
  const refusal = new Error('M_UNKNOWN_TOKEN');
  const refuse = () => Promise.reject(refusal);
  t.strictSame((await syncThrough([refuse, batch('s1')])).fatal, [refusal]);
  t.strictSame((await syncThrough([refuse])).fatal, []);
});

t.test('calls of the SDK go through our own transport', async (t) => {
  const asked: HttpRequest[] = [];
  const client = new SyncClient('http://127.0.0.1', async (request) => {
    asked.push(request);
    return { content_uri: 'mxc://a/b', joined: { '@a:b': {} }, room_id: '!r:a' };
  });
  t.equal(await client.uploadContent(Buffer.from('abc'), 'text/plain'), 'mxc://a/b');
  t.strictSame(await client.getJoinedRoomMembers('!r:a'), ['@a:b']);
  await client.joinRoom('!r:a');
  await client.doRequest('PUT', '/x', null, { a: 1 });
  await client.tryGet('/y', { a: 1 });
  t.match(asked, [
    { method: /^POST$/, body: { bytes: Buffer.from('abc'), type: /^text\/plain$/ } },
    { method: /^GET$/, path: /joined_members$/ },
    { method: /^GET$/, path: /whoami$/ },
    { method: /^POST$/, path: /join\/!r%3Aa$/ },
    { method: /^PUT$/, path: /^\/x$/, body: /^\{"a":1\}$/ },
    { method: /^GET$/, path: /^\/y$/, query: { a: 1 }, patienceMs: 20_000 },
  ]);
});

t.test('nothing is asked for that we do not look at', async (t) => {
  const { asked } = await syncThrough([batch('s1')]);
  t.strictSame(JSON.parse(String(asked[0]?.query?.['filter'])), {
    presence: { types: [] },
    account_data: { types: [] },
    room: {
      ephemeral: { types: [] },
      account_data: { types: [] },
      state: { lazy_load_members: true },
      timeline: {
        ...{ limit: 300, lazy_load_members: true },
        types: ['m.room.*', 'm.key.verification.*'],
      },
    },
  });
});
