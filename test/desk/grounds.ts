import t from 'tap';
import { History } from '../../src/audit/history.ts';
import { Standing } from '../../src/audit/standing.ts';
import { type GroundParts, openGrounds, type Wish } from '../../src/desk/grounds.ts';
import type { HeldFiles } from '../../src/ports.ts';
import { actorOf, BEGIN, MINUTE } from '../model/fixtures/scenarios.ts';
import { event, roomName } from '../support/ids.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { housePolicy } from './fixtures/house-policy.ts';

function open(change: Partial<GroundParts> = {}) {
  const held = { open: 0, sha256: 'ab'.repeat(32) };
  let policy = housePolicy();
  const grounds = openGrounds({
    policy: () => policy,
    standing: new Standing(),
    history: new History(),
    postures: { look: async () => {}, drift: () => undefined },
    clock: new ManualClock(BEGIN),
    nonce: () => 'nonce',
    async holdFiles(paths): Promise<HeldFiles> {
      held.open++;
      return {
        files: paths.map((path) => ({ path, sha256: held.sha256 })),
        open: [],
        changes: async () => [],
        [Symbol.asyncDispose]: async () => void held.open--,
      };
    },
    requesterChanges: async () => [],
    ...change,
  });
  const action = [...policy.actions.values()].find(({ name }) => name === 'restart');
  if (!action) throw new Error('no action');
  const wish: Wish = {
    ...{ kind: 'run', action, values: { n: '7' }, actor: actorOf('alice') },
    source: { room: '!ops:example.org', event: '$e', session: 's', index: 1 },
    ...{ room: roomName('ops'), thread: event('$e'), policy: policy.sha256 },
  };
  const setPolicy = (next: typeof policy) => {
    policy = next;
  };
  return { grounds, wish, held, setPolicy };
}

t.test('all that a run will be is frozen, values of the environment as hashes', async (t) => {
  const { grounds, wish } = open();
  const { request, plan } = await grounds.freeze(wish);
  t.strictSame(plan.argv, ['/opt/ops/restart', '7']);
  t.match(request.frozen, { env: { VAKTROM_PERSON: /^[0-9a-f]{64}$/ } });
  t.hasStrict(request.frozen, {
    argv: plan.argv,
    files: [{ path: '/opt/ops/restart', sha256: 'ab'.repeat(32) }],
    policy: housePolicy().sha256,
    createdAt: BEGIN,
    expiresAt: BEGIN + 2 * MINUTE,
    startWithinMs: MINUTE,
  });
});

t.test('the same plan is made again after a restart, or none', async (t) => {
  const { request } = await open().grounds.freeze(open().wish);
  const same = open();
  t.hasStrict(await same.grounds.planAgain(request), { argv: request.frozen.argv });
  t.equal(same.held.open, 1);

  const another = open();
  another.setPolicy({ ...housePolicy(), sha256: 'e' });
  t.equal(await another.grounds.planAgain(request), undefined, 'another policy');
  const without = open();
  without.setPolicy({ ...housePolicy(), actions: new Map() });
  t.equal(await without.grounds.planAgain(request), undefined, 'no such action');
  const environment = open();
  environment.setPolicy(housePolicy({ env: { MORE: 'x' } }));
  t.equal(await environment.grounds.planAgain(request), undefined, 'another environment');
  const swapped = open();
  swapped.held.sha256 = 'cd'.repeat(32);
  t.equal(await swapped.grounds.planAgain(request), undefined, 'another program');
  t.equal(swapped.held.open, 0, 'and nothing is kept open for it');
});

t.test('files are let go of once', async (t) => {
  const { grounds, wish, held } = open();
  const { request } = await grounds.freeze(wish);
  grounds.release(request);
  grounds.release(request);
  t.equal(held.open, 0);
});

t.test('what was asked for under another policy is not allowed by this one', async (t) => {
  const { grounds, wish } = open();
  const { request } = await grounds.freeze({ ...wish, policy: '0'.repeat(64) });
  const nothing = { factor: undefined, signOffs: [] };
  t.hasStrict(grounds.worldOf(request).decide(nothing), { kind: 'deny', because: 'unevaluable' });
});
