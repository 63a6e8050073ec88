/**
 * The loopback homeserver, with the ways to sign in that others have: OAuth 2.0 with the device grant, as
 * Matrix Authentication Service has it, single sign-on, refresh tokens, and a person who is asked before
 * an identity is taken. What the person does in their browser, a test does by these methods.
 */
import { randomBytes } from 'node:crypto';
import type { Json } from '../../src/base/bytes.ts';
import { type Homeserver, openHomeserver } from '../../src/demo/homeserver/homeserver.ts';
import { textAt } from '../../src/demo/homeserver/json.ts';
import { Reply, type Request } from '../../src/demo/homeserver/request.ts';

export interface Play {
  readonly oauth?: boolean;
  /** Knows the names of the scopes from before Matrix 1.15, and the path of the metadata. */
  readonly older?: boolean;
  readonly flows?: readonly string[];
  /** Of access tokens that come with a refresh token; those are given to whoever asks, if it is set. */
  readonly lifetimeMs?: number;
  /** The page with the code in its address; if undefined, it is on this server. */
  readonly direct?: string;
  /** Wanted before cross-signing keys are taken. */
  readonly stage?: string;
  /** So many requests for a path are told to come back later. */
  readonly busy?: { readonly path: RegExp; readonly times: number };
}

interface Pair {
  readonly user: string;
  readonly device: string;
  readonly access: string;
  readonly refresh: string;
  /** The pair before it, good until this one is used. */
  readonly before: Pair | undefined;
}

interface Grant {
  readonly code: string;
  readonly device: string;
  answer: 'pending' | 'denied' | { readonly user: string };
}

const V3 = '/_matrix/client/v3';
const SCOPE = /^(urn:matrix:(?:org\.matrix\.msc2967\.)?client:)api:\* \1device:(\w+)$/;
const opaque = (): string => randomBytes(12).toString('hex');

export class SignInServer implements AsyncDisposable {
  readonly homeserver: Homeserver;
  /** What was asked for, as `METHOD path`. */
  readonly asked: string[] = [];
  /** Client metadata, as registered. */
  readonly clients: Json[] = [];
  readonly revoked: string[] = [];
  play: Play;
  #grants = new Map<string, Grant>();
  #pairs = new Map<string, Pair>();
  #ended = new Set<string>();
  #loginTokens = new Map<string, string>();
  #confirmed = new Set<string>();
  #busy = 0;

  static async open(play: Play): Promise<SignInServer> {
    return new SignInServer(await openHomeserver({ serverName: 'localhost' }), play);
  }

