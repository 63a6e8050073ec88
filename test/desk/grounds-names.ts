/** What a request is named by and made of: no two go by one name, and every file that it rests on is held. */
import t from 'tap';
import { History } from '../../src/audit/history.ts';
import { Standing } from '../../src/audit/standing.ts';
import { openGrounds, type Wish } from '../../src/desk/grounds.ts';
import type { HeldFiles } from '../../src/ports.ts';
import { requestEntry } from '../../src/request/entries.ts';
import { actorOf, BEGIN } from '../model/fixtures/scenarios.ts';
import { action, event, roomName } from '../support/ids.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { housePolicy } from './fixtures/house-policy.ts';

function open(nonces: readonly string[]) {
  const history = new History();
  const asked: (readonly string[])[] = [];
  const left = [...nonces];
  const policy = housePolicy({ files: ['/etc/ops/servers'] });
  const grounds = openGrounds({
    ...{ policy: () => policy, standing: new Standing(), history, clock: new ManualClock(BEGIN) },
    postures: { look: async () => {}, drift: () => undefined },
    nonce: () => left.shift() ?? 'no more',
    async holdFiles(paths): Promise<HeldFiles> {
      asked.push(paths);
      return {
        files: paths.map((path) => ({ path, sha256: 'ab'.repeat(32) })),
        open: [],
        changes: async () => [],
        [Symbol.asyncDispose]: async () => {},
      };
    },
    requesterChanges: async () => [],
  });
  const restart = policy.actions.get(action('restart'));
  if (!restart) throw new Error('no action');
  const wish: Wish = {
    ...{ kind: 'run', action: restart, values: { n: '7' }, actor: actorOf('alice') },
    source: { room: '!ops:example.org', event: '$e', session: 's', index: 1 },
    ...{ room: roomName('ops'), thread: event('$e'), policy: policy.sha256 },
  };
  return { grounds, history, wish, asked };
}

t.test('two that are open never go by one name', async (t) => {
  const { grounds, wish } = open(['one', 'one', 'one', 'two']);
  const [first, second] = [await grounds.freeze(wish), await grounds.freeze(wish)];
  t.not(first.request.id, second.request.id);
  t.strictSame(
    [first, second].map(({ request }) => request.frozen.nonce),
    ['one', 'two'],
  );
});

t.test('nor does a new one go by the name of one that is on record', async (t) => {
  const { grounds, history, wish } = open(['one', 'one', 'two']);
  const { request } = await grounds.freeze(wish);
  const body = requestEntry(request, { kind: 'pending', missing: [], trace: [] });
  history.note({ v: 1, seq: 0, ts: new Date(BEGIN).toISOString(), boot: 'b', ...body });
  grounds.release(request);
  t.equal((await grounds.freeze(wish)).request.frozen.nonce, 'two');
});

t.test('a name that is free is taken as it comes', async (t) => {
  const { grounds, wish } = open(['one', 'one']);
  const { request } = await grounds.freeze(wish);
  grounds.release(request);
  t.equal((await grounds.freeze(wish)).request.id, request.id, 'of what never was on record');
});

t.test('the program and every file of the action are held, now and after a restart', async (t) => {
  const { grounds, wish, asked } = open(['one']);
  const { request } = await grounds.freeze(wish);
  await grounds.planAgain(request);
  const files = ['/opt/ops/restart', '/etc/ops/servers'];
  t.strictSame(asked, [files, files]);
  t.strictSame(
    request.frozen.files.map(({ path }) => path),
    files,
  );
});
