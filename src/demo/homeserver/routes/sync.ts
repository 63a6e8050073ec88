/** `sync`, its filters, and the to-device messages that come out of it. */
import type { Json } from '../../../base/bytes.ts';
import type { Device } from '../accounts.ts';
import { sendToDevices } from '../inbox.ts';
import { isObject, type JsonObject, numberAt, objectAt } from '../json.ts';
import { forbidden, invalid, missing, notFound } from '../matrix-error.ts';
import { type Route, route, V3 } from '../router.ts';
import { parseToken } from '../stream.ts';
import { poll } from '../sync.ts';
import { once } from '../transaction.ts';

const DEFAULT_TIMELINE = 10;

export const syncRoutes: readonly Route[] = [
  route('GET', `${V3}/sync`, ({ state, caller, request: { query, signal } }) => {
    const since = query.get('since');
    const filter = parseFilter(caller, query.get('filter'));
    const timeline = objectAt(objectAt(filter, 'room'), 'timeline');
    const reader = {
      device: caller,
      since: since === null ? undefined : parseToken(since),
      limit: Math.max(1, numberAt(timeline, 'limit') ?? DEFAULT_TIMELINE),
      fullState: query.get('full_state') === 'true',
    };
    return poll(state, reader, { timeoutMs: Number(query.get('timeout') ?? 0), signal });
  }),
  route('POST', `${V3}/user/:userId/filter`, ({ caller, params, body }) => {
    const { userId, filters } = caller.account;
    if (params.userId !== userId) throw forbidden('Cannot create filters for other users');
    return { filter_id: String(filters.push(body()) - 1) };
  }),
  route('GET', `${V3}/user/:userId/filter/:filterId`, ({ caller, params }) => {
    const filter = caller.account.filters[Number(params.filterId)];
    if (!filter) throw notFound('No such filter');
    return filter;
  }),
  route('PUT', `${V3}/sendToDevice/:type/:txnId`, ({ state, caller, request, params, body }) => {
    const { messages } = body();
    if (!isObject(messages)) throw missing('messages');
    return once(caller, request.path, () => {
      const { userId } = caller.account;
      sendToDevices(state, { sender: userId, type: params.type, messages });
      return {};
    });
  }),
];

/** A filter is named by the id it was stored under or written out. Throws M_INVALID_PARAM. */
function parseFilter({ account }: Device, text: string | null): JsonObject {
  if (text === null) return {};
  const filter = text.startsWith('{') ? parseJson(text) : account.filters[Number(text)];
  if (!isObject(filter)) throw invalid('No such filter');
  return filter;
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // reported by the caller, like every other filter that is none
  }
}
