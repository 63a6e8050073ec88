/**
 * The plan's paths, opened. One run may write where another run's paths lie, so a path is believed only
 * as what it proved to be when it was opened: no symbolic link in any of its parts, and nothing of the
 * daemon's own behind it. From then on the descriptor is passed on, not the path (bubblewrap compares
 * what it mounted with the descriptor, CVE-2024-42472).
 */
import { closeSync, constants, fstatSync, openSync, readlinkSync } from 'node:fs';
import { describeError } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import { isWithin } from '../execution/bwrap.ts';

const O_PATH = 0o10000000; // <asm-generic/fcntl.h>: names the file and can do no more

/** One descriptor for each path, in order, or why one of them cannot be shown. */
export function openPaths(
  paths: readonly string[],
  hidden: readonly string[],
): Result<readonly number[], string> {
  const opened: number[] = [];
  for (const path of paths) {
    const result = openPath(path, hidden);
    if (!result.ok) {
      for (const descriptor of opened) closeSync(descriptor);
      return result;
    }
    opened.push(result.value);
  }
  return ok(opened);
}

function openPath(path: string, hidden: readonly string[]): Result<number, string> {
  let descriptor: number;
  try {
    descriptor = openSync(path, O_PATH | constants.O_NOFOLLOW);
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return err(isMissing ? `there is no ${path} on this host` : describeError(error));
  }
  const flaw = findFlaw(path, descriptor, hidden);
  if (flaw === undefined) return ok(descriptor);
  closeSync(descriptor);
  return err(flaw);
}

function findFlaw(path: string, descriptor: number, hidden: readonly string[]): string | undefined {
  const real = readlinkSync(`/proc/self/fd/${descriptor}`);
  if (real !== path) return `${path} leads to ${real} by a symbolic link: name the real path`;
  if (fstatSync(descriptor).isSymbolicLink()) return `${path} is a symbolic link: name its target`;
  const secret = hidden.find((folder) => isWithin(path, folder) || isWithin(folder, path));
  return secret && `${path} would show ${secret}, which no action may see`;
}
