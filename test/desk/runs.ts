import { createHash } from 'node:crypto';
import t from 'tap';
import { GRACE_MS, watchRun } from '../../src/desk/runs.ts';
import type { Progress } from '../../src/request/life.ts';
import { ManualClock, settle } from '../support/manual-clock.ts';
import { plan } from '../support/requests.ts';
import { ScriptedSandbox } from '../support/scripted-sandbox.ts';

function watch(limits: Partial<ReturnType<typeof plan>['limits']> = {}) {
  const clock = new ManualClock();
  const sandbox = new ScriptedSandbox();
  const told: Progress[] = [];
  const watched = watchRun({
    plan: plan({ limits: { ...plan().limits, ...limits } }),
    ...{ held: [], sandbox, clock, onProgress: (progress) => told.push(progress) },
  });
  return { clock, watched, told, run: sandbox.last };
}

t.test('how a run ends is what is reported', async (t) => {
  for (const [act, outcome] of [
    [({ run }) => run.exit(3), { kind: 'exited', exit: 3 }],
    [({ run }) => run.notStart('no such program'), { kind: 'not_started' }],
    [({ watched }) => watched.stop({ kind: 'cancelled', by: 'bob' }), { kind: 'cancelled' }],
    [({ watched }) => watched.stop({ kind: 'stopped' }), { kind: 'stopped' }],
    [({ clock }) => void clock.advance(1000), { kind: 'timed_out' }],
  ] as readonly (readonly [(w: ReturnType<typeof watch>) => void, object])[]) {
    const w = watch({ timeoutMs: 1000 });
    act(w);
    await settle();
    w.run.exit(143);
    t.hasStrict((await w.watched.ended).ending.outcome, outcome);
    t.equal(w.clock.pending, 0, 'no timer is left');
  }
});

t.test('who is told to stop and does not is killed after the grace period', async (t) => {
  const { clock, watched, run } = watch();
  watched.stop({ kind: 'cancelled', by: 'bob' });
  watched.stop({ kind: 'stopped' });
  await clock.advance(GRACE_MS - 1);
  t.strictSame(run.asked, ['terminate'], 'once');
  await clock.advance(1);
  t.strictSame(run.asked, ['terminate', 'kill']);
  t.hasStrict(
    (await watched.ended).ending.outcome,
    { kind: 'cancelled', by: 'bob' },
    'the first reason',
  );
});

t.test('every byte is counted and digested, and what is beyond the cap is not kept', async (t) => {
  const { watched, run } = watch({ outputBytes: 8 });
  run.print('one\r\ntwo\r\nthree\r\n');
  run.exit(0);
  const { ending, output } = await watched.ended;
  const sha256 = createHash('sha256').update('one\r\ntwo\r\nthree\r\n').digest('hex');
  t.hasStrict(ending, { capped: true, sha256, progress: { bytes: 17 } });
  t.strictSame(output, ['one', 'two']);
});

t.test('progress is told now and then, with the last lines', async (t) => {
  const { clock, watched, told, run } = watch();
  /** Until the screen has taken it in: beside the time limit, there is a timer for telling then. */
  const taken = async () => {
    while (clock.pending < 2) await settle();
  };
  run.print('one\r\n');
  await taken();
  await clock.advance(0);
  run.print(Array.from({ length: 50 }, (_, i) => `line ${i}\r\n`).join(''));
  await taken();
  await clock.advance(99);
  t.equal(told.length, 1, 'the first at once, the next not before a tenth of a second');
  await clock.advance(1);
  t.has(told[1], { lines: 51, tail: { length: 40, 39: 'line 49' } });
  run.exit(0);
  await watched.ended;
});
