/** The working tree as it is now, what is not committed included, for a guest to clone or to unpack. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const ROOT = resolve(import.meta.dirname, '../..');
const BRANCH = 'main';

/** `bundle` is a file to `git clone`; `tar` holds the files alone. What git ignores is in neither. */
export async function packCheckout(form: 'bundle' | 'tar'): Promise<Buffer> {
  const dir = await mkdtemp(join(tmpdir(), 'vaktrom-checkout-'));
  try {
    const gitDir = join(dir, 'git');
    const packed = join(dir, form);
    const git = async (...args: readonly string[]): Promise<unknown> =>
      promisify(execFile)('git', [`--git-dir=${gitDir}`, `--work-tree=${ROOT}`, ...args], {
        cwd: ROOT,
        env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
      });
    await git('init', '--quiet', `--initial-branch=${BRANCH}`);
    await git('add', '--all');
    const author = ['-c', 'user.name=Guest', '-c', 'user.email=guest@localhost'];
    await git(...author, 'commit', '--quiet', '--message=The working tree');
    if (form === 'bundle') await git('bundle', 'create', '--quiet', packed, 'HEAD', BRANCH);
    else await git('archive', `--output=${packed}`, '--format=tar', BRANCH);
    return await readFile(packed);
  } finally {
    await rm(dir, { recursive: true });
  }
}
