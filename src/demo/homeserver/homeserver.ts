/**
 * A small Matrix homeserver in this process, on 127.0.0.1, in memory: for the demo, for the tests, and
 * as the body of the hostile homeserver of the tests. `test/contract/homeserver.ts` holds it to what
 * a real Synapse does.
 *
 * What it deliberately does not do: federation, persistence, rate limits, push, presence, search,
 * directories and aliases, guests, knocking and restricted rooms, history visibility (who is in a room
 * reads all of it), lazy loading, bundled relations, delivery of receipts and typing, checks of any
 * signature, CORS (no web page can talk to it). Passwords are kept as they are. Registration is open
 * to whoever reaches the port: never put anything real into it.
 */
import { openListener } from './http.ts';
import type { Reply, Request } from './request.ts';
import { dispatch, type Route } from './router.ts';
import { accountRoutes } from './routes/account.ts';
import { historyRoutes } from './routes/history.ts';
import { keyRoutes } from './routes/keys.ts';
import { mediaRoutes } from './routes/media.ts';
import { roomRoutes } from './routes/rooms.ts';
import { sessionRoutes } from './routes/session.ts';
import { syncRoutes } from './routes/sync.ts';
import { emptyState, type State } from './state.ts';

/**
 * Sees a request before the server does, and decides the reply: that of `next`, changed or not, or its
 * own. One that never settles is a server that hangs; one that rejects is a connection that breaks.
 */
export type Hook = (request: Request, next: () => Promise<Reply>) => Promise<Reply> | Reply;

export interface Homeserver extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly url: string;
  /** Change it at will: clients hear of it as of anything else. */
  readonly state: State;
  /** The latest hook is asked first. Dispose of the result to take it out. */
  readonly intercept: (hook: Hook) => Disposable;
}

export interface HomeserverOptions {
  readonly serverName: string;
  /** 0 or absent: any free one. */
  readonly port?: number;
}

/** Rejects when the port is taken. */
export async function openHomeserver({ serverName, port }: HomeserverOptions): Promise<Homeserver> {
  const state = emptyState(serverName);
  const hooks = new Set<{ readonly hook: Hook }>();
  const listener = await openListener(port ?? 0, (request) =>
    throughHooks([...hooks].reverse(), request, () => dispatch(ROUTES, state, request)),
  );
  return {
    url: listener.url,
    state,
    intercept: (hook) => {
      const added = { hook };
      hooks.add(added);
      return { [Symbol.dispose]: () => void hooks.delete(added) };
    },
    [Symbol.asyncDispose]: async () => {
      state.stream.endPolls();
      await listener[Symbol.asyncDispose]();
    },
  };
}

const ROUTES: readonly Route[] = [
  ...sessionRoutes,
  ...accountRoutes,
  ...syncRoutes,
  ...roomRoutes,
  ...historyRoutes,
  ...keyRoutes,
  ...mediaRoutes,
];

async function throughHooks(
  [first, ...rest]: readonly { readonly hook: Hook }[],
  request: Request,
  last: () => Promise<Reply>,
): Promise<Reply> {
  return first ? first.hook(request, () => throughHooks(rest, request, last)) : last();
}
