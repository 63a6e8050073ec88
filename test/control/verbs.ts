import t, { type Test } from 'tap';
import { forTheHost, onRecord } from '../../src/control/verbs.ts';
import { atTerminal } from './fixtures/peer.ts';

/** The daemon runs as this user, whoever runs the test. */
const DAEMON = 61_234;

const FULL =
  'The disk is full, so this could not be recorded and was not done. Free some space, then try again.';

async function as(t: Test, uid: number) {
  t.intercept(process, 'getuid', { value: () => DAEMON });
  let calls = 0;
  const verb = forTheHost(async () => {
    calls++;
    return 7;
  });
  const { peer, notes } = atTerminal({ uid });
  return { code: await verb(peer, {}), calls, notes };
}

t.test('what is for the host is for root, and for the user that the daemon runs as', async (t) => {
  t.strictSame(await as(t, 0), { code: 7, calls: 1, notes: [] });
  t.strictSame(await as(t, DAEMON), { code: 7, calls: 1, notes: [] });
});

t.test('and for nobody else', async (t) => {
  t.strictSame(await as(t, DAEMON + 1), {
    ...{ code: 1, calls: 0 },
    notes: ['This is for root, or for the user that the daemon runs as.'],
  });
});

t.test('a verb that leads to entries is refused while the disk is full', async (t) => {
  for (const [hasRoom, code, calls, notes] of [
    [true, 7, 1, []],
    [false, 120, 0, [FULL]],
  ] as const) {
    let called = 0;
    const verb = onRecord({ hasRoom: async () => hasRoom }, async () => {
      called++;
      return 7;
    });
    const { peer, notes: seen } = atTerminal({ uid: DAEMON });
    t.strictSame([await verb(peer, {}), called, seen], [code, calls, notes]);
  }
});
