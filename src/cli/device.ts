/**
 * `vaktrom device rotate`: a new device under the same identity, while the daemon is stopped. The new
 * one is whole before the old one is touched; the homeserver forgets the old one last.
 */
import { rm } from 'node:fs/promises';
import { Fatal, Fault } from '../base/errors.ts';
import { type Directory, openDirectory, readKey } from '../config/directory.ts';
import { fileNames } from '../daemon.ts';
import { readSession } from '../kept-session.ts';
import { trustAlso } from '../matrix/authorities.ts';
import { openCrypto } from '../matrix/crypto/device.ts';
import type { SealedStore } from '../matrix/crypto/machine.ts';
import type { Account } from '../matrix/sign-in/log-in.ts';
import { bringKept, signIn } from '../matrix/sign-in/sign-in.ts';
import { makePrivateFolder } from '../store/durable.ts';
import { chooseWay, guideFor, type SignInOptions } from './account.ts';
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
import { withStore } from './set-up.ts';

export interface RotateOptions extends SignInOptions {
  readonly dir: string;
  readonly json: boolean;
}

export async function deviceRotate(options: RotateOptions, io: Io): Promise<ExitCode> {
  const directory = await openDirectory(options.dir);
  const { statePath } = directory;
  const cutOff = await asOwnerOf(statePath, () => readRotation(statePath));
  const rotation = cutOff ?? (await beginWith(directory, options, io));
  const why = await finishRotation(directory, rotation);
  report(options, rotation, io);
  if (why !== undefined)
    io.err(
      `${rotation.before} was not signed out: ${why}. If the homeserver still lists it, remove it there.`,
    );
  if (process.env['CREDENTIALS_DIRECTORY'] !== undefined && !rotation.newSession.renewal)
    io.err(
      `The new access-token is in ${directory.secretsPath}: make it a credential of the service, like the old one.`,
    );
  return 0;
}

/** Makes the new device, whole, beside the old one. */
async function beginWith(directory: Directory, options: RotateOptions, io: Io): Promise<Rotation> {
  const { settings, statePath } = directory;
  const { homeserver, user, device: before } = settings;
  const secrets = process.env['CREDENTIALS_DIRECTORY'] ?? directory.secretsPath;
  const storeKey = await asOwnerOf(secrets, () => readKey(directory, 'crypto-key'));
  const oldSession = await asOwnerOf(statePath, () => readSession(directory).catch(ifLost));
  const file = fileNames.cryptoStore(statePath);
  const keys = await asOwnerOf(statePath, () =>
    withStore(file, storeKey, (store) => exportFrom(directory, store)),
  );
  const way = await chooseWay(options);
  const account: Account = { homeserver, user, way, newIdentity: false };
  const by = { bring: bringKept(account, keys), guide: guideFor(io, false) };
  if (directory.caPath !== undefined) await trustAlso(directory.caPath);

  return asOwnerOf(statePath, async () => {
    const staging = stagingOf(statePath);
    await rm(staging, { recursive: true, force: true });
    await makePrivateFolder(staging);
    const made = await withStore(fileNames.cryptoStore(staging), storeKey, (store) =>
      signIn(account, store, by),
    );
    const rotation = { before, now: made.device, oldSession, newSession: made.session };
    await beginRotation(statePath, rotation);
    return rotation;
  });
}

/** Without its session, the old device cannot be signed out, but a new one can be made. */
function ifLost(error: unknown): undefined {
  const isLost =
    (error instanceof Fault && ['secret_missing', 'secret_damaged'].includes(error.code)) ||
    (error instanceof Fatal && error.code === 'state_unreadable');
  if (!isLost) throw error;
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
