/** Serves the page on a port of this host. The only importer of @hono/node-server. */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { Fatal, Fault } from '../base/errors.ts';
import type { Ceremonies } from '../desk/passkeys/ceremonies.ts';
import type { Log } from '../ports.ts';
import { makeApp } from './app.ts';

export interface WebParts {
  readonly listen: { readonly host: string; readonly port: number };
  readonly origin: string;
  readonly ceremonies: Ceremonies;
  readonly log: Log;
  readonly onFatal: (error: unknown) => void;
}

/** For a few people with a form to send; a slow or a greedy client is cut off. */
const LIMITS = {
  maxHeaderSize: 8 * 1024,
  headersTimeout: 5000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 2000,
} as const;
const MAX_CONNECTIONS = 100;
/** Longer than it takes to put an answer on record and to start what it sets off. */
const ANSWER_MS = 30_000;

const asset = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');

/** Throws Fault `config_invalid` when it cannot listen there. */
export async function openWeb(parts: WebParts): Promise<AsyncDisposable> {
  const { listen, origin, ceremonies, log, onFatal } = parts;
  const app = makeApp({
    ceremonies,
    origin,
    assets: { style: asset('page.css'), script: asset('ceremony.mjs') },
    onError(error) {
      if (error instanceof Fatal) onFatal(error);
      else log.error({ error }, 'a request to the page failed');
    },
  });
  // The daemon's other parts keep the Request and Response that they know.
  const onRequest = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const server = createServer(LIMITS, (incoming, outgoing) => void onRequest(incoming, outgoing));
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(ANSWER_MS);
  await startListening(server, listen);
  log.info({ ...listen, origin }, 'the page for passkeys is served');
  return {
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

const startListening = (server: Server, { host, port }: WebParts['listen']): Promise<void> =>
  new Promise((resolve, reject) => {
    const problem = `web: cannot listen on ${host}, port ${port}`;
    server.once('error', (cause) => reject(new Fault('config_invalid', problem, cause)));
    server.listen(port, host, resolve);
  });
