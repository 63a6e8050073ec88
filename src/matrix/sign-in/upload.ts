/**
 * Publishing the bot's cross-signing identity. The homeserver may want a person first (Matrix, "User-
 * interactive authentication"): a password, or something to confirm in a browser.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../../base/errors.ts';
import type { UserId } from '../../base/ids.ts';
import { visibleLine } from '../../output/text.ts';
import { type Fields, fieldsOf, text } from '../events.ts';
import { type Http, Refused } from '../http.ts';
import { parseWebAddress } from '../web-address.ts';
import type { Guide } from './guide.ts';

const PATH = '/_matrix/client/v3/keys/device_signing/upload';
const PATIENCE_MS = 15 * 60_000;
const LOOK_AGAIN_MS = 3000;
/** The page at the authorization server (MSC4312), by its name and by the one before. */
const OAUTH_STAGES = ['m.oauth', 'org.matrix.cross_signing_reset'];

export interface Uploader {
  readonly homeserver: string;
  readonly user: UserId;
  /** If one was used to sign in. */
  readonly password?: string | undefined;
  readonly guide: Guide;
  readonly signal: AbortSignal;
}

export async function uploadIdentity(http: Http, keys: string, by: Uploader): Promise<void> {
  const upload = async (auth?: object): Promise<Fields | undefined> => {
    const body = auth ? JSON.stringify({ ...fieldsOf(JSON.parse(keys)), auth }) : keys;
    return http({ method: 'POST', path: PATH, body }).then(() => undefined, challengeIn);
  };
  const challenge = await upload();
  if (!challenge) return;
  const session = text(challenge['session']);
  const stage = stageOf(challenge, by);
  if (stage === 'm.login.password') return uploadWithPassword(upload, session, by);
  by.guide.tell(
    'The homeserver wants somebody to confirm that the bot gets an identity. Open this address in a',
    `browser, as the bot, and confirm it; I wait for ${PATIENCE_MS / 60_000} min:`,
    `  ${addressOf(stage, session, challenge, by)}`,
  );
  const until = performance.now() + PATIENCE_MS;
  while (performance.now() < until) {
    await sleep(LOOK_AGAIN_MS, undefined, { signal: by.signal });
    if (!(await upload({ session }))) return;
  }
  throw new Fault('homeserver_refused', 'nobody has confirmed it in time');
}

async function uploadWithPassword(
  upload: (auth: object) => Promise<Fields | undefined>,
  session: string,
  { user, guide, ...given }: Uploader,
): Promise<void> {
  const password = given.password ?? (await guide.ask?.(`Password of ${user}: `, true));
  if (!password)
    throw new Fault('usage', 'the homeserver wants the password of the bot: --password-file');
  const identifier = { type: 'm.id.user', user };
  const left = await upload({ type: 'm.login.password', identifier, password, session });
  if (left) throw new Fault('homeserver_refused', 'the password of the bot was not accepted');
}

/** A 401 with a session asks for more. Any other error is final. */
function challengeIn(error: unknown): Fields {
  const body = error instanceof Refused && error.status === 401 ? fieldsOf(error.body) : {};
  if (text(body['session']) === '') throw error;
  return body;
}

/** The stage of a flow that has only this one, if we support it. */
function stageOf(challenge: Fields, { password }: Uploader): string {
  const flows = Array.isArray(challenge['flows']) ? challenge['flows'] : [];
  const single = flows
    .map((flow) => fieldsOf(flow)['stages'])
    .flatMap((stages) => (Array.isArray(stages) && stages.length === 1 ? stages.map(text) : []));
  const known = ['m.login.password', ...OAUTH_STAGES, 'm.login.sso'];
  const wanted = password === undefined ? [...known.slice(1), 'm.login.password'] : known;
  const stage = wanted.find((one) => single.includes(one)) ?? single[0];
  if (stage === undefined || stage === '')
    throw new Fault(
      'homeserver_refused',
      'the homeserver asks for several things before it takes an identity, and none alone will do',
    );
  return stage;
}

/** The page that the server names for the stage, or else the fallback page for any stage. */
function addressOf(
  stage: string,
  session: string,
  challenge: Fields,
  { homeserver }: Uploader,
): string {
  const described = text(fieldsOf(fieldsOf(challenge['params'])[stage])['url']);
  const page = `${homeserver}/_matrix/client/v3/auth/${encodeURIComponent(stage)}/fallback/web`;
  const fallback = `${page}?session=${encodeURIComponent(session)}`;
  const address = parseWebAddress(OAUTH_STAGES.includes(stage) ? described : fallback);
  if (!address)
    throw new Fault(
      'homeserver_refused',
      `the page for ${visibleLine(stage)} is not at an https address`,
    );
  return address.href;
}
