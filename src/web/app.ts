/**
 * The page for passkeys over HTTP: a page by link, and two steps of a ceremony. Decides nothing about
 * people or requests; that is done by the ceremonies. The only importer of hono.
 */
import { type Context, Hono } from 'hono';
import { err, ok, type Result } from '../base/result.ts';
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

  app.get(LINK, (c) => {
    const sight = ceremonies.look(c.req.param('token'));
    return c.html(renderPage(sight, assets), sight.kind === 'unknown' ? 404 : 200);
  });
  app.post(`${LINK}/begin`, (c) =>
    reply(c, ({ act, typed }) =>
      ceremonies.begin(c.req.param('token'), { act: textOf(act), typed: textOf(typed) }),
    ),
  );
  app.post(`${LINK}/finish`, (c) =>
    reply(c, ({ answer, remark }) =>
      ceremonies.finish(c.req.param('token'), { answer, remark: textOf(remark) }),
    ),
  );

  app.notFound((c) => c.html(renderPage({ kind: 'unknown' }, assets), 404));
  app.onError((error, c) => {
    onError(error);
    return c.json(FAILED, 500);
  });
  return app;
}

const TOO_LONG = { error: 'That is longer than anything the page sends.' };
const BROKEN = { error: 'That was cut off on its way here.' };
const FAILED = {
  error: 'Something went wrong inside of Vaktrom. Look at the request before you try again.',
};

type Fields = Readonly<Record<string, unknown>>;

async function reply(
  c: Context,
  act: (fields: Fields) => Promise<Result<object, string>>,
): Promise<Response> {
  const body = await readBody(c.req.raw.body);
  if (!body.ok) return body.error === 'too_long' ? c.json(TOO_LONG, 413) : c.json(BROKEN, 400);
  const result = await act(fieldsOf(body.value));
  return result.ok ? c.json(result.value) : c.json({ error: result.error }, 403);
}

/** Not by hono's bodyLimit: it fails on a body without a length, for any method. */
async function readBody(
  body: ReadableStream<Uint8Array> | null,
): Promise<Result<string, 'too_long' | 'broken'>> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body ?? []) {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) return err('too_long');
      chunks.push(chunk);
    }
  } catch {
    return err('broken');
  }
  return ok(Buffer.concat(chunks).toString('utf8'));
}

/** Attacker-chosen; what is no JSON object has no fields. */
function fieldsOf(text: string): Fields {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? { ...body } : {};
  } catch {
    return {};
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
