/**
 * Is the log what its checkpoints say it is? Reads the entries and the checkpoints side by side and
 * ends with a report that names what was edited, removed, moved or put in. Needs the files and the
 * public key, nothing of the daemon. Every byte it reads is attacker-chosen until a signature has
 * covered it. However long the log, only what is wrong with it is kept in memory.
 *
 * The answer rests on the roots of the signed checkpoints. Sequence numbers only serve to say *where*
 * it went wrong. What no file can show is that both files are older copies, or were signed anew with a
 * stolen key: that takes a checkpoint that somebody kept elsewhere.
 */
import { type Checkpoint, parseCheckpoint } from './checkpoint.ts';
import { parseEntry } from './entry.ts';
import { concludeReport, type Finding, type Report } from './finding.ts';
import { openNote, type VerifierKey, type VerifySignature } from './note.ts';
import { Sequence } from './sequence.ts';
import { hashLeaf, Tree } from './tree.ts';

/** A line or a note of a file; not `complete`: what stands behind the last one's end. */
export interface Piece {
  readonly bytes: Uint8Array;
  readonly complete: boolean;
}

export interface LogFiles {
  /** Without their newlines. */
  readonly lines: AsyncIterable<Piece>;
  /** The checkpoints, oldest first. */
  readonly notes: AsyncIterable<Piece>;
}

export async function verifyLog(
  { lines, notes }: LogFiles,
  key: VerifierKey,
  verify: VerifySignature,
): Promise<Report> {
  const log = new LogReader();
  const checkpoints = new CheckpointReader(key, verify);
  const rest = lines[Symbol.asyncIterator]();
  const readUpTo = async (size: number): Promise<void> => {
    while (log.tree.size < size) {
      const { done, value } = await rest.next();
      if (done) return;
      log.take(value);
    }
  };
  // A checkpoint is written after its entries: reading it first, a daemon that runs meanwhile can only
  // add what is not covered yet.
  for await (const note of notes) {
    const checkpoint = checkpoints.take(note);
    if (!checkpoint) continue;
    await readUpTo(checkpoint.size);
    checkpoints.compare(checkpoint, log.tree);
  }
  await readUpTo(Infinity);
  return conclude(log, checkpoints);
}

class LogReader {
  readonly tree = new Tree();
  readonly sequence = new Sequence();
  readonly findings: Finding[] = [];
  readonly torn: Finding[] = [];

  take({ bytes, complete }: Piece): void {
    if (!complete) {
      this.torn.push({ kind: 'torn', what: 'entry', bytes: bytes.length });
      return;
    }
    this.tree.append(hashLeaf(bytes));
    const entry = parseEntry(bytes);
    if (entry.ok) {
      const finding = this.sequence.take(entry.value.seq, this.tree.size);
      if (finding) this.findings.push(finding);
    } else {
      this.findings.push({ kind: 'malformed', seq: this.sequence.next, detail: entry.error });
      this.sequence.skip();
    }
  }
}

class CheckpointReader {
  readonly #key: VerifierKey;
  readonly #verify: VerifySignature;
  readonly findings: Finding[] = [];
  readonly torn: Finding[] = [];
  /** The last one under a good signature. */
  head: Checkpoint | undefined;
  /** Everything below is proven by a checkpoint whose root fits. */
  proven = 0;
  /** The first checkpoint since then whose root does not fit, and its place in the file. */
  misfit: { readonly size: number; readonly place: number } | undefined;
  #place = 0;

  constructor(key: VerifierKey, verify: VerifySignature) {
    this.#key = key;
    this.#verify = verify;
  }

  /** The checkpoint in a note, if it is one of this log and goes further than the one before it. */
  take({ bytes, complete }: Piece): Checkpoint | undefined {
    if (!complete) {
      this.torn.push({ kind: 'torn', what: 'checkpoint', bytes: bytes.length });
      return undefined;
    }
    this.#place++;
    const checkpoint = this.#open(Buffer.from(bytes).toString('utf8'));
    if (typeof checkpoint === 'string') return this.#blame(this.#place, checkpoint);
    if (this.head && checkpoint.size <= this.head.size)
      return this.#blame(this.#place, 'does not go further than the one before it');
    this.head = checkpoint;
    return checkpoint;
  }

  /** `tree` has as many entries as the checkpoint covers, or all that there are. */
  compare({ size, root }: Checkpoint, tree: Tree): void {
    if (tree.size < size || Buffer.compare(tree.root(), root) !== 0) {
      this.misfit ??= { size, place: this.#place };
      return;
    }
    // The log goes on as it was signed: then it is that checkpoint that tells of another log.
    if (this.misfit) this.#blame(this.misfit.place, 'is of another history of this log');
    this.misfit = undefined;
    this.proven = size;
  }

  #blame(place: number, what: string): undefined {
    this.findings.push({ kind: 'checkpoint', detail: `number ${place} ${what}` });
  }

  #open(note: string): Checkpoint | string {
    const opened = openNote(note, this.#key, this.#verify);
    if (!opened.ok) return opened.error;
    const checkpoint = parseCheckpoint(opened.value.text);
    if (!checkpoint.ok) return checkpoint.error;
    return checkpoint.value.origin === this.#key.name
      ? checkpoint.value
      : `is of another log, ${checkpoint.value.origin}`;
  }
}

function conclude(log: LogReader, checkpoints: CheckpointReader): Report {
  const { head } = checkpoints;
  const findings = [...log.sequence.missing(), ...log.findings];
  // Sequence numbers have told where already; a root that differs could only say it again.
  const told = findings.length > 0;
  findings.push(...checkpoints.findings);
  const entries = log.tree.size;
  if (!head) findings.push({ kind: 'checkpoint', detail: 'there is none that counts' });
  else if (head.size > log.sequence.next)
    findings.push({ kind: 'truncated', have: entries, signed: head.size });
  else if (!told) findings.push(...disputed(checkpoints, entries));
  return concludeReport({
    entries,
    head,
    findings: [...findings, ...log.torn, ...checkpoints.torn],
  });
}

/** The entries that no checkpoint proves, though their numbers are as they should be. */
function disputed({ misfit, proven }: CheckpointReader, entries: number): Finding[] {
  if (misfit) return [{ kind: 'rewritten', from: proven, to: Math.max(proven, misfit.size - 1) }];
  return proven < entries ? [{ kind: 'uncovered', from: proven, to: entries - 1 }] : [];
}
