/**
 * The session of the bot at the homeserver. Some access tokens last until they are revoked; others expire
 * within minutes and are renewed by a refresh token, which is good once.
 *
 * A renewal: ask for the next pair · keep it on disk · use it. The homeserver keeps the old pair alive
 * until the new one is used (MSC2918; RFC 9700, 4.14), so a kill at any of these steps loses nothing.
 */
import { Fatal, Fault } from '../base/errors.ts';
import type { Instant } from '../base/ids.ts';
import { openMutex } from '../base/mutex.ts';
import { type Fields, fieldsOf } from './events.ts';
import { type Bearer, isSignedOut, openHttp, Refused } from './http.ts';
import { type OauthClient, refreshOauth, revokeOauth } from './oauth.ts';
import { type Tokens, tokensIn } from './tokens.ts';

export interface Session {
  readonly accessToken: string;
  /** Left out where the token does not expire. */
  readonly renewal?: Renewal;
}

export interface Renewal {
  readonly refreshToken: string;
  /** From this moment on, the next request is preceded by a renewal. */
  readonly renewAt: Instant;
  /** The authorization server that renews it. If absent, the homeserver does. */
  readonly oauth?: OauthClient;
}

export interface BearerParts {
  readonly homeserver: string;
  readonly session: Session;
  /** Resolves once it is durable. */
  readonly save: (session: Session) => Promise<void>;
  readonly now: () => Instant;
  readonly signal: AbortSignal;
}

/** The part of its life after which a token is renewed: then there is time to try again. */
const RENEW_AFTER = 0.8;

export const renewAtOf = (now: Instant, lifetimeMs: number): Instant =>
  now + Math.floor(lifetimeMs * RENEW_AFTER);

export function openBearer({ homeserver, session, save, now, signal }: BearerParts): Bearer {
  let current = session;
  const alone = openMutex();

  const renew = (old: string): Promise<boolean> =>
    alone(async () => {
      if (current.accessToken !== old) return true; // by somebody who waited before us
      const { renewal } = current;
      if (!renewal) return false;
      const next = await refresh(homeserver, renewal, { now, signal }).catch(ifOver);
      if (!next) return false;
      await save(next);
      current = next;
      return true;
    });

  return {
    async token() {
      const { accessToken, renewal } = current;
      // Not now, then later: the token is still good for a fifth of its life.
      if (renewal && now() >= renewal.renewAt) await renew(accessToken).catch(() => {});
      return current.accessToken;
    },
    renew,
  };
}

/** The error of a session that has ended. It names the command that mends it. */
export const signedOut = (cause: unknown): Fatal =>
  new Fatal(
    'signed_out',
    'the homeserver has signed the bot out, or its session has expired: give it a new device by vaktrom device rotate',
    cause,
  );

/** A refusal ends the session. If the server is busy or down, a later try may succeed. */
function ifOver(error: unknown): undefined {
  if (error instanceof Refused && error.status < 500 && error.status !== 429) return undefined;
  throw error;
}

async function refresh(
  homeserver: string,
  { refreshToken, oauth }: Renewal,
  { now, signal }: Pick<BearerParts, 'now' | 'signal'>,
): Promise<Session> {
  const askedAt = now();
  if (oauth) {
    const { accessToken, ...rest } = await refreshOauth(oauth, refreshToken, signal);
    return sessionOf({ accessToken, refreshToken, ...rest }, askedAt, oauth);
  }
  const http = openHttp({ baseUrl: homeserver, signal });
  const body = JSON.stringify({ refresh_token: refreshToken });
  const path = '/_matrix/client/v3/refresh';
  const tokens = tokensIn(fieldsOf(await http({ method: 'POST', path, body, once: true })));
  if (tokens.accessToken === '')
    throw new Fault('homeserver_unreachable', `${homeserver} has sent no access token`);
  return sessionOf({ refreshToken, ...tokens }, askedAt);
}

/** A token that can be renewed and does not say when it expires is renewed when it is refused. */
export function sessionOf(
  { accessToken, refreshToken, lifetimeMs }: Tokens,
  askedAt: Instant,
  oauth?: OauthClient,
): Session {
  if (refreshToken === undefined) return { accessToken };
  const renewAt = lifetimeMs === undefined ? NEVER : renewAtOf(askedAt, lifetimeMs);
  return { accessToken, renewal: { refreshToken, renewAt, ...(oauth ? { oauth } : {}) } };
}

const NEVER = Number.MAX_SAFE_INTEGER;

/**
 * Signs the session out at the server that issued it. Resolves if it had ended before; throws Refused if
 * the server refuses.
 */
export async function endSession(homeserver: string, session: Session): Promise<void> {
  const signal = AbortSignal.timeout(60_000);
  const { renewal } = session;
  if (renewal?.oauth) return revokeOauth(renewal.oauth, renewal.refreshToken, signal);
  const token = openBearer({ homeserver, session, save: async () => {}, now: Date.now, signal });
  const http = openHttp({ baseUrl: homeserver, token, signal });
  const request = { method: 'POST', path: '/_matrix/client/v3/logout', patienceMs: 30_000 };
  await http(request).catch((error: unknown) => {
    if (!isSignedOut(error)) throw error;
  });
}

/** The content of session.json, before it is sealed. */
export const formatSession = (session: Session): string => JSON.stringify(session);

/** Undefined if `formatSession` did not write it. */
export function parseSession(json: string): Session | undefined {
  const { accessToken, renewal } = parseFields(json);
  if (!isText(accessToken)) return undefined;
  if (renewal === undefined) return { accessToken };
  const { refreshToken, renewAt, oauth } = fieldsOf(renewal);
  if (!isText(refreshToken) || typeof renewAt !== 'number') return undefined;
  if (oauth === undefined) return { accessToken, renewal: { refreshToken, renewAt } };
  const client = parseClient(fieldsOf(oauth));
  return client && { accessToken, renewal: { refreshToken, renewAt, oauth: client } };
}

function parseClient({ issuer, clientId, tokenEndpoint, revocationEndpoint }: Fields) {
  if (!isText(issuer) || !isText(clientId) || !isText(tokenEndpoint)) return undefined;
  const known = { issuer, clientId, tokenEndpoint };
  return isText(revocationEndpoint) ? { ...known, revocationEndpoint } : known;
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

function parseFields(json: string): Fields {
  try {
    return fieldsOf(JSON.parse(json));
  } catch {
    return {};
  }
}
