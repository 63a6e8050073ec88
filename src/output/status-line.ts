/** The state of the daemon in one line, as `systemctl status` shows it. */
import { plural } from './quantity.ts';

export interface Condition {
  readonly hasRoom: boolean;
  /** The first sync is done. */
  readonly isReady: boolean;
  /** The time since which the homeserver does not answer; undefined if it answers. */
  readonly silentSince: number | undefined;
  /** Numbers of requests. */
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
