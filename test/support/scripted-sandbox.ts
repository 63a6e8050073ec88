/** A sandbox in which nothing runs: each run prints and ends when the test says so. */
import type { Plan } from '../../src/execution/plan.ts';
import type { OpenFile, Run, RunEnd, Sandbox } from '../../src/ports.ts';

export class ScriptedRun implements Run {
  readonly plan: Plan;
  readonly held: readonly OpenFile[];
  readonly ended: Promise<RunEnd>;
  /** What was asked of it, in order. */
  readonly asked: ('terminate' | 'kill' | 'pause' | 'resume')[] = [];
  readonly #onOutput: (bytes: Uint8Array) => void;
  readonly #end: (end: RunEnd) => void;

  constructor(plan: Plan, onOutput: (bytes: Uint8Array) => void, held: readonly OpenFile[] = []) {
    const { promise, resolve } = Promise.withResolvers<RunEnd>();
    this.plan = plan;
    this.held = held;
    this.ended = promise;
    this.#onOutput = onOutput;
    this.#end = resolve;
  }

  print(text: string): void {
    this.#onOutput(Buffer.from(text));
  }

  exit(code: number): void {
    this.#end({ kind: 'exited', code });
  }

  notStart(reason: string): void {
    this.#end({ kind: 'not_started', reason });
  }

  terminate(): void {
    this.asked.push('terminate');
  }

  kill(): void {
    this.asked.push('kill');
    this.#end({ kind: 'exited', code: 137 });
  }

  pause(): void {
    this.asked.push('pause');
  }

  resume(): void {
    this.asked.push('resume');
  }
}

export class ScriptedSandbox implements Sandbox {
  readonly runs: ScriptedRun[] = [];

  start(plan: Plan, onOutput: (bytes: Uint8Array) => void, held?: readonly OpenFile[]): Run {
    const run = new ScriptedRun(plan, onOutput, held);
    this.runs.push(run);
    return run;
  }

  /** The run that was started last. */
  get last(): ScriptedRun {
    const run = this.runs.at(-1);
    if (!run) throw new Error('nothing was started');
    return run;
  }
}
