/**
 * `vaktrom device rotate`: a new device under the same identity, while the daemon is stopped. The new
 * one is whole before the old one is touched; the homeserver forgets the old one last.
 */
import { rm } from 'node:fs/promises';
import { Fault } from '../base/errors.ts';
import { type Directory, openDirectory, readKey, readSecret } from '../config/directory.ts';
import { fileNames } from '../daemon.ts';
import { openCrypto } from '../matrix/crypto/device.ts';
import type { SealedStore } from '../matrix/crypto/machine.ts';
import { bringKept, signIn } from '../matrix/sign-in.ts';
import { makePrivateFolder } from '../store/durable.ts';
import { invocation } from './invocation.ts';
import type { ExitCode, Io } from './io.ts';
import { asOwnerOf } from './owner.ts';
import {
  beginRotation,
  finishRotation,
  type Rotation,
  readRotation,
  stagingOf,
} from './rotation.ts';
import { readPassword, withStore } from './set-up.ts';

export interface RotateOptions {
  readonly dir: string;
  readonly passwordFile?: string | undefined;
  readonly json: boolean;
}

export async function deviceRotate(options: RotateOptions, io: Io): Promise<ExitCode> {
  const directory = await openDirectory(options.dir);
  const { statePath } = directory;
  const cutOff = await asOwnerOf(statePath, () => readRotation(statePath));
  const rotation = cutOff ?? (await beginWith(directory, options, io));
  await finishRotation(directory, rotation);
  report(options, rotation, io);
  if (process.env['CREDENTIALS_DIRECTORY'] !== undefined)
    io.err(
      `If the service is handed over access-token as a credential, hand it the new one: it is in ${directory.secretsPath}`,
    );
  return 0;
}

/** Makes the new device, whole, beside the old one. */
async function beginWith(directory: Directory, options: RotateOptions, io: Io): Promise<Rotation> {
  const { settings, statePath } = directory;
  const { homeserver, user, device: before } = settings;
  const secrets = process.env['CREDENTIALS_DIRECTORY'] ?? directory.secretsPath;
  const [oldToken, storeKey] = await asOwnerOf(secrets, async () => [
    await readSecret(directory, 'access-token'),
    await readKey(directory, 'crypto-key'),
  ]);
  const file = fileNames.cryptoStore(statePath);
  const keys = await asOwnerOf(statePath, () =>
    withStore(file, storeKey, (store) => exportFrom(directory, store)),
  );
  const password = await readPassword(options, user, io.ask);
  const account = { homeserver, user, password, newIdentity: false };

  return asOwnerOf(statePath, async () => {
    const staging = stagingOf(statePath);
    await rm(staging, { recursive: true, force: true });
    await makePrivateFolder(staging);
    const made = await withStore(fileNames.cryptoStore(staging), storeKey, (store) =>
      signIn(account, store, bringKept(account, keys)),
    );
    const rotation = { before, now: made.device, oldToken, newToken: made.token };
    await beginRotation(statePath, rotation);
    return rotation;
  });
}

/** Opening the store proves that no daemon runs: it is locked while one does. */
async function exportFrom({ settings }: Directory, store: SealedStore) {
  const { user, device } = settings;
  const send = () => Promise.reject(new Fault('usage', 'nothing is sent'));
  const crypto = await openCrypto({ user, device, store, send });
  await using _open = { [Symbol.asyncDispose]: () => crypto.close() };
  return await crypto.exportIdentity();
}

function report({ json, dir }: RotateOptions, { before, now }: Rotation, io: Io): void {
  if (json) io.out(JSON.stringify({ ok: true, before, now }));
  else {
    io.out(`${now} has taken the place of ${before}, under the same identity.`);
    io.out(`Start the daemon again: ${invocation('run', dir)}`);
  }
}
