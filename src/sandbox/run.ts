/**
 * One run, from its first process to its last byte. Invariants:
 * - the action starts only when every limit and every listening socket is in place;
 * - nothing that it prints is lost, unless somebody outside holds its terminal and goes on printing;
 * - once `ended` settles nothing of it is alive.
 */
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeError } from '../base/errors.ts';
import type { BwrapCommand } from '../execution/bwrap.ts';
import type { Plan } from '../execution/plan.ts';
import type { Run, RunEnd } from '../ports.ts';
import { type BwrapProcess, spawnBwrap } from './bwrap-process.ts';
import type { Dial } from './dial.ts';
import { type Init, watchInit } from './init.ts';
import { limitSandbox } from './limits.ts';
import { explainComplaint } from './mend.ts';
import { openForwards } from './network.ts';
import { killOrphans } from './orphans.ts';
import { openTerminal, type Terminal, type TerminalSize } from './terminal.ts';

/** A run that can also be typed to. */
export interface TerminalRun extends Run {
  write(text: string): void;
}

export interface Launch {
  readonly bwrap: string;
  readonly filter: Uint8Array;
  readonly command: BwrapCommand;
  /** A descriptor for each path of the command. */
  readonly paths: readonly number[];
  readonly limits: Plan['limits'];
  readonly size: TerminalSize;
  readonly dial: Dial;
  readonly onOutput: (bytes: Uint8Array) => void;
}

const RETRY_MS = 5;
const COMPLAINT_BYTES = 4096;
const STOPPED = 'it was stopped before it had started';

export class SandboxRun implements TerminalRun {
  readonly ended: Promise<RunEnd>;
  readonly #launch: Launch;
  readonly #terminal: Terminal;
  readonly #bwrap: BwrapProcess;
  #init: Init | undefined;
  #started = false;
  #stopped = false;
  #exited = false;
  #trouble: string | undefined;
  /** What was printed first: bubblewrap's complaint, if the action was not started. */
  #said = '';

  /** Throws if not even the first process can be started. */
  constructor(launch: Launch) {
    this.#launch = launch;
    this.#terminal = openTerminal(launch.size, (bytes) => this.#take(bytes));
    try {
      this.#bwrap = spawnBwrap({ ...launch, device: this.#terminal.device });
    } finally {
      this.#terminal.release();
    }
    this.ended = this.#conduct(this.#bwrap);
  }

  terminate(): void {
    this.#stopped = true;
    void this.#terminate();
  }

  kill(): void {
    this.#stopped = true;
    this.#init?.kill();
    this.#bwrap.abandon();
  }

  write(text: string): void {
    this.#terminal.write(text);
  }

  pause(): void {
    this.#terminal.pause();
  }

  resume(): void {
    this.#terminal.resume();
  }

  async #conduct(bwrap: BwrapProcess): Promise<RunEnd> {
    using _pipes = bwrap;
    await using held = new AsyncDisposableStack();
    let code: number | undefined;
    for await (const status of bwrap.status) {
      if (status.kind === 'ended') code = status.code;
      else await this.#begin(bwrap, watchInit(status.pid, status.pidNamespace), held);
    }
    const signal = await bwrap.exited;
    this.#exited = true;
    // bubblewrap failed before it named its first process, which then waits for it for ever.
    if (!this.#init) killOrphans(this.#launch.bwrap);
    // bubblewrap ends when the action does; what the action left running ends here.
    this.#init?.kill();
    await this.#init?.gone();
    await this.#terminal.finish();
    return this.#judge(code, signal);
  }

  /** From "the namespaces are made" to "the action may start". */
  async #begin(bwrap: BwrapProcess, init: Init, held: AsyncDisposableStack): Promise<void> {
    const { command, limits, filter, dial } = this.#launch;
    this.#init = init;
    try {
      if (command.forwards.length > 0) {
        held.use(await openForwards(init.pid, command.forwards, dial));
      }
      bwrap.giveFiles();
      held.use(await limitSandbox(init.pid, limits));
      if (this.#stopped) return init.kill();
      this.#started = true;
      bwrap.giveFilter(filter);
    } catch (error) {
      this.#trouble = describeError(error);
      init.kill();
    }
  }

  #take(bytes: Uint8Array): void {
    if (this.#said.length < COMPLAINT_BYTES) this.#said += Buffer.from(bytes).toString();
    this.#launch.onOutput(bytes);
  }

  /** The action may be about to start, so the first attempts may find nobody. */
  async #terminate(): Promise<void> {
    if (!this.#started) return this.kill();
    while (!this.#exited && !this.#init?.terminate()) await sleep(RETRY_MS);
  }

  #judge(code: number | undefined, signal: NodeJS.Signals | null): RunEnd {
    if (code !== undefined) return { kind: 'exited', code };
    // Somebody killed bubblewrap, and the kernel with it (--die-with-parent) all that was inside.
    if (this.#started && signal) {
      return { kind: 'exited', code: 128 + constants.signals[signal] };
    }
    const complaint = this.#said || this.#trouble || 'bubblewrap ended without a word';
    return { kind: 'not_started', reason: this.#stopped ? STOPPED : explainComplaint(complaint) };
  }
}
