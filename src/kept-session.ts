/**
 * Keeps the session of the bot. A token that does not expire is a secret like any other. One that is
 * renewed changes while the daemon runs, so it is part of the daemon's state, sealed under the key of the
 * crypto store.
 */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BY_ROTATE, Fatal, Fault } from './base/errors.ts';
import { type Directory, readKey, readSecret } from './config/directory.ts';
import { readTextFile } from './config/text-file.ts';
import type { Bearer } from './matrix/http.ts';
import { openStorage } from './matrix/indexeddb/sqlite-file.ts';
import { formatSession, openBearer, parseSession, type Session } from './matrix/session.ts';
import { replaceFile } from './store/durable.ts';
import { seal, unseal } from './store/keys.ts';
import { diskFull, isDiskFull } from './store/reserve.ts';

const ABOUT = 'session';

export const sessionFile = (statePath: string): string => join(statePath, 'session.json');
const tokenFile = (secretsPath: string): string => join(secretsPath, 'access-token');

type Places = Pick<Directory, 'statePath' | 'secretsPath'>;

/** Throws Fault `secret_missing`, `secret_damaged` or `file_unsafe`, Fatal `state_unreadable`. */
export async function readSession(directory: Places): Promise<Session> {
  const path = sessionFile(directory.statePath);
  if (!existsSync(path)) return { accessToken: await readSecret(directory, 'access-token') };
  const sealed = parseSealed(await readTextFile(path, 'readers'));
  const key = await readKey(directory, 'crypto-key');
  const session = sealed === undefined ? undefined : parseSession(open(key, sealed, path));
  if (session) return session;
  throw new Fatal('state_unreadable', `${path} is damaged: ${BY_ROTATE}`);
}

function open(key: Uint8Array, sealed: string, path: string): string {
  try {
    return unseal(key, sealed, ABOUT);
  } catch (cause) {
    const mend = `restore secrets/crypto-key if that is not the one it was, or ${BY_ROTATE}`;
    throw new Fatal('state_unreadable', `${path} does not open: ${mend}`, cause);
  }
}

/** Durable once it resolves. Removes the file of the other kind. */
export async function writeSession(
  { statePath, secretsPath }: Places,
  key: Uint8Array,
  session: Session,
): Promise<void> {
  if (session.renewal) {
    await replaceSealed(statePath, key, session);
    await rm(tokenFile(secretsPath), { force: true });
  } else {
    await replaceFile(tokenFile(secretsPath), `${session.accessToken}\n`);
    await rm(sessionFile(statePath), { force: true });
  }
}

/**
 * Keeps the next pair of a session that is renewed. Rejects with Fault `disk_full`: the pair that is on disk
 * stays good, so the renewal can be tried again once there is space.
 */
export async function replaceSealed(
  statePath: string,
  key: Uint8Array,
  session: Session,
): Promise<void> {
  const sealed = seal(key, formatSession(session), ABOUT);
  const text = `${JSON.stringify({ v: 1, sealed })}\n`;
  await replaceFile(sessionFile(statePath), text).catch((error: unknown) => {
    throw isDiskFull(error) ? diskFull(error) : error;
  });
}

function parseSealed(text: string): string | undefined {
  try {
    const { v, sealed } = JSON.parse(text) as { readonly v?: unknown; readonly sealed?: unknown };
    return v === 1 && typeof sealed === 'string' ? sealed : undefined;
  } catch {
    return undefined; // said by the caller
  }
}

const WAIT_FOR_DAEMON =
  'the session has expired, and the daemon, which renews it, has not done so yet: try again in a minute';

export interface Visit {
  /** Its file. */
  readonly cryptoStore: string;
  /** Runs `work` as the user whose session it is. */
  readonly asDaemon: <T>(work: () => Promise<T>) => Promise<T>;
  readonly signal: AbortSignal;
}

/**
 * For a command beside the daemon, or without one. A refresh token is good once, so only one process may
 * use it: the daemon if it runs, which the lock of the crypto store tells.
 */
export async function openVisitingBearer(
  directory: Directory,
  { cryptoStore, asDaemon, signal }: Visit,
): Promise<Bearer> {
  let current = await asDaemon(() => readSession(directory));
  const { homeserver } = directory.settings;
  const save = async (next: Session): Promise<void> =>
    replaceSealed(directory.statePath, await readKey(directory, 'crypto-key'), next);
  return {
    token: async () => current.accessToken,
    renew: (refused) =>
      asDaemon(async () => {
        current = await readSession(directory);
        if (current.accessToken !== refused) return true;
        if (!current.renewal) return false;
        using lock = lockStore(cryptoStore);
        if (!lock) throw new Fault('homeserver_unreachable', WAIT_FOR_DAEMON);
        const own = openBearer({ homeserver, session: current, save, now: Date.now, signal });
        if (!(await own.renew(refused))) return false;
        current = await readSession(directory);
        return true;
      }),
  };
}

function lockStore(file: string): Disposable | undefined {
  try {
    const { sql } = openStorage(file);
    return { [Symbol.dispose]: () => sql.close() };
  } catch (error) {
    if (error instanceof Fatal && error.code === 'directory_in_use') return undefined;
    throw error;
  }
}
