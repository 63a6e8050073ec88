/**
 * A disk that fails once, at a chosen append to a chosen file: before anything was written, in the
 * middle, or after everything was written but before that could be told. Made for `openLedger`.
 */
import { appendFile, truncate } from 'node:fs/promises';
import { basename } from 'node:path';
import type { AppendFile } from '../../src/store/durable.ts';

export interface FaultyFile {
  readonly file: 'log.jsonl' | 'checkpoints';
  /** Counts the appends to that file from 1. */
  readonly append: number;
  readonly when: 'before' | 'torn' | 'after';
}

/** What `openLedger` takes as `openFile`; without a fault, files that are plain and fast. */
export const faultyFiles =
  (fault?: FaultyFile) =>
  async (path: string, size: number): Promise<AppendFile> => {
    await truncate(path, size);
    let count = 0;
    return {
      async append(data) {
        const fails = basename(path) === fault?.file && ++count >= fault.append;
        const bytes = Buffer.from(data as string);
        if (!fails) return appendFile(path, bytes);
        if (fault.when !== 'before' && count === fault.append)
          await appendFile(path, fault.when === 'torn' ? bytes.subarray(0, -9) : bytes);
        throw new Error('EIO: i/o error, write');
      },
      async reserve() {},
      async [Symbol.asyncDispose]() {},
    };
  };
