/** Where the audit log lives, how a new one is made, and how an existing one is read back. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatCheckpoint, parseCheckpoint, splitNotes } from '../audit/checkpoint.ts';
import { type Entry, parseEntry } from '../audit/entry.ts';
import { formatNote, openNote, type Signer, type VerifierKey } from '../audit/note.ts';
import { hashLeaf, Tree } from '../audit/tree.ts';
import { Fatal } from '../base/errors.ts';
import { createFile, makePrivateFolder } from './durable.ts';
import { verifySignature } from './keys.ts';
import { readLines } from './lines.ts';

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
  const notes = await readFile(files.checkpoints, 'utf8').catch((cause: unknown) => {
    throw new Fatal('audit_head_mismatch', `cannot read ${files.checkpoints}`, cause);
  });
  const complete = splitNotes(notes);
  const note = complete.at(-1);
  if (note === undefined) throw mismatch(`${files.checkpoints} holds no checkpoint`);
  const head = headOf(note, key);
  const tree = new Tree();
  let logBytes = 0;
  for await (const line of readLines(files.log)) {
    if (tree.size === head.size || !line.complete) break;
    const entry = parseEntry(Buffer.from(line.bytes).toString('utf8'));
    if (!entry.ok) throw mismatch(`entry ${tree.size} ${entry.error}`);
    tree.append(hashLeaf(line.bytes));
    logBytes = line.end;
    onEntry(entry.value);
  }
  if (tree.size < head.size) throw mismatch(`${tree.size} entries, ${head.size} were signed`);
  if (Buffer.compare(tree.root(), head.root) !== 0) throw mismatch('the root differs');
  const checkpointBytes = complete.reduce((sum, n) => sum + Buffer.byteLength(n) + 1, 0);
  return { tree, note, logBytes, checkpointBytes };
}

function headOf(note: string, key: VerifierKey) {
  const opened = openNote(note, key, verifySignature);
  if (!opened.ok) throw mismatch(`the last checkpoint ${opened.error}`);
  const head = parseCheckpoint(opened.value.text);
  if (!head.ok) throw mismatch(`the last checkpoint ${head.error}`);
  if (head.value.origin !== key.name) throw mismatch('the last checkpoint is of another log');
  return head.value;
}

const mismatch = (why: string) =>
  new Fatal(
    'audit_head_mismatch',
    `the audit log is not what was signed: ${why}; see: vaktrom audit verify`,
  );
