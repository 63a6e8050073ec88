/** Which account the bot is, where, and how it is signed in: from options, or asked for. */
import { readFile } from 'node:fs/promises';
import { Fault } from '../base/errors.ts';
import { parseUserId, type UserId } from '../base/ids.ts';
import { trustAlso } from '../matrix/authorities.ts';
import { findHomeserver } from '../matrix/sign-in/discovery.ts';
import type { Guide } from '../matrix/sign-in/guide.ts';
import type { Account, Way } from '../matrix/sign-in/log-in.ts';
import { type Io, printable } from './io.ts';

export interface SignInOptions {
  readonly passwordFile?: string | undefined;
  readonly accessTokenFile?: string | undefined;
}

export interface AccountOptions extends SignInOptions {
  readonly homeserver?: string | undefined;
  readonly user?: string | undefined;
  readonly caFile?: string | undefined;
  readonly yes: boolean;
  readonly newIdentity: boolean;
}

/** Asks for what is missing, and finds the homeserver. */
export async function askForAccount(options: AccountOptions, io: Io): Promise<Account> {
  const { newIdentity, caFile } = options;
  const ask = options.yes ? undefined : io.ask;
  const named = options.user ?? (await ask?.('Account of the bot (@name:server): '));
  if (!named) throw new Fault('usage', '--user is missing');
  const user = parseUserId(named);
  if (!user.ok) throw new Fault('usage', `--user: ${user.error}`);
  const server = serverOf(user.value);
  const where = options.homeserver ?? (await ask?.(`Homeserver, by name or URL [${server}]: `));
  const way = await chooseWay(options);
  if (caFile !== undefined) await trustAlso(caFile);
  return { homeserver: await findHomeserver(where || server), user: user.value, way, newIdentity };
}

const serverOf = (user: UserId): string => user.slice(user.indexOf(':') + 1);

/** The options decide. Without any, the homeserver says what it offers. */
export async function chooseWay(options: SignInOptions): Promise<Way> {
  const { passwordFile, accessTokenFile } = options;
  if (passwordFile !== undefined && accessTokenFile !== undefined)
    throw new Fault('usage', 'either --password-file or --access-token-file');
  if (accessTokenFile !== undefined)
    return {
      kind: 'token',
      accessToken: await readSecretFile('--access-token-file', accessTokenFile),
    };
  const password =
    passwordFile === undefined
      ? process.env['VAKTROM_PASSWORD']
      : await readSecretFile('--password-file', passwordFile);
  return password ? { kind: 'password', password } : { kind: 'best' };
}

async function readSecretFile(option: string, path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new Fault('usage', `${option}: cannot read ${path}`, cause);
  });
  const secret = text.replace(/\r?\n$/, '');
  if (secret === '') throw new Fault('usage', `${option}: ${path} is empty`);
  return secret;
}

/** Instructions to the person go to stderr: they are not part of the output. */
export const guideFor = (io: Io, yes: boolean): Guide => ({
  tell(...lines) {
    for (const line of lines) io.err(printable(line));
  },
  ask: yes ? undefined : io.ask,
  takeBack: () => io.abandonQuestion?.(),
});
