/**
 * User-interactive authentication with the one stage that this server knows for each purpose: a
 * password for what would let a thief of a token take the account over, nothing for registration.
 */
import type { Account } from './accounts.ts';
import { isObject, type JsonObject, objectAt, textAt } from './json.ts';
import { forbidden, MatrixError, matrixError } from './matrix-error.ts';
import { opaque } from './opaque.ts';
import type { State } from './state.ts';

/** Returns once `body.auth` carries the account's password; throws the 401 that asks for it if not. */
export function demandPassword(state: State, account: Account, body: JsonObject): void {
  const auth = demandStage(state, 'm.login.password', body);
  const user = textAt(objectAt(auth, 'identifier'), 'user') ?? textAt(auth, 'user') ?? '';
  if (!isNameOf(account, user)) throw forbidden('Invalid auth');
  if (textAt(auth, 'password') !== account.password)
    throw challenge(state, 'm.login.password', {
      errcode: 'M_FORBIDDEN',
      error: 'Invalid username or password',
    });
}

/** `body.auth` if it is for that stage. Like Synapse, takes an answer that names no session. */
export function demandStage(state: State, stage: string, body: JsonObject): JsonObject {
  const { auth } = body;
  if (!isObject(auth)) throw challenge(state, stage, {});
  const session = textAt(auth, 'session');
  if (session !== undefined && !state.authSessions.has(session))
    throw matrixError(400, 'M_UNKNOWN', 'Unknown session ID');
  if (textAt(auth, 'type') !== stage) throw forbidden('Invalid auth');
  return auth;
}

function challenge({ authSessions }: State, stage: string, more: JsonObject): MatrixError {
  const session = opaque();
  authSessions.add(session);
  return new MatrixError(401, { session, flows: [{ stages: [stage] }], params: {}, ...more });
}

/** A user may be named by the whole id or by its local part. */
const isNameOf = ({ userId }: Account, name: string): boolean =>
  name === userId || userId.startsWith(`@${name}:`);
