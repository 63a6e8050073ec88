/** A small audit log as text: lines and checkpoints that a test can take apart and put together anew. */
import type { EntryBody } from '../../src/audit/body.ts';
import { type Checkpoint, formatCheckpoint } from '../../src/audit/checkpoint.ts';
import { formatEntry } from '../../src/audit/entry.ts';
import { formatNote, type Signer } from '../../src/audit/note.ts';
import { hashLeaf, Tree } from '../../src/audit/tree.ts';
import { utf8 } from '../../src/base/bytes.ts';
import { signer } from './signer.ts';

export const lineOf = (seq: number, body: EntryBody = { type: 'shutdown', reason: `r${seq}` }) =>
  formatEntry({ v: 1, seq, ts: '2026-01-05T10:00:00.000Z', boot: 'b', ...body });

/** Lines of a log with that many entries. */
export const lines = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => lineOf(i));

/** The signed checkpoint over the first `size` of these lines. */
export function noteOver(
  log: readonly string[],
  size = log.length,
  by: Signer = signer,
  change: Partial<Checkpoint> = {},
): string {
  const tree = new Tree();
  for (const line of log.slice(0, size)) tree.append(hashLeaf(utf8(line)));
  const checkpoint = { origin: by.name, size, root: tree.root(), ...change };
  return formatNote(formatCheckpoint(checkpoint), by);
}

/** The checkpoints after each of the sizes. */
export const notesOver = (log: readonly string[], sizes: readonly number[]): string[] =>
  sizes.map((size) => noteOver(log, size));
