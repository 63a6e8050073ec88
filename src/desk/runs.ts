/**
 * Watches over one run from start to end: its time, its output, its stopping. Everything that a run
 * prints is counted and digested; what is within the cap goes through the screen.
 */
import { createHash } from 'node:crypto';
import type { Plan } from '../execution/plan.ts';
import type { Clock, Glance, OpenFile, Run, RunEnd, Sandbox, Screen } from '../ports.ts';
import type { Ending, Outcome, Progress } from '../request/life.ts';

/** Between SIGTERM and SIGKILL. */
export const GRACE_MS = 10_000;
const PROGRESS_MS = 100;
const TAIL_LINES = 40;
/** Output waiting for the screen before the run is made to wait. */
const HIGH_WATER_BYTES = 1 << 18;
/** Output that is not shown so long after it came is made to be slow: nobody waits for it any longer. */
export const PATIENCE_MS = 10_000;

export type Stopper =
  | { readonly kind: 'cancelled'; readonly by: string }
  | { readonly kind: 'stopped' };

export interface Watched {
  /** Never rejects. */
  readonly ended: Promise<{ readonly ending: Ending; readonly output: readonly string[] }>;
  /** SIGTERM now, SIGKILL after the grace period. The first reason given is the one reported. */
  stop(why: Stopper): void;
}

export interface Watch {
  readonly plan: Plan;
  /** The files that were agreed to. */
  readonly held: readonly OpenFile[];
  readonly sandbox: Sandbox;
  readonly screen: Screen;
  readonly clock: Clock;
  readonly onProgress: (progress: Progress) => void;
}

export function watchRun(watch: Watch): Watched {
  const { plan, held, sandbox, clock } = watch;
  const startedAt = clock.now();
  const output = collect(watch);
  const run = sandbox.start(plan, (bytes) => output.take(bytes, run), held);
  let stopped: Stopper | { readonly kind: 'timed_out' } | undefined;
  let hasEnded = false;
  let cancelKill = () => {};
  const stop = (why: typeof stopped): void => {
    if (stopped || hasEnded) return;
    stopped = why;
    run.terminate();
    cancelKill = clock.after(GRACE_MS, () => run.kill());
  };
  const cancelTimeout = clock.after(plan.limits.timeoutMs, () => stop({ kind: 'timed_out' }));

  const finish = async () => {
    const end = await run.ended;
    hasEnded = true;
    cancelTimeout();
    cancelKill();
    const collected = await output.close();
    const ending: Ending = {
      outcome: outcomeOf(end, stopped),
      ms: clock.now() - startedAt,
      ...collected.totals,
    };
    return { ending, output: collected.lines };
  };
  return { ended: finish(), stop };
}

function outcomeOf(end: RunEnd, stopped: Stopper | { kind: 'timed_out' } | undefined): Outcome {
  if (end.kind === 'not_started') return { kind: 'not_started', reason: end.reason };
  return stopped ?? { kind: 'exited', exit: end.code };
}

/** Bytes in, safe lines and progress out. */
function collect({ plan, screen, clock, onProgress }: Watch) {
  const limit = plan.limits.outputBytes;
  const hash = createHash('sha256');
  let bytes = 0;
  let kept = 0;
  let waiting = 0;
  let writing: Promise<void> = Promise.resolve();
  let seen: Glance = { tail: [], lines: 0 };
  let toldAt = -Infinity;
  let cancelTelling: (() => void) | undefined;
  let isClosed = false;
  let isGivenUp = false;
  /** That a screen takes its time to open is no fault of what is to be shown. */
  const isOpen = screen.glance(0).catch(() => {}); // what is asked next is told, too

  /** The rest is counted and digested only. */
  const giveUp = (run?: Run): void => {
    isGivenUp = true;
    screen[Symbol.dispose]();
    run?.resume();
  };
  const tell = async (): Promise<void> => {
    const glance = await screen.glance(TAIL_LINES).catch(() => undefined);
    cancelTelling = undefined;
    toldAt = clock.now();
    if (!glance || isClosed) return;
    seen = glance;
    onProgress({ ...seen, bytes });
  };
  const tellSoon = (): void => {
    const dueInMs = Math.max(0, toldAt + PROGRESS_MS - clock.now());
    cancelTelling ??= clock.after(dueInMs, () => void tell());
  };
  const show = async (shown: Uint8Array, run: Run): Promise<void> => {
    await isOpen;
    const cancel = clock.after(PATIENCE_MS, () => giveUp(run));
    try {
      await screen.write(shown);
      waiting -= shown.length;
      if (waiting <= HIGH_WATER_BYTES) run.resume();
      tellSoon();
    } catch {
      giveUp(run);
    } finally {
      cancel();
    }
  };
  /** Everything, as far as it can be had in time. */
  const readAll = async (): Promise<readonly string[]> => {
    const cancel = clock.after(PATIENCE_MS, giveUp);
    try {
      const lines = await screen.lines();
      seen = await screen.glance(TAIL_LINES);
      return lines;
    } catch {
      giveUp();
      return seen.tail;
    } finally {
      cancel();
    }
  };

  return {
    take(chunk: Uint8Array, run: Run): void {
      hash.update(chunk);
      bytes += chunk.length;
      const shown = chunk.subarray(0, Math.max(0, limit - kept));
      kept += shown.length;
      if (shown.length === 0 || isGivenUp) return;
      waiting += shown.length;
      if (waiting > HIGH_WATER_BYTES) run.pause();
      writing = show(shown, run); // the earlier ones are done before it
    },
    async close() {
      await writing;
      isClosed = true;
      cancelTelling?.();
      const lines = await readAll();
      const cut: Ending['cut'] = isGivenUp ? 'slow' : bytes > kept ? 'limit' : undefined;
      screen[Symbol.dispose]();
      return { lines, totals: { progress: { ...seen, bytes }, sha256: hash.digest('hex'), cut } };
    },
  };
}
