/**
 * Sends notifications to systemd (sd_notify(3)): ready, stopping, alive, and a line for `systemctl status`.
 * Node has no Unix datagram sockets, so systemd's own tool sends them.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { openMutex } from '../base/mutex.ts';
import type { Log } from '../ports.ts';

export interface Message {
  readonly ready?: true;
  readonly stopping?: true;
  /** Without one of these within WatchdogSec=, systemd kills the daemon. */
  readonly alive?: true;
  /** One line. */
  readonly status?: string;
}

export interface Supervisor {
  /** WatchdogSec=; undefined if there is no watchdog. */
  readonly patienceMs: number | undefined;
  /** Sends messages in the order of the calls. Never rejects: a failure is logged. */
  tell(message: Message): Promise<void>;
}

const TOOL = '/usr/bin/systemd-notify';
const TOOL_LIMIT_MS = 20_000;

/** Without NOTIFY_SOCKET it sends nothing. */
export function openSupervisor(log: Log, tool = TOOL): Supervisor {
  const inOrder = openMutex();
  const isThere = process.env['NOTIFY_SOCKET'] !== undefined;
  return {
    patienceMs: isThere ? watchdogMs() : undefined,
    async tell(message) {
      if (isThere) await inOrder(() => run(tool, formatMessage(message), log));
    },
  };
}

async function run(tool: string, assignments: readonly string[], log: Log): Promise<void> {
  try {
    await promisify(execFile)(tool, assignments, { timeout: TOOL_LIMIT_MS });
  } catch (error) {
    log.warn({ error }, 'a notification to systemd failed');
  }
}

function formatMessage({ ready, stopping, alive, status }: Message): string[] {
  return [
    ...(ready ? ['READY=1'] : []),
    ...(stopping ? ['STOPPING=1'] : []),
    ...(alive ? ['WATCHDOG=1'] : []),
    ...(status === undefined ? [] : [`STATUS=${status}`]),
  ];
}

/** As sd_watchdog_enabled(3): WATCHDOG_PID, if set, has to be this process. */
function watchdogMs(): number | undefined {
  const { WATCHDOG_USEC: microseconds, WATCHDOG_PID: pid } = process.env;
  if (microseconds === undefined || (pid !== undefined && pid !== `${process.pid}`))
    return undefined;
  const ms = Number(microseconds) / 1000;
  return ms > 0 && Number.isFinite(ms) ? ms : undefined;
}
