/** How the daemon is, in one line, for whoever runs the host: `systemctl status`. */
import { plural } from './quantity.ts';

export interface Condition {
  readonly hasRoom: boolean;
  /** The first sync is done. */
  readonly isReady: boolean;
  /** Since when the homeserver has not answered; undefined: it does. */
  readonly silentSince: number | undefined;
  /** Requests that wait for something, and those that run. */
  readonly waiting: number;
  readonly running: number;
}

export function renderStatus(condition: Condition): string {
  const { hasRoom, isReady, silentSince, waiting, running } = condition;
  const sync =
    silentSince !== undefined
      ? `no answer from the homeserver since ${new Date(silentSince).toISOString()}`
      : isReady
        ? 'in sync'
        : 'waiting for the first sync';
  return [
    ...(hasRoom ? [] : ['THE DISK IS FULL: commands are refused']),
    sync,
    `${plural(waiting, 'request')} waiting`,
    `${running} running`,
  ].join('; ');
}
