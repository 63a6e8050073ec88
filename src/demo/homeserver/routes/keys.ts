/** The keys of devices and people: upload, query, claim, changes, cross-signing. */
import type { Device } from '../accounts.ts';
import { newCrossSigningKeys, queryKeys, uploadSignatures } from '../cross-signing.ts';
import { deviceListsSince } from '../device-lists.ts';
import { demandPassword } from '../interactive-auth.ts';
import { isObject, type JsonObject, objectAt } from '../json.ts';
import { claimKeys, uploadKeys } from '../keys.ts';
import { matrixError } from '../matrix-error.ts';
import { type Route, route, V3 } from '../router.ts';
import type { State } from '../state.ts';
import { parseToken } from '../stream.ts';

const KEYS = `${V3}/keys`;

export const keyRoutes: readonly Route[] = [
  route('POST', `${KEYS}/upload`, ({ state, caller, body }) =>
    uploadKeys(state.accounts, caller, body()),
  ),
  route('POST', `${KEYS}/query`, ({ state, caller, body }) => {
    const { device_keys: wanted } = body();
    if (!isObject(wanted))
      throw matrixError(400, 'M_BAD_JSON', "'device_keys' must be a JSON object");
    return queryKeys(state.accounts, caller.account, wanted);
  }),
  route('POST', `${KEYS}/claim`, ({ state, body }) =>
    claimKeys(state.accounts, objectAt(body(), 'one_time_keys')),
  ),
  route('GET', `${KEYS}/changes`, ({ state, caller, request: { query } }) => ({
    ...deviceListsSince(state, caller.account, parseToken(query.get('from') ?? '')),
  })),
  route('POST', `${KEYS}/signatures/upload`, ({ state, caller, body }) =>
    uploadSignatures(state, caller.account, body()),
  ),
  route('POST', `${KEYS}/device_signing/upload`, ({ state, caller, body }) =>
    uploadCrossSigning(state, caller, body()),
  ),
];

/** The first keys of an account need no password, others in their place do; the same ones change nothing. */
function uploadCrossSigning(state: State, { account }: Device, body: JsonObject): JsonObject {
  const fresh = newCrossSigningKeys(account, body);
  if (fresh.size === 0) return {};
  if (account.crossSigning.has('master_key')) demandPassword(state, account, body);
  for (const [name, key] of fresh) account.crossSigning.set(name, key);
  state.accounts.devicesChanged(account);
  return {};
}
