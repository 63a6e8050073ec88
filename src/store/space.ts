/**
 * Is there room for one more request and all that follows from it? Invariant: a command is taken only
 * while the room that its record needs is reserved, so what is under way on a disk that fills up ends
 * with its outcome on record. While there is none, nothing but what stops something is taken.
 */
import { statfs } from 'node:fs/promises';
import { Fault } from '../base/errors.ts';
import type { Log, Space } from '../ports.ts';

export interface SpaceParts {
  /** On the disk that is looked at. */
  readonly folder: string;
  /** Each tops up what is reserved for one part of the state; rejects with Fault `disk_full`. */
  readonly reserves: readonly (() => Promise<void>)[];
  readonly log: Log;
}

/** For what cannot be reserved: small files that are written anew. Also an early sign. */
const MIN_FREE_BYTES = 16 * 1024 ** 2;

export function openSpace({ folder, reserves, log }: SpaceParts): Space {
  let wasFull = false;
  let looking: Promise<boolean> | undefined;

  const look = async (): Promise<boolean> => {
    const why = await shortage();
    const isFull = why !== undefined;
    if (isFull && !wasFull) log.error({ why }, 'the disk is full: commands are refused');
    if (!isFull && wasFull) log.info({}, 'there is room on the disk again: commands are taken');
    wasFull = isFull;
    return !isFull;
  };

  const shortage = async (): Promise<string | undefined> => {
    const { bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    if (free < MIN_FREE_BYTES) return `${free} bytes are free in ${folder}`;
    try {
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
