/**
 * Single sign-on (`m.login.sso`): the person signs in at their own provider, and the homeserver sends
 * their browser on to an address of ours with a token that is good once. The browser may be on another
 * machine, where that address leads nowhere: then they paste what it shows.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Fault } from '../../base/errors.ts';
import type { Guide } from './guide.ts';

const PATIENCE_MS = 15 * 60_000;
const DONE = 'Signed in. You can close this window and go back to the terminal.';

/** Resolves with the login token. Throws Fault `homeserver_refused` when nobody comes in time. */
export async function fetchLoginToken(
  homeserver: string,
  { tell, ask, takeBack }: Guide,
  signal: AbortSignal,
): Promise<string> {
  await using arrivals = await openArrivals();
  const link = new URL(`${homeserver}/_matrix/client/v3/login/sso/redirect`);
  link.searchParams.set('redirectUrl', arrivals.address);
  tell(
    'Open this address in a browser and sign in as the bot:',
    `  ${link.href}`,
    `The browser then goes to ${new URL(arrivals.address).host}, which is this machine.`,
  );
  const late = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
  const timeUp = once(late, 'abort').then(() => {
    throw new Fault('homeserver_refused', 'nobody has signed in with that link in time');
  });
  timeUp.catch(() => {}); // the race is told
  const arrived = arrivals.token.finally(takeBack);
  return await Promise.race([arrived, timeUp, ...(ask ? [pasted(ask, tell)] : [])]);
}

/** Takes the token out of the address that a browser on another machine could not open. */
async function pasted(ask: NonNullable<Guide['ask']>, tell: Guide['tell']): Promise<string> {
  for (;;) {
    const typed = await ask('On another machine it cannot: then paste that address here: ');
    const token = URL.parse(typed)?.searchParams.get('loginToken');
    if (token) return token;
    tell('There is no loginToken in that: it is the whole address, from the bar of the browser.');
  }
}

/** One page, at a path that cannot be guessed, that takes one token. */
async function openArrivals() {
  const path = `/${randomBytes(16).toString('hex')}`;
  const { promise: token, resolve } = Promise.withResolvers<string>();
  const server = createServer((request, response) => {
    const url = URL.parse(request.url ?? '', 'http://localhost');
    const found = url?.pathname === path ? url.searchParams.get('loginToken') : null;
    response.writeHead(found ? 200 : 404, {
      'content-type': 'text/plain; charset=utf-8',
      connection: 'close',
    });
    response.end(found ? DONE : 'There is nothing here.');
    if (found) response.once('close', () => resolve(found));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}${path}`,
    token,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
