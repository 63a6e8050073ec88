/**
 * The page for passkeys over HTTP: a page by link, and two steps of a ceremony. Decides nothing about
 * people or requests; that is done by the ceremonies. The only importer of hono.
 */
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { Result } from '../base/result.ts';
import type { Ceremonies } from '../desk/passkeys/ceremonies.ts';
import { headersFor, refusalOf } from './headers.ts';
import { type Assets, renderPage } from './page.ts';

export interface AppParts {
  readonly ceremonies: Ceremonies;
  /** `https://ops.example.org`; requests for any other are not heard. */
  readonly origin: string;
  readonly assets: Assets;
  /** A bug, or what makes it unsafe to go on. */
  readonly onError: (error: unknown) => void;
}

/** An answer of any authenticator is well below; and an entry of the log has to hold it. */
const MAX_BODY_BYTES = 16 * 1024;
const LINK = '/p/:token{[A-Za-z0-9_-]{43}}';

export function makeApp({ ceremonies, origin, assets, onError }: AppParts): Hono {
  const app = new Hono();
  const headers = headersFor(origin, assets);

  app.use(async (c, next) => {
    const refused = refusalOf(c.req.method, (name) => c.req.header(name), origin);
    for (const [name, value] of Object.entries(headers)) c.header(name, value);
    if (refused) return c.json({ error: refused.error }, refused.status);
    return next();
  });
  app.use(bodyLimit({ maxSize: MAX_BODY_BYTES, onError: (c) => c.json(TOO_LONG, 413) }));

  app.get(LINK, (c) => {
    const sight = ceremonies.look(c.req.param('token'));
    return c.html(renderPage(sight, assets), sight.kind === 'unknown' ? 404 : 200);
  });
  app.post(`${LINK}/begin`, async (c) => {
    const { act, typed } = await readBody(c);
    const wanted = { act: textOf(act), typed: textOf(typed) };
    return reply(c, await ceremonies.begin(c.req.param('token'), wanted));
  });
  app.post(`${LINK}/finish`, async (c) => {
    const { answer, remark } = await readBody(c);
    const given = { answer, remark: textOf(remark) };
    return reply(c, await ceremonies.finish(c.req.param('token'), given));
  });

  app.notFound((c) => c.html(renderPage({ kind: 'unknown' }, assets), 404));
  app.onError((error, c) => {
    onError(error);
    return c.json(FAILED, 500);
  });
  return app;
}

const TOO_LONG = { error: 'That is longer than anything the page sends.' };
const FAILED = {
  error: 'Something went wrong inside of Vaktrom. Look at the request before you try again.',
};

const reply = (c: Context, result: Result<object, string>): Response =>
  result.ok ? c.json(result.value) : c.json({ error: result.error }, 403);

/** Attacker-chosen; what is no JSON object has no fields. */
async function readBody(c: Context): Promise<Readonly<Record<string, unknown>>> {
  const body: unknown = await c.req.json().catch(() => undefined);
  return typeof body === 'object' && body !== null ? { ...body } : {};
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
