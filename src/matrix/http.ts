/**
 * HTTP to the homeserver, by fetch: no redirects followed, every wait and every answer with a limit.
 * What the homeserver says is untrusted; JSON is parsed as it is (a key `__proto__` is one like any
 * other), and whoever reads it takes over nothing that is not asked for by name.
 *
 * A token that is not accepted any more is renewed, where that can be, and the request made again.
 * 429, 5xx and broken connections are tried again, later and later up to a cap, until the caller's
 * signal ends it. A request is sent again byte for byte, so one with a transaction id stays one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../base/errors.ts';
import { visibleLine } from '../output/text.ts';

export interface HttpRequest {
  readonly method: string;
  /** Begins with a slash. */
  readonly path: string;
  readonly query?: Readonly<Record<string, unknown>>;
  /** JSON text, or bytes with their type. */
  readonly body?: string | { readonly bytes: Uint8Array; readonly type: string };
  readonly timeoutMs?: number;
  /** Gives up at once on what would be tried again. */
  readonly once?: boolean;
  /** Gives up on it after that time; never, when left out. */
  readonly patienceMs?: number;
}

/** The homeserver refused a request for good, with a Matrix error code or an HTTP status. */
export class Refused extends Fault {
  readonly status: number;
  readonly errcode: string;
  readonly body: unknown;
  constructor(request: HttpRequest, status: number, body: unknown) {
    const { errcode, error } = (isObject(body) ? body : {}) as {
      errcode?: unknown;
      error?: unknown;
    };
    const said = typeof error === 'string' ? `: ${visibleLine(error.slice(0, 200))}` : '';
    super('homeserver_refused', `${request.method} ${request.path} was refused (${status})${said}`);
    this.status = status;
    this.errcode = typeof errcode === 'string' ? errcode : '';
    this.body = body;
  }
}

/** What a request shows to the homeserver. */
export interface Bearer {
  /** Good for the next request. */
  token(): Promise<string>;
  /**
   * The homeserver did not accept this token: resolves with true when there is another one to try, and
   * with false when the session is over. Rejects with Fault `homeserver_unreachable`.
   */
  renew(refused: string): Promise<boolean>;
}

export interface HttpOptions {
  readonly baseUrl: string;
  readonly token?: string | Bearer | undefined;
  /** Ends everything under way. */
  readonly signal: AbortSignal;
  /** Told of each attempt that has to be made again. */
  readonly onRetry?: (why: string, delayMs: number) => void;
}

/** Resolves with the parsed JSON body, or with bytes where the answer is not JSON. */
export type Http = (request: HttpRequest) => Promise<unknown>;

const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 30_000;
const TIMEOUT_MS = 60_000;
/** Parsed, an answer can take a dozen times as much. */
const MAX_ANSWER_BYTES = 32 * 1024 ** 2;

export function openHttp(options: HttpOptions): Http {
  return async (request) => {
    const patienceMs = request.once ? 0 : (request.patienceMs ?? Infinity);
    const startedAt = performance.now();
    for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, MAX_DELAY_MS)) {
      const result = await attemptAsUs(request, options);
      if (result.kind === 'done') return result.body;
      if (performance.now() - startedAt >= patienceMs || options.signal.aborted) throw result.error;
      const waitMs = Math.max(jitter(delayMs), Math.min(result.waitMs ?? 0, MAX_DELAY_MS));
      options.onRetry?.(result.error.message, waitMs);
      await sleep(waitMs, undefined, { signal: options.signal }).catch(() => {
        throw result.error;
      });
    }
  };
}

// Several clients that were cut off together should not come back together.
const jitter = (ms: number): number => ms * (0.75 + Math.random() / 2);

type Attempt =
  | { readonly kind: 'done'; readonly body: unknown }
  | { readonly kind: 'again'; readonly error: Fault; readonly waitMs?: number };

async function attemptAsUs(request: HttpRequest, options: HttpOptions): Promise<Attempt> {
  const { token: bearer } = options;
  if (bearer === undefined || typeof bearer === 'string') return attempt(request, options, bearer);
  const first = await bearer.token();
  const result = await attempt(request, options, first).catch(ifSignedOut);
  if (!(result instanceof Refused)) return result;
  const isRenewed = await bearer.renew(first).catch(ifFault);
  if (isRenewed instanceof Fault) return { kind: 'again', error: isRenewed };
  if (!isRenewed) throw result;
  return attempt(request, options, await bearer.token()); // refused once more, it is over
}

function ifSignedOut(error: unknown): Refused {
  if (error instanceof Refused && isSignedOut(error)) return error;
  throw error;
}

function ifFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  throw error;
}

/** The token is unknown, or not any more: the session has expired, or was ended. */
export const isSignedOut = (error: unknown): boolean =>
  error instanceof Refused && error.status === 401 && error.errcode === 'M_UNKNOWN_TOKEN';

async function attempt(
  request: HttpRequest,
  options: HttpOptions,
  token: string | undefined,
): Promise<Attempt> {
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(urlOf(request, options.baseUrl), {
      method: request.method,
      headers: headersOf(request, token),
      body: typeof request.body === 'object' ? request.body.bytes : (request.body ?? null),
      redirect: 'error',
      signal: AbortSignal.any([
        options.signal,
        AbortSignal.timeout(request.timeoutMs ?? TIMEOUT_MS),
      ]),
    });
    body = await readBody(response);
  } catch (cause) {
    const message = `no answer from ${options.baseUrl}`;
    return { kind: 'again', error: new Fault('homeserver_unreachable', message, cause) };
  }
  if (response.ok) return { kind: 'done', body };
  const refused = new Refused(request, response.status, body);
  if (response.status !== 429 && response.status < 500) throw refused;
  return { kind: 'again', error: refused, waitMs: retryAfterMs(response, body) };
}

function urlOf({ path, query }: HttpRequest, baseUrl: string): URL {
  const url = new URL(baseUrl.replace(/\/+$/, '') + path);
  for (const [name, value] of Object.entries(query ?? {}))
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined && one !== null) url.searchParams.append(name, String(one));
  return url;
}

function headersOf({ body }: HttpRequest, token: string | undefined): Record<string, string> {
  const type = typeof body === 'object' ? body.type : 'application/json';
  return {
    accept: 'application/json',
    ...(body === undefined ? {} : { 'content-type': type }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
}

async function readBody(response: Response): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new Error('the answer is too large');
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  if (!(response.headers.get('content-type') ?? '').includes('json')) return bytes;
  return JSON.parse(bytes.toString('utf8')) as unknown;
}

function retryAfterMs(response: Response, body: unknown): number {
  const { retry_after_ms: ms } = (isObject(body) ? body : {}) as { retry_after_ms?: unknown };
  if (typeof ms === 'number' && Number.isFinite(ms)) return ms;
  const seconds = Number(response.headers.get('retry-after') ?? 0);
  return Number.isFinite(seconds) ? seconds * 1000 : 0;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
