/**
 * Tells systemd how we are (sd_notify). Node cannot write to a datagram socket of the Unix kind, so
 * systemd's own tool does it; without NOTIFY_SOCKET nobody asked, and nothing is done.
 */
import { spawn } from 'node:child_process';
import type { Log } from '../ports.ts';

export function notifySupervisor(state: 'READY=1' | 'STOPPING=1' | 'RELOADING=1', log: Log): void {
  if (process.env['NOTIFY_SOCKET'] === undefined) return;
  const tool = spawn('systemd-notify', [state], { stdio: 'ignore' });
  tool.on('error', (error) => log.warn({ error }, 'systemd-notify could not be run'));
}
