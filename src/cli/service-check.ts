/** Checks that the daemon of a service cannot write its own policy, even if it is compromised. */
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault } from '../base/errors.ts';
import { type Directory, SETTINGS_FILE } from '../config/directory.ts';

/** The user that the daemon runs as. */
export interface DaemonUser {
  readonly uid: number;
  readonly groups: readonly number[];
}

/** Users of the system, rather than people: login.defs(5), SYS_UID_MAX. */
const LAST_SYSTEM_USER = 999;

/** Undefined if it is not a service: then the user who runs the daemon may well write the policy. */
export async function serviceUser(
  { statePath }: Directory,
  isInUnit = process.env['INVOCATION_ID'] !== undefined,
): Promise<DaemonUser | undefined> {
  const { uid, gid } = await stat(statePath);
  if (isInUnit && uid !== 0 && uid === process.getuid?.())
    return { uid, groups: process.getgroups?.() ?? [gid] };
  return uid > 0 && uid <= LAST_SYSTEM_USER ? { uid, groups: [gid] } : undefined;
}

export async function checkPolicyIsSafe(
  { root, policyPath }: Directory,
  user: DaemonUser,
): Promise<string> {
  const settings = join(root, SETTINGS_FILE);
  for (const path of new Set([root, settings, dirname(policyPath), policyPath]))
    if (await canWrite(path, user))
      throw new Fault(
        'file_unsafe',
        `the daemon can write ${path}; mend it: chown root ${path} && chmod g-w,o-w ${path}`,
      );
  return policyPath;
}

/** Looks at owner and mode only. That the unit mounts it read-only is a second wall. */
async function canWrite(path: string, { uid, groups }: DaemonUser): Promise<boolean> {
  const { mode, uid: owner, gid } = await stat(path);
  return owner === uid || (groups.includes(gid) && (mode & 0o020) !== 0) || (mode & 0o002) !== 0;
}
