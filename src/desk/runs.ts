/**
 * Watches over one run from start to end: its time, its output, its stopping. Everything that a run
 * prints is counted and digested; what is within the cap goes through the screen.
 */
import { createHash } from 'node:crypto';
import type { Plan } from '../execution/plan.ts';
import { openScreen } from '../output/screen.ts';
import type { Clock, OpenFile, Run, RunEnd, Sandbox } from '../ports.ts';
import type { Ending, Outcome, Progress } from '../request/life.ts';

/** Between SIGTERM and SIGKILL. */
export const GRACE_MS = 10_000;
const PROGRESS_MS = 100;
const TAIL_LINES = 40;
/** Output waiting for the screen before the run is made to wait. */
const HIGH_WATER_BYTES = 1 << 20;

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
  readonly clock: Clock;
  readonly onProgress: (progress: Progress) => void;
}

export function watchRun({ plan, held, sandbox, clock, onProgress }: Watch): Watched {
  const startedAt = clock.now();
  const output = collect(plan.limits.outputBytes, clock, onProgress);
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
function collect(limit: number, clock: Clock, onProgress: (progress: Progress) => void) {
  const screen = openScreen();
  const hash = createHash('sha256');
  let bytes = 0;
  let kept = 0;
  let waiting = 0;
  let writing: Promise<void> = Promise.resolve();
  let toldAt = -Infinity;
  let cancelTelling: (() => void) | undefined;

  const progress = (): Progress => {
    const lines = screen.lines(TAIL_LINES);
    return { tail: lines, lines: screen.lineCount(), bytes };
  };
  const tell = (): void => {
    cancelTelling ??= clock.after(Math.max(0, toldAt + PROGRESS_MS - clock.now()), () => {
      cancelTelling = undefined;
      toldAt = clock.now();
      onProgress(progress());
    });
  };

  return {
    take(chunk: Uint8Array, run: Run): void {
      hash.update(chunk);
      bytes += chunk.length;
      const shown = chunk.subarray(0, Math.max(0, limit - kept));
      kept += shown.length;
      if (shown.length === 0) return;
      waiting += shown.length;
      if (waiting > HIGH_WATER_BYTES) run.pause();
      writing = writing.then(async () => {
        await screen.write(shown);
        waiting -= shown.length;
        if (waiting <= HIGH_WATER_BYTES) run.resume();
        tell();
      });
    },
    async close() {
      await writing;
      cancelTelling?.();
      const lines = screen.lines();
      const totals = { progress: progress(), sha256: hash.digest('hex'), capped: bytes > kept };
      screen[Symbol.dispose]();
      return { lines, totals };
    },
  };
}
