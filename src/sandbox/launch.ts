/**
 * The sandbox: runs plans, each in namespaces, a terminal and limits of its own, by bubblewrap. It
 * keeps nothing on disk: what a run writes outside of its plan's paths is in memory that goes with
 * it.
 */
import { existsSync, realpathSync } from 'node:fs';
import { describeError, Fault } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import { isWithin, planBwrap } from '../execution/bwrap.ts';
import type { Plan } from '../execution/plan.ts';
import type { OpenFile, Sandbox } from '../ports.ts';
import { removeOldGroups } from './cgroup.ts';
import { type Dial, dial } from './dial.ts';
import { type Equipment, findEquipment } from './host.ts';
import { killOrphans } from './orphans.ts';
import { openPaths } from './paths.ts';
import { SandboxRun, type TerminalRun } from './run.ts';
import type { TerminalSize } from './terminal.ts';

export interface SandboxOptions {
  readonly size: TerminalSize;
  /** Existing folders of the daemon's own: a plan that would show one is not started. */
  readonly hidden: readonly string[];
  /** How a destination is reached; by default by TCP from the host. */
  readonly dial?: Dial;
}

type OnOutput = (bytes: Uint8Array) => void;

/**
 * The port, with runs that can be typed to. Disposing of it kills what runs and waits for the end.
 */
export interface OpenSandbox extends Sandbox, AsyncDisposable {
  start(plan: Plan, onOutput: OnOutput, held?: readonly OpenFile[]): TerminalRun;
}

/**
 * Throws Fault `sandbox_unavailable` with what to do, if this host lacks a program or has a hidden
 * folder where every action sees it.
 */
export function openSandbox(options: SandboxOptions): OpenSandbox {
  const equipment = findEquipment();
  const hidden = options.hidden.map((folder) => requireHidden(folder, equipment));
  const runs = new Set<TerminalRun>();
  let isClosing = false;
  killOrphans(equipment.bwrap);
  removeOldGroups();

  return {
    start(plan, onOutput, held) {
      if (isClosing) return notStarted('the daemon is shutting down');
      const launched = launch(plan, onOutput, { ...options, hidden, equipment, held });
      if (!launched.ok) return notStarted(launched.error);
      const run = launched.value;
      runs.add(run);
      void run.ended.then(() => runs.delete(run));
      return run;
    },
    async [Symbol.asyncDispose]() {
      isClosing = true;
      for (const run of runs) {
        run.kill();
        run.resume(); // its end waits for the last byte to be taken
      }
      await Promise.all([...runs].map((run) => run.ended));
    },
  };
}

/** The real path. What lies in the system is seen by every action, under the daemon's own user. */
function requireHidden(folder: string, { folders, files }: Equipment): string {
  const real = realpathSync(folder);
  const system = ['/usr', ...folders.map(({ path }) => path), ...files];
  const shown = system.find((place) => isWithin(real, place) || isWithin(place, real));
  if (shown === undefined) return real;
  throw new Fault('sandbox_unavailable', `every action sees ${shown}: keep ${real} elsewhere`);
}

interface Means extends SandboxOptions {
  readonly equipment: Equipment;
  readonly held: readonly OpenFile[] | undefined;
}

/** What could not be read was not hashed: nobody agreed to it. */
function findUnheld({ argv: [program] }: Plan, held: readonly OpenFile[]): string | undefined {
  if (held.some(({ asked }) => asked === program)) return undefined;
  return existsSync(program)
    ? `${program} cannot be read, so nobody can have agreed to what is in it: chmod +r`
    : `there is no ${program} on this host`;
}

function launch(plan: Plan, onOutput: OnOutput, means: Means): Result<TerminalRun, string> {
  const unheld = means.held && findUnheld(plan, means.held);
  if (unheld !== undefined) return err(unheld);
  const command = planBwrap(plan, means.equipment, means.held);
  if (!command.ok) return command;
  const paths = openPaths(command.value.paths, means.hidden, means.held);
  if (!paths.ok) return paths;
  using opened = paths.value;
  try {
    const { bwrap, filter } = means.equipment;
    const { size, dial: reach = dial } = means;
    const task = { command: command.value, paths: opened.descriptors, limits: plan.limits };
    return ok(new SandboxRun({ ...task, bwrap, filter, size, dial: reach, onOutput }));
  } catch (error) {
    return err(describeError(error));
  }
}

const notStarted = (reason: string): TerminalRun => ({
  ended: Promise.resolve({ kind: 'not_started', reason }),
  terminate() {},
  kill() {},
  write() {},
  pause() {},
  resume() {},
});
