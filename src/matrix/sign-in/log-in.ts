/**
 * A new device of the account, by the best way that the homeserver offers: OAuth 2.0, single sign-on, a
 * password; or by a token that was issued elsewhere, for a device that is there already.
 */
import { randomInt } from 'node:crypto';
import { Fault } from '../../base/errors.ts';
import { type DeviceId, parseDeviceId, type UserId } from '../../base/ids.ts';
import { type Fields, fieldsOf, text } from '../events.ts';
import { fetchOauthServer, type OauthServer, type Prompt, signInByDeviceGrant } from '../oauth.ts';
import { endSession, type Session, sessionOf } from '../session.ts';
import { tokensIn } from '../tokens.ts';
import type { Guide } from './guide.ts';
import { openPatient } from './patient.ts';
import { fetchLoginToken } from './sso.ts';

/** As given at the command line. `best` takes the best way that the homeserver offers. */
export type Way =
  | { readonly kind: 'best' }
  | { readonly kind: 'password'; readonly password: string }
  | { readonly kind: 'token'; readonly accessToken: string };

export interface Account {
  /** A base URL, without a slash at its end. */
  readonly homeserver: string;
  readonly user: UserId;
  readonly way: Way;
  /** Replace an identity that the account has already; everybody has to verify it anew. */
  readonly newIdentity: boolean;
}

export interface LoggedIn {
  readonly device: DeviceId;
  readonly session: Session;
  /** If one was used: the homeserver may ask for it again. */
  readonly password?: string;
}

const V3 = '/_matrix/client/v3';
const NAME = 'Vaktrom';

/** The person who helps, and the signal that gives up. */
export interface Moment {
  readonly guide: Guide;
  readonly signal: AbortSignal;
}

export async function logIn(account: Account, moment: Moment): Promise<LoggedIn> {
  const { homeserver, way } = account;
  if (way.kind === 'token') return checkToken(account, way.accessToken, moment);
  if (way.kind === 'password') return byPassword(account, way.password, moment);
  const http = openPatient({ homeserver, ...moment });
  const oauth = await fetchOauthServer(http);
  if (oauth) return byOauth(account, oauth, moment);
  const flows = fieldsOf(await http({ method: 'GET', path: `${V3}/login` }))['flows'];
  const types = (Array.isArray(flows) ? flows : []).map((flow) => text(fieldsOf(flow)['type']));
  if (types.includes('m.login.sso')) return bySso(account, moment);
  if (types.includes('m.login.password')) return byAskedPassword(account, moment);
  throw new Fault(
    'homeserver_refused',
    `${homeserver} offers no way to sign in that is known here (${types.join(', ') || 'none'}): have its administrator issue a token, and give it by --access-token-file`,
  );
}

async function byOauth(account: Account, server: OauthServer, moment: Moment): Promise<LoggedIn> {
  const { homeserver, user } = account;
  const { client, ...tokens } = await signInByDeviceGrant({
    ...{ server, device: newDeviceId(), signal: moment.signal },
    about: new URL(homeserver).origin, // whose bot it is
    show: (prompt: Prompt) => moment.guide.tell(...invite(user, prompt)),
  });
  const session = sessionOf(tokens, Date.now(), client);
  return ofTheBot(account, session, () => whoAmI(homeserver, session.accessToken, moment));
}

/** The host is named apart, for the person to see where their password would go. */
function invite(user: UserId, { address, code, direct, minutes }: Prompt): readonly string[] {
  const shown = direct ?? address;
  return [
    `Sign in as ${user} in a browser, on any machine, within ${minutes} min:`,
    `  ${shown}`,
    `It is at ${new URL(shown).host}. The code there has to be ${code}`,
  ];
}

/** Ten letters, as Matrix devices are named; with OAuth the client chooses. */
const newDeviceId = (): DeviceId => {
  const letters = Array.from({ length: 10 }, () => String.fromCharCode(65 + randomInt(26)));
  const device = parseDeviceId(letters.join(''));
  if (!device.ok) throw new Error(device.error);
  return device.value;
};

async function bySso(account: Account, moment: Moment): Promise<LoggedIn> {
  const token = await fetchLoginToken(account.homeserver, moment.guide, moment.signal);
  return postLogin(account, { type: 'm.login.token', token }, moment);
}

async function byAskedPassword(account: Account, moment: Moment): Promise<LoggedIn> {
  const password = await moment.guide.ask?.(`Password of ${account.user}: `, true);
  if (!password)
    throw new Fault('usage', `${account.homeserver} wants a password: --password-file is missing`);
  return byPassword(account, password, moment);
}

async function byPassword(account: Account, password: string, moment: Moment): Promise<LoggedIn> {
  const identifier = { type: 'm.id.user', user: account.user };
  const login = { type: 'm.login.password', identifier, password };
  return { ...(await postLogin(account, login, moment)), password };
}

/** With a refresh token where the homeserver has them (MSC2918): a stolen token is then soon worthless. */
async function postLogin(account: Account, login: object, moment: Moment): Promise<LoggedIn> {
  const http = openPatient({ homeserver: account.homeserver, ...moment });
  const wish = { initial_device_display_name: NAME, refresh_token: true };
  const body = JSON.stringify({ ...login, ...wish });
  const askedAt = Date.now();
  const answer = fieldsOf(await http({ method: 'POST', path: `${V3}/login`, body }));
  const tokens = tokensIn(answer);
  if (tokens.accessToken === '')
    throw new Fault('homeserver_refused', `${account.homeserver} has sent no access token`);
  return ofTheBot(account, sessionOf(tokens, askedAt), async () => parseKnown(answer));
}

/** A token that was issued elsewhere. */
async function checkToken(
  account: Account,
  accessToken: string,
  moment: Moment,
): Promise<LoggedIn> {
  const known = await whoAmI(account.homeserver, accessToken, moment);
  return { device: deviceOf(account.user, known), session: { accessToken } };
}

/** A device that was made on somebody else's account does not stay there. */
async function ofTheBot(
  { homeserver, user }: Account,
  session: Session,
  ask: () => Promise<Known>,
): Promise<LoggedIn> {
  try {
    return { device: deviceOf(user, await ask()), session };
  } catch (error) {
    await endSession(homeserver, session).catch(() => {}); // what went wrong first says more
    throw error;
  }
}

interface Known {
  readonly user: string;
  readonly device: DeviceId | undefined;
}

async function whoAmI(homeserver: string, token: string, moment: Moment): Promise<Known> {
  const http = openPatient({ homeserver, token, ...moment });
  return parseKnown(fieldsOf(await http({ method: 'GET', path: `${V3}/account/whoami` })));
}

function parseKnown(answer: Fields): Known {
  const device = parseDeviceId(text(answer['device_id']));
  return { user: text(answer['user_id']), device: device.ok ? device.value : undefined };
}

function deviceOf(user: UserId, known: Known): DeviceId {
  if (known.user !== user)
    throw new Fault(
      'homeserver_refused',
      `that is ${known.user === '' ? 'nobody' : known.user}, and not ${user}: sign in as the bot`,
    );
  if (known.device) return known.device;
  throw new Fault('homeserver_refused', `the token of ${user} is of no device: issue one that is`);
}
