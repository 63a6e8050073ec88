/**
 * OAuth 2.0 at a homeserver (Matrix 1.15, "OAuth 2.0 API"): a client registered on the spot (RFC 7591),
 * signed in by a person in a browser anywhere (RFC 8628), its tokens renewed and revoked. The only
 * importer of oauth4webapi. Tokens go to the endpoints of the server that issued them, and nowhere else.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import * as oauth from 'oauth4webapi';
import { Fault } from '../base/errors.ts';
import type { DeviceId } from '../base/ids.ts';
import { visibleLine } from '../output/text.ts';
import { type Fields, fieldsOf, text } from './events.ts';
import { type Http, Refused } from './http.ts';
import type { Tokens } from './tokens.ts';
import { isLoopback, parseWebAddress } from './web-address.ts';

/** The parts of the server's metadata that we use (RFC 8414). */
export interface OauthServer {
  readonly issuer: string;
  readonly tokenEndpoint: string;
  readonly registrationEndpoint: string;
  readonly deviceEndpoint: string;
  readonly revocationEndpoint?: string;
}

/** All that renewing and revoking need. */
export interface OauthClient {
  readonly issuer: string;
  readonly clientId: string;
  readonly tokenEndpoint: string;
  readonly revocationEndpoint?: string;
}

export interface Prompt {
  /** The page to open, and the code to type there. */
  readonly address: string;
  readonly code: string;
  /** The same page with the code in its address, if the server offers one. */
  readonly direct?: string;
  readonly minutes: number;
}

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
/** Stable since Matrix 1.15. Older servers know only the other names. */
const SCOPES = [
  (device: DeviceId) => `urn:matrix:client:api:* urn:matrix:client:device:${device}`,
  (device: DeviceId) =>
    `urn:matrix:org.matrix.msc2967.client:api:* urn:matrix:org.matrix.msc2967.client:device:${device}`,
];
const METADATA = [
  '/_matrix/client/v1/auth_metadata',
  '/_matrix/client/unstable/org.matrix.msc2965/auth_metadata',
];

/** Undefined if the homeserver has no authorization server with the device grant. */
export async function fetchOauthServer(http: Http): Promise<OauthServer | undefined> {
  for (const path of METADATA) {
    const answer = await http({ method: 'GET', path }).catch(ifUnknown);
    if (answer !== undefined) return parseServer(fieldsOf(answer));
  }
  return undefined;
}

function ifUnknown(error: unknown): undefined {
  if (error instanceof Refused && [404, 405, 400].includes(error.status)) return undefined;
  throw error;
}

function parseServer(metadata: Fields): OauthServer | undefined {
  const endpoint = (name: string): string =>
    parseWebAddress(metadata[`${name}_endpoint`])?.href ?? '';
  const grants = metadata['grant_types_supported'];
  const server = {
    issuer: parseWebAddress(metadata['issuer']) ? text(metadata['issuer']) : '',
    tokenEndpoint: endpoint('token'),
    registrationEndpoint: endpoint('registration'),
    deviceEndpoint: endpoint('device_authorization'),
  };
  const isComplete = Object.values(server).every((value) => value !== '');
  if (!isComplete || (Array.isArray(grants) && !grants.includes(DEVICE_GRANT))) return undefined;
  const revocationEndpoint = endpoint('revocation');
  return { ...server, ...(revocationEndpoint === '' ? {} : { revocationEndpoint }) };
}

export interface DeviceGrant {
  readonly server: OauthServer;
  readonly device: DeviceId;
  /** A page about the client. Servers require one. */
  readonly about: string;
  readonly show: (prompt: Prompt) => void;
  readonly signal: AbortSignal;
}

/** Waits for the person. Throws Fault `homeserver_refused` when they refuse, or do not come in time. */
export async function signInByDeviceGrant(
  grant: DeviceGrant,
): Promise<Tokens & { readonly client: OauthClient }> {
  const { server, signal } = grant;
  const clientId = await register(grant);
  const revocation = server.revocationEndpoint;
  const client: OauthClient = {
    ...{ issuer: server.issuer, clientId, tokenEndpoint: server.tokenEndpoint },
    ...(revocation === undefined ? {} : { revocationEndpoint: revocation }),
  };
  const begun = await begin(grant, clientId);
  grant.show(promptOf(begun));
  const tokens = await awaitPerson(client, begun, signal);
  return { ...tokens, client };
}

async function register({ server, about, signal }: DeviceGrant): Promise<string> {
  const metadata = {
    client_name: 'Vaktrom',
    client_uri: about,
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    grant_types: [DEVICE_GRANT, 'refresh_token'],
    response_types: [],
  };
  const url = server.registrationEndpoint;
  const response = await ask(server, () =>
    oauth.dynamicClientRegistrationRequest(asOf(server), metadata, optionsOf(url, signal)),
  );
  const client = await ask(server, () => oauth.processDynamicClientRegistrationResponse(response));
  return client.client_id;
}

async function begin(
  { server, device, signal }: DeviceGrant,
  clientId: string,
): Promise<oauth.DeviceAuthorizationResponse> {
  const [as, client] = [asOf(server), { client_id: clientId }];
  const attempt = async (scope: string) => {
    const options = optionsOf(server.deviceEndpoint, signal);
    const request = oauth.deviceAuthorizationRequest(as, client, oauth.None(), { scope }, options);
    return oauth.processDeviceAuthorizationResponse(as, client, await request);
  };
  const [stable, older] = SCOPES.map((scope) => scope(device));
  return ask(server, () =>
    attempt(stable ?? '').catch((error: unknown) => {
      if (error instanceof oauth.ResponseBodyError && error.error === 'invalid_scope')
        return attempt(older ?? '');
      throw error;
    }),
  );
}

