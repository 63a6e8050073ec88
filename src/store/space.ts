/**
 * Checks for disk space before each command. Invariant: a command is taken only while the space for its
 * record is reserved, so every run ends with its outcome on record, even if the disk fills up meanwhile.
 */
import { statfs } from 'node:fs/promises';
import { Fault } from '../base/errors.ts';
import type { Log, Space } from '../ports.ts';

export interface SpaceParts {
  /** On the disk that is looked at. */
  readonly folder: string;
  /** Each tops up the reserve of one part of the state; rejects with Fault `disk_full`. */
  readonly reserves: readonly (() => Promise<void>)[];
  readonly log: Log;
}

/** For small files, which are written anew and cannot be reserved. It also makes for an early refusal. */
const MIN_FREE_BYTES = 16 * 1024 ** 2;

/** Rejects with Fault `disk_full` if less than that is free. */
export async function checkFree(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free < MIN_FREE_BYTES)
    throw new Fault('disk_full', `only ${free} of ${MIN_FREE_BYTES} bytes are free in ${folder}`);
}

export function openSpace({ folder, reserves, log }: SpaceParts): Space {
  let wasFull = false;
  let looking: Promise<boolean> | undefined;

  const look = async (): Promise<boolean> => {
    const why = await shortage();
    const isFull = why !== undefined;
    if (isFull && !wasFull) log.error({ why }, 'the disk is full: commands are refused');
    if (!isFull && wasFull) log.info({}, 'the disk has space again: commands are taken');
    wasFull = isFull;
    return !isFull;
  };

  const shortage = async (): Promise<string | undefined> => {
    try {
      await checkFree(folder);
      for (const reserve of reserves) await reserve();
      return undefined;
    } catch (error) {
      if (error instanceof Fault && error.code === 'disk_full') return error.message;
      throw error;
    }
  };

  return {
    hasRoom() {
      looking ??= look().finally(() => {
        looking = undefined;
      });
      return looking;
    },
  };
}
