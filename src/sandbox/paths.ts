/**
 * The plan's paths, opened. One run may write where another run's paths lie, so a path is believed
 * only as what it proved to be when it was opened: no symbolic link in any of its parts, and
 * nothing of the daemon's own behind it. From then on the descriptor is passed on, not the path
 * (bubblewrap compares what it mounted with the descriptor, CVE-2024-42472).
 */
import { closeSync, constants, fstatSync, openSync, readlinkSync } from 'node:fs';
import { describeError } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import { isWithin } from '../execution/bwrap.ts';

const O_PATH = 0o10000000; // <asm-generic/fcntl.h>: names the file and can do no more

/** A descriptor for each path, in order; closed when disposed of. */
export interface OpenPaths extends Disposable {
  readonly descriptors: readonly number[];
}

/** The error says which of the paths cannot be shown, and why. `hidden` are real paths. */
export function openPaths(
  paths: readonly string[],
  hidden: readonly string[],
): Result<OpenPaths, string> {
  using stack = new DisposableStack();
  const descriptors: number[] = [];
  for (const path of paths) {
    const opened = openPath(path, hidden);
    if (!opened.ok) return opened;
    stack.defer(() => closeSync(opened.value));
    descriptors.push(opened.value);
  }
  const kept = stack.move();
  return ok({ descriptors, [Symbol.dispose]: () => kept.dispose() });
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
