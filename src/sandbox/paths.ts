/**
 * The plan's paths, opened. One run may write where another run's paths lie, so a path is believed
 * only as what it proved to be when it was opened, now or when it was agreed to: a file or folder, no
 * symbolic link in any of its parts, and nothing of the daemon's own behind it. From then on the
 * descriptor is passed on, not the path (bubblewrap compares what it mounted with the descriptor, CVE-2024-42472).
 */
import { closeSync, constants, fstatSync, openSync, readlinkSync } from 'node:fs';
import { describeError } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import { isWithin } from '../execution/bwrap.ts';
import type { OpenFile } from '../ports.ts';

const O_PATH = 0o10000000; // <asm-generic/fcntl.h>: names the file and can do no more

/** A descriptor for each path, in order; closed when disposed of. */
export interface OpenPaths extends Disposable {
  readonly descriptors: readonly number[];
}

/**
 * The error says which of the paths cannot be shown, and why. `hidden` are real paths. What is
 * in `held` is not opened again, and has to be where it was.
 */
export function openPaths(
  paths: readonly string[],
  hidden: readonly string[],
  held: readonly OpenFile[] = [],
): Result<OpenPaths, string> {
  using stack = new DisposableStack();
  const descriptors: number[] = [];
  for (const path of paths) {
    const already = held.find((file) => file.path === path)?.descriptor;
    const opened = already === undefined ? openPath(path) : ok(already);
    if (!opened.ok) return opened;
    if (already === undefined) stack.defer(() => closeSync(opened.value));
    else if (realPath(already) !== path) return err(`${path} was replaced while it was held open`);
    const flaw = findFlaw(path, opened.value, hidden);
    if (flaw !== undefined) return err(flaw);
    descriptors.push(opened.value);
  }
  const kept = stack.move();
  return ok({ descriptors, [Symbol.dispose]: () => kept.dispose() });
}

function openPath(path: string): Result<number, string> {
  try {
    return ok(openSync(path, O_PATH | constants.O_NOFOLLOW));
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return err(isMissing ? `there is no ${path} on this host` : describeError(error));
  }
}

const realPath = (descriptor: number): string => readlinkSync(`/proc/self/fd/${descriptor}`);

function findFlaw(path: string, descriptor: number, hidden: readonly string[]): string | undefined {
  const real = realPath(descriptor);
  if (real !== path) return `${path} leads to ${real} by a symbolic link: name the real path`;
  const stat = fstatSync(descriptor);
  if (stat.isSymbolicLink()) return `${path} is a symbolic link: name its target`;
  // No namespace and no read-only mount keeps an action from writing to a socket or a pipe that it sees.
  if (!stat.isFile() && !stat.isDirectory())
    return `${path} is neither a file nor a folder: by it, an action could reach programs outside of the sandbox`;
  const secret = hidden.find((folder) => isWithin(path, folder) || isWithin(folder, path));
  return secret && `${path} would show ${secret}, which no action may see`;
}
