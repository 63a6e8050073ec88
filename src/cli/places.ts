/**
 * The folders of a set-up and their owners. Without a service, everything belongs to the user who types
 * the command. For a service, settings and policy belong to root and the daemon can only read them; state
 * and secrets belong to the daemon, in a folder of its own.
 */
import { chmod, chown, lstat, mkdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Fault } from '../base/errors.ts';
import { findWriters } from '../config/text-file.ts';
import { makePrivateFolder } from '../store/durable.ts';
import { asUser, findUser, isRoot, ownerOf, type User } from './owner.ts';

export interface PlaceOptions {
  readonly dir: string;
  /** The user of the daemon; undefined if it is not a service. */
  readonly serviceUser?: string | undefined;
  /** The folder of state and secrets, for a service. */
  readonly data?: string | undefined;
}

export interface Places {
  /** The folder of vaktrom.yaml. */
  readonly root: string;
  /** The folder of state and secrets. */
  readonly data: string;
  /** Both as written in vaktrom.yaml. */
  readonly state: string;
  readonly secrets: string;
  /** Runs `work` as the user that the daemon runs as. */
  asDaemon<T>(work: () => Promise<T>): Promise<T>;
  /** Gives a file of `root` its owner and mode. */
  finish(path: string, isForAll: boolean): Promise<void>;
}

const DEFAULT_DATA = '/var/lib/vaktrom';

/** Makes the two folders. Throws Fault `usage` or `file_unsafe`. */
export async function openPlaces({ dir, serviceUser, data }: PlaceOptions): Promise<Places> {
  if (serviceUser !== undefined)
    return openService(resolve(dir), resolve(data ?? DEFAULT_DATA), serviceUser);
  if (data !== undefined) throw new Fault('usage', '--data goes with --service-user');
  await mkdir(dir, { recursive: true, mode: 0o700 });
  // Refused now rather than at every start: see text-file.ts.
  const flaw = findWriters(dir, await stat(dir));
  if (flaw !== undefined) throw new Fault('file_unsafe', flaw);
  return {
    ...{ root: dir, data: dir, state: 'state', secrets: 'secrets' },
    asDaemon: (work) => work(),
    async finish() {},
  };
}

async function openService(root: string, data: string, name: string): Promise<Places> {
  if (!isRoot()) throw new Fault('usage', '--service-user is for root');
  const user = await findUser(name);
  await makeRootsFolder(root, user);
  await makeDaemonsFolder(data, user);
  return {
    ...{ root, data, state: join(data, 'state'), secrets: join(data, 'secrets') },
    asDaemon: (work) => asUser(user, work),
    async finish(path, isForAll) {
      await chown(path, 0, user.gid);
      await chmod(path, isForAll ? 0o644 : 0o640);
    },
  };
}

/** The daemon can read it; only root can change it. */
async function makeRootsFolder(folder: string, { gid }: User): Promise<void> {
  if ((await ownerOf(folder)) !== undefined)
    throw new Fault('file_unsafe', `${folder} has to be root's, and all folders above it`);
  await mkdir(folder, { recursive: true, mode: 0o750 });
  await chown(folder, 0, gid);
  await chmod(folder, 0o750);
}

/** If the parent folder belongs to root, root makes it; otherwise the daemon's user does. */
async function makeDaemonsFolder(folder: string, user: User): Promise<void> {
  const isThere = await lstat(folder).then(
    () => true,
    () => false,
  );
  if (!isThere && (await ownerOf(dirname(folder))) === undefined) {
    await mkdir(folder, { mode: 0o700 });
    await chown(folder, user.uid, user.gid);
  }
  await asUser(user, () => makePrivateFolder(folder)).catch((cause: unknown) => {
    throw new Fault('file_unsafe', `${folder} cannot be made`, cause);
  });
  const { uid } = await lstat(folder);
  if (uid !== user.uid)
    throw new Fault('file_unsafe', `${folder} has to belong to the user of the daemon`);
}
