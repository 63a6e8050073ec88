/**
 * Lets root work on the files of another user as that user. A compromised daemon can put symbolic links
 * into its own folders: root must not follow them with root's rights, and new files must belong to the
 * daemon.
 */
import { execFile } from 'node:child_process';
import { lstat, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { Fault } from '../base/errors.ts';
import { Interrupted } from './signals.ts';

export interface User {
  readonly uid: number;
  readonly gid: number;
}

export const isRoot = (): boolean => process.getuid?.() === 0;

/** Throws Fault `usage` where there is no such user, or it is root. */
export async function findUser(name: string): Promise<User> {
  const asked = promisify(execFile)('getent', ['passwd', '--', name]);
  const { stdout } = await asked.catch(() => ({ stdout: '' }));
  const [found, , uid = '', gid = ''] = stdout.split(':');
  if (found !== name || uid === '')
    throw new Fault('usage', `there is no user ${name} on this host`);
  if (uid === '0') throw new Fault('usage', 'the daemon needs a user of its own, not root');
  return { uid: Number(uid), gid: Number(gid) };
}

/** Runs `work` with the effective ids of the user and no further group; only root can. One at a time. */
export async function asUser<T>({ uid, gid }: User, work: () => Promise<T>): Promise<T> {
  const { getgroups, setgroups, setegid, seteuid } = process;
  if (!(getgroups && setgroups && setegid && seteuid)) throw new Error('this system has no users');
  if (process.geteuid?.() === uid) return work();
  const groups = getgroups();
  const goBack = (): void => {
    seteuid(0);
    setegid(0);
    setgroups(groups);
  };
  setgroups([gid]);
  setegid(gid);
  seteuid(uid);
  try {
    const done = await work();
    goBack();
    return done;
  } catch (error) {
    // Work that a signal interrupted goes on until the process ends. It must not go on as root.
    if (!(error instanceof Interrupted)) goBack();
    throw error;
  }
}

/**
 * Runs `work` as the user who controls the path: the owner of its first part that does not belong to
 * root. Only root can do so; for other users it just runs `work`.
 */
export async function asOwnerOf<T>(path: string, work: () => Promise<T>): Promise<T> {
  const owner = isRoot() ? await ownerOf(path) : undefined;
  return owner ? asUser(owner, work) : work();
}

/** Undefined if every part belongs to root. Parts that do not exist yet do not count. */
export async function ownerOf(path: string): Promise<User | undefined> {
  for (const part of partsOf(path)) {
    const stat = await lstat(part).catch(() => undefined);
    if (!stat) return undefined;
    if (stat.uid !== 0) return { uid: stat.uid, gid: stat.gid };
    // Follow a link that belongs to root: the target may have another owner.
    if (stat.isSymbolicLink()) {
      const owner = await ownerOf(await realpath(part));
      if (owner) return owner;
    }
  }
  return undefined;
}

/** /a/b/c → /, /a, /a/b, /a/b/c */
function partsOf(path: string): readonly string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [...partsOf(parent), path];
}
