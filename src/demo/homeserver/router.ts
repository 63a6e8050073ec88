/**
 * From a request to a reply: finds the route, checks the access token, runs the handler and turns what
 * it throws into the specification's errors. Knows nothing of node:http.
 */
import type { Json } from '../../base/bytes.ts';
import type { Device } from './accounts.ts';
import { isObject, type JsonObject } from './json.ts';
import { invalid, MatrixError, matrixError } from './matrix-error.ts';
import { Reply, type Request } from './request.ts';
import type { State } from './state.ts';

export const V3 = '/_matrix/client/v3';

/** `/rooms/:roomId/send/:type` → { roomId, type }. */
type PathParams<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Readonly<Record<Name, string>> & PathParams<Rest>
  : Path extends `${string}:${infer Name}`
    ? Readonly<Record<Name, string>>
    : unknown;

export interface OpenCall<Params> {
  readonly state: State;
  readonly request: Request;
  /** Taken from the path, percent-decoded. */
  readonly params: Params;
  /** The JSON object in the body, empty for no body. Throws M_NOT_JSON or M_BAD_JSON. */
  readonly body: () => JsonObject;
}

export interface Call<Params> extends OpenCall<Params> {
  readonly caller: Device;
}

type AnyParams = Readonly<Record<string, string>>;

type Answer = Json | Reply | Promise<Json>;

export interface Route {
  readonly method: string;
  readonly path: string;
  readonly answer: (call: OpenCall<AnyParams>) => Answer;
}

/** A route that anybody may call. */
export const openRoute = <Path extends string>(
  method: string,
  path: Path,
  answer: (call: OpenCall<PathParams<Path>>) => Answer,
): Route => ({
  method,
  path,
  // The router fills `params` from this very path, so the names that the type promises are there.
  answer: (call) => answer(call as OpenCall<PathParams<Path>>),
});

/** A route for who has an access token; its handler runs for nobody else. */
export const route = <Path extends string>(
  method: string,
  path: Path,
  answer: (call: Call<PathParams<Path>>) => Answer,
): Route => openRoute(method, path, (call) => answer({ ...call, caller: authenticate(call) }));

function authenticate({ state, request }: OpenCall<unknown>): Device {
  if (request.token === undefined)
    throw matrixError(401, 'M_MISSING_TOKEN', 'Missing access token');
  const device = state.accounts.deviceOf(request.token);
  if (device) return device;
  const errcode = 'M_UNKNOWN_TOKEN';
  throw new MatrixError(401, { errcode, error: 'Invalid access token.', soft_logout: false });
}

/** Never rejects: what a handler throws becomes a reply too. */
export async function dispatch(
  routes: readonly Route[],
  state: State,
  request: Request,
): Promise<Reply> {
  try {
    const { route, params } = findRoute(routes, request);
    const body = () => parseBody(request.body);
    const answer = await route.answer({ state, request, params, body });
    return answer instanceof Reply ? answer : new Reply(200, answer);
  } catch (error) {
    if (error instanceof MatrixError) return new Reply(error.status, error.body);
    return new Reply(500, { errcode: 'M_UNKNOWN', error: String(error) });
  }
}

function findRoute(routes: readonly Route[], { method, path }: Request) {
  const segments = path.split('/').map(decodeSegment);
  const matches = routes.flatMap((route) => {
    const params = matchPath(route.path, segments);
    return params ? [{ route, params }] : [];
  });
  const match = matches.find(({ route }) => route.method === method);
  if (match) return match;
  throw matrixError(matches.length > 0 ? 405 : 404, 'M_UNRECOGNIZED', 'Unrecognized request');
}

function matchPath(pattern: string, segments: readonly string[]) {
  const names = pattern.split('/');
  const matches =
    names.length === segments.length &&
    names.every((name, i) => name.startsWith(':') || name === segments[i]);
  if (!matches) return undefined;
  return Object.fromEntries(
    names.flatMap((name, i) => (name.startsWith(':') ? [[name.slice(1), segments[i] ?? '']] : [])),
  );
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw invalid('The path is not percent-encoded UTF-8');
  }
}

function parseBody(bytes: Uint8Array): JsonObject {
  if (bytes.length === 0) return {};
  let value: Json;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw matrixError(400, 'M_NOT_JSON', 'Content not JSON.');
  }
  if (!isObject(value)) throw matrixError(400, 'M_BAD_JSON', 'Content must be a JSON object.');
  return value;
}
