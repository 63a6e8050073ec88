/**
 * What a crash left behind the last checkpoint: kept in a file of its own before it is cut off, and
 * named by the log afterwards. A crash in between repeats a step, and neither loses nor doubles it.
 */
import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EntryBody } from '../audit/body.ts';
import { sha256Hex } from '../base/bytes.ts';
import { Fatal } from '../base/errors.ts';
import { replaceFile } from './durable.ts';

/** No commit is as long: what is longer was not left by a crash of ours. */
const MAX_TAIL_BYTES = 64 * 1024 ** 2;
const CUT_FILE = /^cut-\d+-[0-9a-f]{16}\.jsonl$/;

/** Copies what stands in `log` from byte `start` on, behind entry number `size - 1`. */
export async function keepTail(log: string, directory: string, at: TailPosition): Promise<void> {
  const tail = await readFrom(log, at.start);
  if (tail.length === 0) return;
  const name = `cut-${at.size}-${sha256Hex(tail).slice(0, 16)}.jsonl`;
  await replaceFile(join(directory, name), tail);
}

export interface TailPosition {
  readonly start: number;
  readonly size: number;
}

/** The entries that name the kept files which are not in `named` yet. */
export async function unrecordedTails(
  directory: string,
  named: ReadonlySet<string>,
): Promise<EntryBody[]> {
  const kept = (await readdir(directory)).filter((name) => CUT_FILE.test(name) && !named.has(name));
  return Promise.all(
    kept.sort().map(async (name) => {
      const tail = await readFile(join(directory, name));
      const sha256 = sha256Hex(tail);
      return { type: 'log.recovered', bytes: tail.length, sha256, kept: name } as const;
    }),
  );
}

async function readFrom(path: string, start: number): Promise<Uint8Array> {
  await using file = await open(path, 'r');
  const length = (await file.stat()).size - start;
  if (length > MAX_TAIL_BYTES)
    throw new Fatal(
      'audit_head_mismatch',
      `${length} bytes that nobody signed stand at the end of ${path}; see: vaktrom audit verify`,
    );
  const tail = Buffer.alloc(length);
  await file.read(tail, 0, length, start);
  return tail;
}
