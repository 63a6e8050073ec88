/**
 * Users of the host who are not there: a `getent` for the PATH of a daemon, which knows them beside the
 * real ones. A test never makes an account.
 */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Makes `folder` and the `getent` in it; resolves with a PATH that finds it first. */
export async function pretendUsers(
  folder: string,
  users: Readonly<Record<string, number>>,
): Promise<string> {
  const cases = Object.entries(users).map(
    ([name, uid]) => `  ${uid}) echo '${name}:x:${uid}:${uid}::/nonexistent:/bin/sh'; exit ;;`,
  );
  await mkdir(folder);
  const script = `#!/bin/sh\ncase "$2" in\n${cases.join('\n')}\nesac\nexec /usr/bin/getent "$@"\n`;
  await writeFile(join(folder, 'getent'), script);
  await chmod(join(folder, 'getent'), 0o755);
  return `${folder}:${process.env['PATH'] ?? ''}`;
}