function promptOf(begun: oauth.DeviceAuthorizationResponse): Prompt {
  const address = parseWebAddress(begun.verification_uri)?.href;
  if (address === undefined)
    throw new Fault('homeserver_refused', 'the address for signing in is not https');
  const direct = parseWebAddress(begun.verification_uri_complete)?.href;
  return {
    address,
    code: visibleLine(begun.user_code.slice(0, 100)),
    ...(direct === undefined ? {} : { direct }),
    minutes: Math.max(1, Math.floor(begun.expires_in / 60)),
  };
}

const DEFAULT_INTERVAL_S = 5;

/** Polls no more often than the server says, and slower on `slow_down` (RFC 8628, 3.5). */
async function awaitPerson(
  client: OauthClient,
  { device_code, interval = DEFAULT_INTERVAL_S, expires_in }: oauth.DeviceAuthorizationResponse,
  signal: AbortSignal,
): Promise<Tokens> {
  const as = asOf(client);
  const us = { client_id: client.clientId };
  const until = performance.now() + expires_in * 1000;
  for (let pauseS = interval; performance.now() < until; ) {
    await sleep(pauseS * 1000, undefined, { signal });
    try {
      const options = optionsOf(client.tokenEndpoint, signal);
      const response = await oauth.deviceCodeGrantRequest(
        as,
        us,
        oauth.None(),
        device_code,
        options,
      );
      return tokensOf(await oauth.processDeviceCodeResponse(as, us, response));
    } catch (error) {
      const code = error instanceof oauth.ResponseBodyError ? error.error : undefined;
      if (code === 'slow_down') pauseS += 5;
      // RFC 8628 wants another try, later, after a connection that broke.
      else if (code === undefined && !isRefusal(error)) pauseS *= 2;
      else if (code !== 'authorization_pending') throw asFault(client, error);
    }
  }
  throw new Fault('homeserver_refused', 'nobody has signed in with that code in time');
}

/** Throws Refused when the refresh token is not good any more. */
export async function refreshOauth(
  client: OauthClient,
  refreshToken: string,
  signal: AbortSignal,
): Promise<Tokens> {
  const [as, us] = [asOf(client), { client_id: client.clientId }];
  const options = optionsOf(client.tokenEndpoint, signal);
  return ask(client, async () => {
    const request = oauth.refreshTokenGrantRequest(as, us, oauth.None(), refreshToken, options);
    return tokensOf(await oauth.processRefreshTokenResponse(as, us, await request));
  });
}

/** Ends the session: with its refresh token, an authorization server forgets all of it (RFC 7009, 2.1). */
export async function revokeOauth(
  client: OauthClient,
  refreshToken: string,
  signal: AbortSignal,
): Promise<void> {
  const { revocationEndpoint } = client;
  if (revocationEndpoint === undefined) return;
  const [as, us] = [asOf(client), { client_id: client.clientId }];
  await ask(client, async () => {
    const options = optionsOf(revocationEndpoint, signal);
    const request = oauth.revocationRequest(as, us, oauth.None(), refreshToken, options);
    await oauth.processRevocationResponse(await request);
  });
}

function tokensOf(answer: oauth.TokenEndpointResponse): Tokens {
  const { access_token, refresh_token, expires_in } = answer;
  return {
    accessToken: access_token,
    ...(refresh_token === undefined ? {} : { refreshToken: refresh_token }),
    ...(expires_in === undefined ? {} : { lifetimeMs: expires_in * 1000 }),
  };
}

const asOf = (server: Partial<OauthServer> & { readonly issuer: string }) => ({
  issuer: server.issuer,
  ...(server.tokenEndpoint === undefined ? {} : { token_endpoint: server.tokenEndpoint }),
  ...(server.registrationEndpoint === undefined
    ? {}
    : { registration_endpoint: server.registrationEndpoint }),
  ...(server.deviceEndpoint === undefined
    ? {}
    : { device_authorization_endpoint: server.deviceEndpoint }),
  ...(server.revocationEndpoint === undefined
    ? {}
    : { revocation_endpoint: server.revocationEndpoint }),
});

const TIMEOUT_MS = 30_000;

/** Plain http only to this machine, for tests and for proxies on it. */
const optionsOf = (endpoint: string, signal: AbortSignal) => ({
  signal: () => AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  [oauth.allowInsecureRequests]: isLoopback(new URL(endpoint)),
});

async function ask<T>(server: { readonly issuer: string }, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asFault(server, error);
  }
}

/** The server answered with an error. */
const isRefusal = (
  error: unknown,
): error is oauth.ResponseBodyError | oauth.WWWAuthenticateChallengeError =>
  error instanceof oauth.ResponseBodyError || error instanceof oauth.WWWAuthenticateChallengeError;

function asFault({ issuer }: { readonly issuer: string }, error: unknown): Fault {
  if (error instanceof Fault) return error;
  if (!isRefusal(error))
    return new Fault('homeserver_unreachable', `no answer that makes sense from ${issuer}`, error);
  if (error.status >= 500 || error.status === 429)
    return new Fault('homeserver_unreachable', `${issuer} cannot answer now`, error);
  const request = { method: 'POST', path: issuer };
  if (error instanceof oauth.WWWAuthenticateChallengeError)
    return new Refused(request, error.status, { error: 'it does not know this client any more' });
  const said = error.error_description ?? error.error;
  return new Refused(request, error.status, { errcode: error.error, error: said });
}
