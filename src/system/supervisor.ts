/**
 * Tells systemd how we are (sd_notify(3)): that we serve, a line for `systemctl status`, that we are
 * alive. Node cannot write to a datagram socket of the Unix kind, so systemd's own tool does it.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { openMutex } from '../base/mutex.ts';
import type { Log } from '../ports.ts';

export interface Message {
  readonly ready?: true;
  readonly stopping?: true;
  /** We are alive: once this has not come for WatchdogSec= of the unit, systemd kills us. */
  readonly alive?: true;
  /** One line. */
  readonly status?: string;
}

export interface Supervisor {
  /** How long it waits for a sign of life; undefined: it expects none. */
  readonly patienceMs: number | undefined;
  /** In the order of the calls. Never rejects: a supervisor that hears nothing acts by itself. */
  tell(message: Message): Promise<void>;
}

const TOOL = '/usr/bin/systemd-notify';
const TOOL_LIMIT_MS = 20_000;

/** Without NOTIFY_SOCKET nobody asked, and nothing is said. */
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
    log.warn({ error }, 'systemd could not be told how I am');
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

/** sd_watchdog_enabled(3): meant for the process that WATCHDOG_PID names, where it names one. */
function watchdogMs(): number | undefined {
  const { WATCHDOG_USEC: microseconds, WATCHDOG_PID: pid } = process.env;
  if (microseconds === undefined || (pid !== undefined && pid !== `${process.pid}`))
    return undefined;
  const ms = Number(microseconds) / 1000;
  return ms > 0 && Number.isFinite(ms) ? ms : undefined;
}
