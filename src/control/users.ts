/** The users of the host, as the host knows them (NSS, so LDAP as well): asked of getent. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const PATIENCE_MS = 5000;
/** As in the policy (`local_users`): what does not look so is nobody there. */
const NAME = /^[a-z_][a-z0-9_-]{0,31}$/;

export type UserOf = (uid: number) => Promise<string | undefined>;

/**
 * subuid(5): ranges of ids for user namespaces and containers. The owner of a range can make files of every
 * id in it, so the owner of such a file need not be the user of the directory (LDAP) with that id.
 */
export const SUBORDINATE_IDS = '/etc/subuid';

/** The name of a user; undefined when there is none, or none that is plain, or nobody can tell. */
export const userOf: UserOf = (uid) => userOn(uid, SUBORDINATE_IDS);

/** The same, with the file of subordinate ids named. */
export async function userOn(uid: number, subordinateIds: string): Promise<string | undefined> {
  try {
    if (isSubordinate(await readRanges(subordinateIds), uid)) return undefined;
    return parsePasswdLine(await getent(String(uid)), uid);
  } catch {
    return undefined; // not known, or not to be found out: nobody, either way
  }
}

/** Those of these users who are nobody at the terminal, because their id is a subordinate one. */
export async function findSubordinate(
  users: readonly string[],
  subordinateIds: string = SUBORDINATE_IDS,
): Promise<readonly string[]> {
  const ranges = await readRanges(subordinateIds);
  const found = await Promise.all(
    users.map(async (user) => {
      const [, , id = ''] = (await getent(user).catch(() => '')).split(':');
      return id !== '' && isSubordinate(ranges, Number(id)) ? [user] : [];
    }),
  );
  return found.flat();
}

const getent = async (key: string): Promise<string> =>
  (await promisify(execFile)('getent', ['passwd', key], { timeout: PATIENCE_MS })).stdout;

/** A host without the file has no such ids. One that cannot be read is an error. */
const readRanges = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  });

/** Lines of `owner:first:count`. The tools that hand out the ids skip any other line, and so do we. */
export const isSubordinate = (ranges: string, uid: number): boolean =>
  ranges.split('\n').some((line) => {
    const [, first, count] = /^[^:]+:([0-9]+):([0-9]+)$/.exec(line.trim()) ?? [];
    return first !== undefined && uid >= Number(first) && uid < Number(first) + Number(count);
  });

/** One line of passwd(5), of this very user. */
export function parsePasswdLine(text: string, uid: number): string | undefined {
  const [line = '', ...more] = text.trimEnd().split('\n');
  const [name = '', , id] = line.split(':');
  return more.length === 0 && id === String(uid) && NAME.test(name) ? name : undefined;
}
