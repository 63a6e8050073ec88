import t from 'tap';
import { fetchGap } from '../../src/matrix/backfill.ts';
import { room } from '../support/ids.ts';

const GAP = { room: room('!r:example.org'), before: 't9', after: 's1' };
const chunk = (...ids: readonly string[]) =>
  ids.map((id) => ({ type: 'x', event_id: id, sender: '@a:b', content: {} }));

/** Pages by the token that they are asked for with. */
async function fetched(pages: Readonly<Record<string, unknown>> | ((from: string) => unknown)) {
  const asked: string[] = [];
  const gap = await fetchGap(
    {
      async tryGet(path, query) {
        asked.push(`${path} ${JSON.stringify(query)}`);
        const from = String(query['from']);
        return typeof pages === 'function' ? pages(from) : pages[from];
      },
    },
    GAP,
  );
  return { asked, complete: gap.complete, events: gap.events.map((e) => e.event) };
}

t.test('pages are fetched backwards, and the events come forwards', async (t) => {
  const { asked, complete, events } = await fetched({
    t9: { chunk: chunk('$5', '$4'), end: 't8' },
    t8: { chunk: chunk('$3', 'no event', '$2'), end: 't7' },
    t7: { chunk: chunk('$1') },
  });
  t.strictSame([complete, events], [true, ['$1', '$2', '$3', '$4', '$5']]);
  t.equal(
    asked[0],
    '/_matrix/client/v3/rooms/!r%3Aexample.org/messages {"dir":"b","from":"t9","to":"s1","limit":100}',
  );
});

t.test('an empty page, or one without an end that can be asked for, is the last', async (t) => {
  t.match(await fetched({ t9: { chunk: [], end: 't8' } }), { complete: true, events: [] });
  for (const end of [7, '', null, 'x'.repeat(5000)])
    t.hasStrict(await fetched({ t9: { chunk: chunk('$1'), end } }), {
      complete: true,
      events: ['$1'],
    });
  for (const answer of [null, 'text', [], { chunk: 'text' }])
    t.match(await fetched({ t9: answer }), { complete: true, events: [] });
});

t.test('a homeserver that has always more is asked for so much and no more', async (t) => {
  const endless = chunk(...Array.from({ length: 500 }, (_, i) => `$${i}`));
  const { asked, complete, events } = await fetched(() => ({ chunk: endless, end: 't9' }));
  t.strictSame([asked.length, complete, events.length], [10, false, 1000]);
});
