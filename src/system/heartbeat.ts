/**
 * Signs of life for the supervisor, sent only while the daemon gets on: at each beat every part that
 * could hang has to answer. Until it does, no sign is sent, the journal names it, and the supervisor
 * ends us when its patience is over.
 */
import type { Clock, Log } from '../ports.ts';
import type { Supervisor } from './supervisor.ts';

export interface Part {
  readonly name: string;
  /** Resolves if the part gets on. */
  readonly answer: () => Promise<unknown>;
}

export interface HeartbeatParts {
  readonly supervisor: Supervisor;
  readonly parts: readonly Part[];
  /** The line that goes along. */
  readonly status: () => Promise<string>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Beats in the time that the supervisor waits: one may come late, or get lost. */
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
    if (!isOver) log.error({ error }, 'no sign of life: systemd will start me again');
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
