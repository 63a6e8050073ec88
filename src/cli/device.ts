/**
 * `vaktrom device rotate`: a new device under the same identity, while the daemon is stopped. The new
 * one is whole before the old one is touched; the homeserver forgets the old one last.
 */
import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault } from '../base/errors.ts';
import {
  type Directory,
  openDirectory,
  readKey,
  readSecret,
  SETTINGS_FILE,
} from '../config/directory.ts';
import { readTextFile } from '../config/text-file.ts';
import { fileNames } from '../daemon.ts';
import { openCrypto } from '../matrix/crypto/device.ts';
import type { SealedStore } from '../matrix/crypto/machine.ts';
import { openHttp } from '../matrix/http.ts';
import { bringKept, type SignedIn, signIn } from '../matrix/sign-in.ts';
import { makePrivateFolder, replaceFile } from '../store/durable.ts';
import { replaceLike } from './edit-file.ts';
import type { ExitCode, Io } from './io.ts';
import { readPassword, withStore } from './set-up.ts';

export interface RotateOptions {
  readonly dir: string;
  readonly passwordFile?: string | undefined;
  readonly json: boolean;
}

export async function deviceRotate(options: RotateOptions, io: Io): Promise<ExitCode> {
  const directory = await openDirectory(options.dir);
  const { settings, statePath, secretsPath } = directory;
  const { homeserver, user } = settings;
  const oldToken = await readSecret(directory, 'access-token');
  const storeKey = await readKey(directory, 'crypto-key');
  const file = fileNames.cryptoStore(statePath);
  const keys = await withStore(file, storeKey, (store) => exportFrom(directory, store));
  const password = await readPassword(options, user, io.ask);
  const account = { homeserver, user, password, newIdentity: false };

  const staging = join(statePath, 'new');
  const kept = join(statePath, 'old-crypto');
  await rm(staging, { recursive: true, force: true });
  await rm(kept, { recursive: true, force: true });
  await makePrivateFolder(staging);
  const stagedStore = fileNames.cryptoStore(staging);
  const made = await withStore(stagedStore, storeKey, (store) =>
    signIn(account, store, bringKept(account, keys)),
  );

  await rename(dirname(file), kept);
  await rename(dirname(stagedStore), dirname(file));
  await replaceFile(join(secretsPath, 'access-token'), `${made.token}\n`);
  await replaceDevice(options.dir, settings.device, made);
  await signOut(homeserver, oldToken);
  await rm(kept, { recursive: true, force: true });
  await rm(staging, { recursive: true, force: true });
  report(options, { before: settings.device, now: made.device }, io);
  return 0;
}

/** Opening the store proves that no daemon runs: it is locked while one does. */
async function exportFrom({ settings }: Directory, store: SealedStore) {
  const { user, device } = settings;
  const send = () => Promise.reject(new Fault('usage', 'nothing is sent'));
  const crypto = await openCrypto({ user, device, store, send });
  await using _open = { [Symbol.asyncDispose]: () => crypto.close() };
  return await crypto.exportIdentity();
}

/** The one line of vaktrom.yaml; everything else in it is its author's. */
async function replaceDevice(root: string, before: string, { device }: SignedIn): Promise<void> {
  const path = join(root, SETTINGS_FILE);
  const text = await readTextFile(path, 'writers');
  const line = /^device:.*$/m;
  if (!line.test(text) || !text.includes(before))
    throw new Fault(
      'config_invalid',
      `write into ${path} yourself: device: ${JSON.stringify(device)}`,
    );
  await replaceLike(
    path,
    text.replace(line, () => `device: ${JSON.stringify(device)}`),
  );
}

/** With its own token the old device needs no password to go. */
async function signOut(baseUrl: string, token: string): Promise<void> {
  const http = openHttp({ baseUrl, token, signal: AbortSignal.timeout(60_000) });
  await http({ method: 'POST', path: '/_matrix/client/v3/logout' });
}

function report(
  { json, dir }: RotateOptions,
  devices: { readonly before: string; readonly now: string },
  io: Io,
): void {
  if (json) io.out(JSON.stringify({ ok: true, ...devices }));
  else {
    io.out(`${devices.now} has taken the place of ${devices.before}, under the same identity.`);
    io.out(`Start the daemon again: vaktrom run --dir ${dir}`);
  }
}
