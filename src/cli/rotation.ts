/**
 * Putting a new device in the place of the old one, after the new one is whole. What is to be done is on
 * disk before any of it is, and each step finds out whether it was done: cut off anywhere, it is gone
 * through again. Until it is done the daemon does not start.
 */
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault } from '../base/errors.ts';
import { type Directory, readKey, SETTINGS_FILE } from '../config/directory.ts';
import { readTextFile } from '../config/text-file.ts';
import { fileNames } from '../daemon.ts';
import { writeSession } from '../kept-session.ts';
import { fieldsOf } from '../matrix/events.ts';
import { Refused } from '../matrix/http.ts';
import { endSession, parseSession, type Session } from '../matrix/session.ts';
import { replaceFile } from '../store/durable.ts';
import { replaceLike } from './edit-file.ts';
import { asOwnerOf } from './owner.ts';

export interface Rotation {
  /** Devices. */
  readonly before: string;
  readonly now: string;
  /** Undefined if it cannot be read any more. */
  readonly oldSession?: Session | undefined;
  readonly newSession: Session;
}

/** The folder in which the new device's crypto store is made. */
export const stagingOf = (statePath: string): string => join(statePath, 'new');

/** The folder that keeps the old store meanwhile. */
const keptOf = (statePath: string): string => join(statePath, 'old-crypto');

/** The one that was begun and has not ended. */
export async function readRotation(statePath: string): Promise<Rotation | undefined> {
  const path = fileNames.rotation(statePath);
  if (!existsSync(path)) return undefined;
  const text = await readTextFile(path, 'readers');
  try {
    const { before, now, ...sessions } = fieldsOf(JSON.parse(text));
    return {
      ...{ before: string(before), now: string(now) },
      oldSession: sessionIn(sessions['oldSession'], sessions['oldToken']),
      newSession: needed(sessionIn(sessions['newSession'], sessions['newToken'])),
    };
  } catch (cause) {
    throw new Fault('config_invalid', `${path} is damaged; restore it from a backup`, cause);
  }
}

/** A rotation that an older version began has only the tokens. */
function sessionIn(value: unknown, token: unknown): Session | undefined {
  if (value === undefined) return token === undefined ? undefined : { accessToken: string(token) };
  return needed(parseSession(JSON.stringify(value)));
}

const string = (value: unknown): string => needed(typeof value === 'string' ? value : undefined);

function needed<T>(value: T | undefined): T {
  if (value !== undefined) return value;
  throw new TypeError('a field is missing or damaged');
}

export async function beginRotation(statePath: string, rotation: Rotation): Promise<void> {
  await rm(keptOf(statePath), { recursive: true, force: true });
  await replaceFile(fileNames.rotation(statePath), `${JSON.stringify(rotation)}\n`);
}

/** Resolves with the reason if the old device could not be signed out. */
export async function finishRotation(
  directory: Directory,
  rotation: Rotation,
): Promise<string | undefined> {
  const { root, settings, statePath, secretsPath } = directory;
  const current = dirname(fileNames.cryptoStore(statePath));
  const staged = dirname(fileNames.cryptoStore(stagingOf(statePath)));
  const kept = keptOf(statePath);
  await asOwnerOf(statePath, async () => {
    if (!existsSync(staged)) return;
    if (existsSync(current)) await rename(current, kept);
    await rename(staged, current);
  });
  const key = await asOwnerOf(secretsPath, () => readKey(directory, 'crypto-key'));
  await asOwnerOf(statePath, () => writeSession(directory, key, rotation.newSession));
  await replaceDevice(root, rotation);
  const why = await signOut(settings.homeserver, rotation.oldSession);
  await asOwnerOf(statePath, async () => {
    for (const path of [kept, stagingOf(statePath), fileNames.rotation(statePath)])
      await rm(path, { recursive: true, force: true });
  });
  return why;
}

async function signOut(homeserver: string, session?: Session): Promise<string | undefined> {
  if (!session) return 'its session cannot be read any more';
  try {
    await endSession(homeserver, session);
    return undefined;
  } catch (error) {
    if (error instanceof Refused) return error.message; // the server would refuse every other attempt, too
    throw error;
  }
}

/** The one line of vaktrom.yaml; everything else in it is its author's. */
async function replaceDevice(root: string, { before, now }: Rotation): Promise<void> {
  const path = join(root, SETTINGS_FILE);
  const text = await readTextFile(path, 'writers');
  const line = `device: ${JSON.stringify(now)}`;
  const [found] = /^device:.*$/m.exec(text) ?? [];
  if (found?.includes(now)) return;
  if (!found?.includes(before))
    throw new Fault('config_invalid', `write into ${path} yourself: ${line} — and do this again`);
  await replaceLike(
    path,
    text.replace(found, () => line),
  );
}
