import { openHomeserver } from '../../src/demo/homeserver/homeserver.ts';
import type { Server } from './house.ts';

/** The loopback homeserver, as a place for a house. */
export async function openLoopback(): Promise<Server & AsyncDisposable> {
  const homeserver = await openHomeserver({ serverName: 'localhost' });
  return {
    baseUrl: homeserver.url,
    serverName: 'localhost',
    register: (username, password) =>
      fetch(`${homeserver.url}/_matrix/client/v3/register`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ username, password, auth: { type: 'm.login.dummy' } }),
      }),
    [Symbol.asyncDispose]: () => homeserver[Symbol.asyncDispose](),
  };
}
