/** The users of the host, as the host knows them (NSS, so LDAP as well): asked of getent. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const PATIENCE_MS = 5000;
/** As in the policy (`local_users`): what does not look so is nobody there. */
const NAME = /^[a-z_][a-z0-9_-]{0,31}$/;

export type UserOf = (uid: number) => Promise<string | undefined>;

/** The name of a user; undefined when there is none, or none that is plain, or nobody can tell. */
export const userOf: UserOf = async (uid) => {
  try {
    const asked = promisify(execFile)('getent', ['passwd', String(uid)], { timeout: PATIENCE_MS });
    return parsePasswdLine((await asked).stdout, uid);
  } catch {
    return undefined; // not known, or not to be found out: nobody, either way
  }
};

/** One line of passwd(5), of this very user. */
export function parsePasswdLine(text: string, uid: number): string | undefined {
  const [line = '', ...more] = text.trimEnd().split('\n');
  const [name = '', , id] = line.split(':');
  return more.length === 0 && id === String(uid) && NAME.test(name) ? name : undefined;
}
