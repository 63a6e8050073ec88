/**
 * Feeds the watchdog only while the daemon makes progress: at each beat, every part that could hang has to
 * answer. If one does not, the journal names it, no sign of life is sent, and systemd kills the daemon
 * when WatchdogSec= is over.
 */
import type { Clock, Log } from '../ports.ts';
import type { Supervisor } from './supervisor.ts';

export interface Part {
  readonly name: string;
  /** Resolves if the part makes progress. */
  readonly answer: () => Promise<unknown>;
}

export interface HeartbeatParts {
  readonly supervisor: Supervisor;
  readonly parts: readonly Part[];
  /** Sent with each sign of life. */
  readonly status: () => Promise<string>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Beats per WatchdogSec=, so that a late or lost one does no harm. */
const BEATS = 3;

/** Dispose of the result to stop it. */
export function startHeartbeat(options: HeartbeatParts): Disposable {
  const { supervisor, parts, status, clock, log } = options;
  const { patienceMs } = supervisor;
  if (patienceMs === undefined) return { [Symbol.dispose]() {} };
  let cancel = () => {};
  let isOver = false;

  const next = (): void => {
    if (!isOver) cancel = clock.after(patienceMs / BEATS, () => void beat().catch(miss));
  };
  const beat = async (): Promise<void> => {
    for (const part of parts) await ask(part, options, patienceMs / BEATS);
    await supervisor.tell({ alive: true, status: await status() });
    next();
  };
  const miss = (error: unknown): void => {
    if (!isOver) log.error({ error }, 'no sign of life: systemd will restart me');
  };

  next();
  return {
    [Symbol.dispose]() {
      isOver = true;
      cancel();
    },
  };
}

/** Settles when the part does; if that takes long, says so meanwhile. */
async function ask({ name, answer }: Part, { clock, log }: HeartbeatParts, ms: number) {
  const cancel = clock.after(ms, () => log.error({ part: name }, 'no sign of life so far'));
  try {
    await answer();
  } finally {
    cancel();
  }
}
