/**
 * Reserves disk space for a file that grows: blocks beyond its end that no other file can take. On a full
 * disk, appends to these blocks still succeed. It is fallocate(2), by the tool of util-linux, since Node has
 * no call for it.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Fault } from '../base/errors.ts';

/** Reserves bytes of a file from an offset on. Rejects with Fault `disk_full`. */
export type Allocate = (path: string, from: number, bytes: number) => Promise<Allocated>;

/** Some file systems cannot reserve. On these, a write to a full disk fails. */
export type Allocated = 'reserved' | 'unsupported';

const TOOL = '/usr/bin/fallocate';
const TOOL_LIMIT_MS = 20_000;

export const allocate: Allocate = async (path, from, bytes) => {
  const args = ['--keep-size', '--offset', `${from}`, '--length', `${bytes}`, path];
  try {
    await promisify(execFile)(TOOL, args, { env: { LC_ALL: 'C' }, timeout: TOOL_LIMIT_MS });
    return 'reserved';
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
    if (/No space left on device|Disk quota exceeded/.test(said)) throw diskFull(error);
    return 'unsupported';
  }
};

export const diskFull = (cause: unknown): Fault =>
  new Fault('disk_full', 'there is no space left on the disk', cause);

/** Did a write fail because the disk is full, or a quota used up? */
export const isDiskFull = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
