import { createHash } from 'node:crypto';
import t from 'tap';
import { GRACE_MS, PATIENCE_MS, watchRun } from '../../src/desk/runs.ts';
import type { Screen } from '../../src/ports.ts';
import type { Progress } from '../../src/request/life.ts';
import { openLocalScreen } from '../support/local-screen.ts';
import { ManualClock, settle } from '../support/manual-clock.ts';
import { plan } from '../support/requests.ts';
import { ScriptedSandbox } from '../support/scripted-sandbox.ts';

function watch(
  limits: Partial<ReturnType<typeof plan>['limits']> = {},
  screen = openLocalScreen(),
) {
  const clock = new ManualClock();
  const sandbox = new ScriptedSandbox();
  const told: Progress[] = [];
  const watched = watchRun({
    plan: plan({ limits: { ...plan().limits, ...limits } }),
    ...{ held: [], sandbox, screen, clock, onProgress: (progress) => told.push(progress) },
  });
  return { clock, watched, told, screen, run: sandbox.last };
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
  t.hasStrict(ending, { cut: 'limit', sha256, progress: { bytes: 17 } });
  t.strictSame(output, ['one', 'two']);
});

t.test('progress is told now and then, with the last lines', async (t) => {
  const { clock, watched, told, run, screen } = watch();
  /** Until the screen has taken it in. */
  const taken = async () => {
    await settle();
    await screen.lines();
    await settle();
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

/** One that is not open yet, but can be asked. */
class LateScreen implements Screen {
  readonly #screen = openLocalScreen();
  readonly #opening = Promise.withResolvers<void>();
  readonly open = this.#opening.resolve;

  async write(bytes: Uint8Array): Promise<void> {
    await this.#opening.promise;
    return this.#screen.write(bytes);
  }

  async glance(count: number) {
    await this.#opening.promise;
    return this.#screen.glance(count);
  }

  lines = () => this.#screen.lines();
  [Symbol.dispose] = () => this.#screen[Symbol.dispose]();
}

t.test('that a screen opens late is not held against the output', async (t) => {
  const screen = new LateScreen();
  const { clock, watched, run } = watch({ timeoutMs: 100 * PATIENCE_MS }, screen);
  run.print('one\r\n');
  run.print('two');
  await settle();
  await clock.advance(10 * PATIENCE_MS);
  screen.open();
  run.exit(0);
  t.hasStrict(await watched.ended, { output: ['one', 'two'], ending: { cut: undefined } });
});

/** Shows what it is given until it hangs; told to end, it does. */
class StubbornScreen implements Screen {
  readonly #screen = openLocalScreen();
  readonly #ending = Promise.withResolvers<never>();
  isDisposed = false;
  #hangs = false;

  constructor() {
    this.#ending.promise.catch(() => {});
  }

  hang(): void {
    this.#hangs = true;
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#hangs ? this.#ending.promise : this.#screen.write(bytes);
  }

  glance(count: number) {
    return this.isDisposed ? this.#ending.promise : this.#screen.glance(count);
  }

  lines(): Promise<readonly string[]> {
    return this.#hangs ? this.#ending.promise : this.#screen.lines();
  }

  [Symbol.dispose](): void {
    this.isDisposed = true;
    this.#ending.reject(new Error('closed'));
  }
}

async function watchStubborn() {
  const screen = new StubbornScreen();
  const w = watch({}, screen);
  w.run.print('one\r\n');
  while (w.told.length === 0) {
    await settle();
    await w.clock.advance(0);
  }
  screen.hang();
  return { ...w, screen };
}

t.test('output that takes too long to show is waited for no longer', async (t) => {
  const { clock, watched, told, run, screen } = await watchStubborn();
  run.print('x'.repeat(300_000));
  t.equal(run.asked.at(-1), 'pause', 'the run waits for the screen');
  await settle();
  await clock.advance(PATIENCE_MS - 1);
  t.notOk(screen.isDisposed);
  await clock.advance(1);
  t.ok(screen.isDisposed);
  t.equal(run.asked.at(-1), 'resume');
  run.print('three');
  run.exit(0);
  const { ending, output } = await watched.ended;
  const sha256 = createHash('sha256')
    .update(`one\r\n${'x'.repeat(300_000)}three`)
    .digest('hex');
  t.hasStrict(ending, {
    cut: 'slow',
    sha256,
    progress: { tail: ['one'], lines: 1, bytes: 300_010 },
  });
  t.strictSame(output, ['one'], 'what was seen before is kept');
  t.equal(told.length, 1);
  t.equal(clock.pending, 0, 'no timer is left');
});

t.test('nor is it at the end', async (t) => {
  const { clock, watched, run, screen } = await watchStubborn();
  run.exit(0);
  await settle();
  await clock.advance(PATIENCE_MS - 1);
  t.notOk(screen.isDisposed);
  await clock.advance(1);
  t.hasStrict(await watched.ended, { output: ['one'], ending: { cut: 'slow' } });
  t.equal(clock.pending, 0, 'no timer is left');
});

t.test('a screen that fails ends no run', async (t) => {
  const { watched, run, screen } = await watchStubborn();
  run.print('two');
  screen[Symbol.dispose]();
  await settle();
  run.exit(3);
  t.hasStrict((await watched.ended).ending, {
    ...{ cut: 'slow', outcome: { kind: 'exited', exit: 3 }, progress: { bytes: 8 } },
  });
});
