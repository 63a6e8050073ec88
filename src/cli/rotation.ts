/**
 * Putting a new device in the place of the old one, after the new one is whole. What is to be done is on
 * disk before any of it is, and each step finds out whether it was done: cut off anywhere, it is gone
 * through again. Until it is done the daemon does not start.
 */
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault } from '../base/errors.ts';
import { type Directory, SETTINGS_FILE } from '../config/directory.ts';
import { readTextFile } from '../config/text-file.ts';
import { fileNames } from '../daemon.ts';
import { openHttp, Refused } from '../matrix/http.ts';
import { replaceFile } from '../store/durable.ts';
import { replaceLike } from './edit-file.ts';
import { asOwnerOf } from './owner.ts';

export interface Rotation {
  /** Devices. */
  readonly before: string;
  readonly now: string;
  /** Access tokens. */
  readonly oldToken: string;
  readonly newToken: string;
}

/** Where the new device's crypto store is made. */
export const stagingOf = (statePath: string): string => join(statePath, 'new');

/** Where the old one's is kept meanwhile. */
const keptOf = (statePath: string): string => join(statePath, 'old-crypto');

/** The one that was begun and has not ended. */
export async function readRotation(statePath: string): Promise<Rotation | undefined> {
  const path = fileNames.rotation(statePath);
  if (!existsSync(path)) return undefined;
  const text = await readTextFile(path, 'readers');
  try {
    const { before, now, oldToken, newToken } = JSON.parse(text) as Record<keyof Rotation, unknown>;
    return {
      ...{ before: string(before), now: string(now) },
      ...{ oldToken: string(oldToken), newToken: string(newToken) },
    };
  } catch (cause) {
    throw new Fault('config_invalid', `${path} is damaged; restore it from a backup`, cause);
  }
}

function string(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError('a field is missing');
}

export async function beginRotation(statePath: string, rotation: Rotation): Promise<void> {
  await rm(keptOf(statePath), { recursive: true, force: true });
  await replaceFile(fileNames.rotation(statePath), `${JSON.stringify(rotation)}\n`);
}

export async function finishRotation(directory: Directory, rotation: Rotation): Promise<void> {
  const { root, settings, statePath, secretsPath } = directory;
  const current = dirname(fileNames.cryptoStore(statePath));
  const staged = dirname(fileNames.cryptoStore(stagingOf(statePath)));
  const kept = keptOf(statePath);
  await asOwnerOf(statePath, async () => {
    if (!existsSync(staged)) return;
    if (existsSync(current)) await rename(current, kept);
    await rename(staged, current);
  });
  await asOwnerOf(secretsPath, () =>
    replaceFile(join(secretsPath, 'access-token'), `${rotation.newToken}\n`),
  );
  await replaceDevice(root, rotation);
  await signOut(settings.homeserver, rotation.oldToken);
  await asOwnerOf(statePath, async () => {
    for (const path of [kept, stagingOf(statePath), fileNames.rotation(statePath)])
      await rm(path, { recursive: true, force: true });
  });
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

/** With its own token the old device needs no password to go. */
async function signOut(baseUrl: string, token: string): Promise<void> {
  const http = openHttp({ baseUrl, token, signal: AbortSignal.timeout(60_000) });
  try {
    await http({ method: 'POST', path: '/_matrix/client/v3/logout' });
  } catch (error) {
    const isGone = error instanceof Refused && error.errcode === 'M_UNKNOWN_TOKEN';
    if (!isGone) throw error;
  }
}
