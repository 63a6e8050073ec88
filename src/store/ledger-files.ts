/** Where the audit log lives, how a new one is made, and how an existing one is read back. */
import { join } from 'node:path';
import { type Checkpoint, formatCheckpoint, parseCheckpoint } from '../audit/checkpoint.ts';
import { type Entry, parseEntry } from '../audit/entry.ts';
import { formatNote, openNote, type Signer, type VerifierKey } from '../audit/note.ts';
import { hashLeaf, Tree } from '../audit/tree.ts';
import { Fatal } from '../base/errors.ts';
import { createFile, makePrivateFolder } from './durable.ts';
import { verifySignature } from './keys.ts';
import { type Piece, readLines, readNotes } from './lines.ts';

export const ledgerFiles = (directory: string) => ({
  log: join(directory, 'log.jsonl'),
  checkpoints: join(directory, 'checkpoints'),
});

/** A new, empty log. State is never made by accident: only `vaktrom init` calls this. */
export async function createLedger(directory: string, signer: Signer): Promise<void> {
  const files = ledgerFiles(directory);
  await makePrivateFolder(directory);
  await createFile(files.log, '');
  await createFile(files.checkpoints, signHead(signer, new Tree()));
}

/** The checkpoint over `tree`, as it stands in the file of checkpoints. */
export function signHead(signer: Signer, tree: Tree): string {
  const text = formatCheckpoint({ origin: signer.name, size: tree.size, root: tree.root() });
  return `${formatNote(text, signer)}\n`;
}

export interface ReadBack {
  readonly tree: Tree;
  readonly note: string;
  /** How much of each file is covered by the last checkpoint. */
  readonly logBytes: number;
  readonly checkpointBytes: number;
}

/**
 * Reads the log as far as its last checkpoint covers it and checks that it does. Throws Fatal
 * `audit_head_mismatch`: then the log is not the one that was signed, and nothing may be added to it.
 */
export async function readLedger(
  directory: string,
  key: VerifierKey,
  onEntry: (entry: Entry) => void,
): Promise<ReadBack> {
  const files = ledgerFiles(directory);
  const last = await lastNote(files.checkpoints);
  const note = Buffer.from(last.bytes).toString('utf8');
  const head = headOf(note, key);
  const tree = new Tree();
  let logBytes = 0;
  for await (const { entry, line } of readEntries(files.log, head.size)) {
    tree.append(hashLeaf(line.bytes));
    logBytes = line.end;
    onEntry(entry);
  }
  if (Buffer.compare(tree.root(), head.root) !== 0) throw mismatch('the root differs');
  return { tree, note, logBytes, checkpointBytes: last.end };
}

/** The first `count` entries. Throws Fatal `audit_head_mismatch` when they are not all there. */
export async function* readEntries(
  log: string,
  count: number,
): AsyncIterable<{ readonly entry: Entry; readonly line: Piece }> {
  let seq = 0;
  if (count === 0) return;
  for await (const line of readable(readLines(log), log)) {
    const entry = line.complete ? parseEntry(line.bytes) : undefined;
    if (!entry) break;
    if (!entry.ok) throw mismatch(`entry ${seq} ${entry.error}`);
    yield { entry: entry.value, line };
    if (++seq === count) return;
  }
  throw mismatch(`there are ${seq} entries, ${count} were signed`);
}

async function lastNote(checkpoints: string): Promise<Piece> {
  let last: Piece | undefined;
  for await (const note of readable(readNotes(checkpoints), checkpoints))
    if (note.complete) last = note;
  if (!last) throw mismatch(`${checkpoints} holds no checkpoint`);
  return last;
}

async function* readable(pieces: AsyncIterable<Piece>, path: string): AsyncIterable<Piece> {
  try {
    yield* pieces;
  } catch (cause) {
    throw mismatch(`cannot read ${path}`, cause);
  }
}

function headOf(note: string, key: VerifierKey): Checkpoint {
  const opened = openNote(note, key, verifySignature);
  if (!opened.ok) throw mismatch(`the last checkpoint ${opened.error}`);
  const head = parseCheckpoint(opened.value.text);
  if (!head.ok) throw mismatch(`the last checkpoint ${head.error}`);
  if (head.value.origin !== key.name) throw mismatch('the last checkpoint is of another log');
  return head.value;
}

const mismatch = (why: string, cause?: unknown) =>
  new Fatal(
    'audit_head_mismatch',
    `the audit log is not what was signed: ${why}; see: vaktrom audit verify`,
    cause,
  );
