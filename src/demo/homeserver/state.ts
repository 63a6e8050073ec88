/** All that the server knows. Nothing of it outlives the process. */
import { Accounts } from './accounts.ts';
import type { MediaFile } from './media.ts';
import { Rooms } from './rooms.ts';
import { Stream } from './stream.ts';

export interface State {
  readonly serverName: string;
  readonly stream: Stream;
  readonly accounts: Accounts;
  readonly rooms: Rooms;
  /** By media id. */
  readonly media: Map<string, MediaFile>;
  /** Sessions of interactive authentication that were begun. */
  readonly authSessions: Set<string>;
}

export function emptyState(serverName: string): State {
  const stream = new Stream();
  return {
    serverName,
    stream,
    accounts: new Accounts(serverName, stream),
    rooms: new Rooms(serverName, stream),
    media: new Map(),
    authSessions: new Set(),
  };
}