  private constructor(homeserver: Homeserver, play: Play) {
    this.homeserver = homeserver;
    this.play = play;
    homeserver.intercept(async (request, next) => {
      this.asked.push(`${request.method} ${request.path}`);
      return (await this.#answer(request)) ?? this.#afterwards(request, await next());
    });
  }

  get url(): string {
    return this.homeserver.url;
  }

  /** The person enters the code, and says who they are or no. */
  enter(code: string, answer: Grant['answer']): void {
    const grant = [...this.#grants.values()].find((one) => one.code === code);
    if (!grant) throw new Error(`nobody has the code ${code}`);
    grant.answer = answer;
  }

  /** The person has signed in at their provider. */
  loginTokenFor(name: string): string {
    const token = opaque();
    this.#loginTokens.set(token, `@${name}:localhost`);
    return token;
  }

  /** The person confirms that the bot gets an identity. */
  confirm(session: string): void {
    this.#confirmed.add(session);
  }

  /** Every access token stops working; those that have a refresh token can be renewed. */
  expireAll(): void {
    for (const { access } of this.#pairs.values()) this.#ended.add(access);
  }

  /** Everything is over, refresh tokens included. */
  endAll(): void {
    this.expireAll();
    this.#pairs.clear();
  }

  async #answer(request: Request): Promise<Reply | undefined> {
    const { method, path, token } = request;
    const { busy } = this.play;
    if (busy?.path.test(path) && this.#busy < busy.times) {
      this.#busy++;
      return new Reply(429, { errcode: 'M_LIMIT_EXCEEDED', retry_after_ms: 50 });
    }
    if (token !== undefined && this.#ended.has(token))
      return new Reply(401, { errcode: 'M_UNKNOWN_TOKEN', soft_logout: this.#isRenewable(token) });
    if (token !== undefined) this.#isUsed(token);
    const known = path.startsWith(V3) ? path.slice(V3.length) : path;
    switch (`${method} ${known}`) {
      case `GET /_matrix/client/${this.play.older ? 'unstable/org.matrix.msc2965' : 'v1'}/auth_metadata`:
        return this.play.oauth ? new Reply(200, this.#metadata()) : undefined;
      case 'POST /oauth/register':
        this.clients.push(json(request));
        return new Reply(201, { client_id: 'client-1', ...json(request) });
      case 'POST /oauth/device':
        return this.#beginGrant(form(request));
      case 'POST /oauth/token':
        return this.#token(form(request));
      case 'POST /oauth/revoke':
        this.revoked.push(form(request).get('token') ?? '');
        return new Reply(200, {});
      case 'GET /login':
        return this.play.flows
          ? new Reply(200, { flows: this.play.flows.map((type) => ({ type })) })
          : undefined;
      case 'POST /login':
        return this.#logIn(request);
      case 'POST /refresh':
        return this.#refresh(textAt(json(request), 'refresh_token') ?? '');
      case 'POST /keys/device_signing/upload':
        return this.#demandPerson(request);
      default:
        return undefined;
    }
  }

  /** A login by password gets a refresh token too, where there are any and it asks for one. */
  #afterwards(request: Request, reply: Reply): Reply {
    const isLogin = request.method === 'POST' && request.path === `${V3}/login`;
    if (!isLogin || reply.status !== 200 || !json(request)['refresh_token']) return reply;
    const { user_id: user, device_id: device } = reply.body as Record<string, string>;
    return this.#session(user ?? '', device ?? '') ?? reply;
  }

  #metadata(): Json {
    const at = (path: string) => `${this.url}/oauth/${path}`;
    return {
      issuer: `${this.url}/`,
      authorization_endpoint: at('authorize'),
      token_endpoint: at('token'),
      registration_endpoint: at('register'),
      device_authorization_endpoint: at('device'),
      revocation_endpoint: at('revoke'),
      grant_types_supported: ['refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    };
  }

  #beginGrant(asked: URLSearchParams): Reply {
    const [, prefix = '', device = ''] = SCOPE.exec(asked.get('scope') ?? '') ?? [];
    if (prefix.includes('msc2967') !== (this.play.older ?? false))
      return new Reply(400, { error: 'invalid_scope' });
    const [deviceCode, code] = [opaque(), opaque().slice(0, 6).toUpperCase()];
    this.#grants.set(deviceCode, { code, device, answer: 'pending' });
    const page = `${this.url}/link`;
    return new Reply(200, {
      ...{ device_code: deviceCode, user_code: code, expires_in: 1200, interval: 1 },
      ...{
        verification_uri: page,
        verification_uri_complete: this.play.direct ?? `${page}?code=${code}`,
      },
    });
  }

  #token(asked: URLSearchParams): Reply {
    if (asked.get('grant_type') === 'refresh_token') {
      const pair = this.#next(asked.get('refresh_token') ?? '');
      return pair ? this.#oauthTokens(pair) : new Reply(400, { error: 'invalid_grant' });
    }
    const grant = this.#grants.get(asked.get('device_code') ?? '');
    if (grant?.answer === 'pending') return new Reply(400, { error: 'authorization_pending' });
    if (!grant || grant.answer === 'denied') return new Reply(400, { error: 'access_denied' });
    return this.#oauthTokens(this.#pair(grant.answer.user, grant.device));
  }

  #oauthTokens({ access, refresh }: Pair): Reply {
    return new Reply(200, {
      ...{ access_token: access, refresh_token: refresh, token_type: 'Bearer' },
      expires_in: (this.play.lifetimeMs ?? 300_000) / 1000,
    });
  }

  #logIn(request: Request): Reply | undefined {
    const body = json(request);
    if (body['type'] !== 'm.login.token') return undefined;
    const token = textAt(body, 'token') ?? '';
    const user = this.#loginTokens.get(token);
    this.#loginTokens.delete(token);
    if (user === undefined) return new Reply(403, { errcode: 'M_FORBIDDEN' });
    return this.#session(user, opaque());
  }

  #refresh(refresh: string): Reply {
    const pair = this.#next(refresh);
    if (!pair) return new Reply(401, { errcode: 'M_UNKNOWN_TOKEN', soft_logout: false });
    return new Reply(200, this.#matrixTokens(pair));
  }

  #session(user: string, device: string): Reply | undefined {
    if (this.play.lifetimeMs === undefined) return undefined;
    const pair = this.#pair(user, device);
    return new Reply(200, { user_id: user, device_id: device, ...this.#matrixTokens(pair) });
  }

  #matrixTokens({ access, refresh }: Pair) {
    const expires_in_ms = this.play.lifetimeMs ?? 300_000;
    return { access_token: access, refresh_token: refresh, expires_in_ms };
  }

  #pair(user: string, device: string, before?: Pair): Pair {
    const account = this.homeserver.state.accounts.at(user);
    if (!account) throw new Error(`nobody is ${user}`);
    const { token } = this.homeserver.state.accounts.signIn(account, { deviceId: device });
    const pair = { user, device, access: token, refresh: opaque(), before };
    this.#pairs.set(pair.refresh, pair);
    return pair;
  }

  /** As long as the pair that came of it is not used, it can be asked for again (MSC2918). */
  #next(refresh: string): Pair | undefined {
    const old = this.#pairs.get(refresh);
    return old && this.#pair(old.user, old.device, old);
  }

  #isUsed(access: string): void {
    const used = [...this.#pairs.values()].find((pair) => pair.access === access);
    if (!used?.before) return;
    this.#ended.add(used.before.access);
    this.#pairs.delete(used.before.refresh);
  }

  #isRenewable(access: string): boolean {
    return [...this.#pairs.values()].some((pair) => pair.access === access);
  }

  #demandPerson(request: Request): Reply | undefined {
    const { stage } = this.play;
    if (stage === undefined) return undefined;
    const auth = (json(request)['auth'] ?? {}) as { readonly session?: string };
    if (auth.session !== undefined && this.#confirmed.has(auth.session)) return undefined;
    const session = auth.session ?? opaque();
    const url = `${this.url}/account/reset?session=${session}`;
    return new Reply(401, { session, flows: [{ stages: [stage] }], params: { [stage]: { url } } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.homeserver[Symbol.asyncDispose]();
  }
}

const json = ({ body }: Request) =>
  JSON.parse(Buffer.from(body).toString() || '{}') as Record<string, Json>;

const form = ({ body }: Request): URLSearchParams =>
  new URLSearchParams(Buffer.from(body).toString());
