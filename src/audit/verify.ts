/**
 * Is the log what its checkpoints say it is? Reads entries one by one and ends with a report that
 * names each entry that was edited, removed, moved or put in. Needs the files and the public key,
 * nothing of the daemon. Every byte it reads is attacker-chosen until the signature has covered it.
 *
 * The answer rests on one thing: the root of the last signed checkpoint. Sequence numbers and the
 * older checkpoints only serve to say *where* it went wrong.
 */
import { type Checkpoint, parseCheckpoint, splitNotes } from './checkpoint.ts';
import { parseEntry } from './entry.ts';
import { openNote, type VerifierKey, type VerifySignature } from './note.ts';
import { hashLeaf, Tree } from './tree.ts';

export type Finding =
  | { readonly kind: 'malformed'; readonly seq: number; readonly detail: string }
  | { readonly kind: 'missing'; readonly from: number; readonly to: number }
  | { readonly kind: 'moved'; readonly seq: number; readonly before: number }
  | { readonly kind: 'inserted'; readonly seq: number; readonly line: number }
  | { readonly kind: 'rewritten'; readonly from: number; readonly to: number }
  | { readonly kind: 'truncated'; readonly have: number; readonly signed: number }
  | { readonly kind: 'checkpoint'; readonly detail: string }
  /** Not proof of tampering: a commit that was cut short, or is under way right now. */
  | { readonly kind: 'uncovered'; readonly from: number; readonly to: number }
  | { readonly kind: 'torn'; readonly bytes: number };

export interface Report {
  readonly verdict: 'intact' | 'tampered' | 'incomplete';
  readonly entries: number;
  readonly head: Checkpoint | undefined;
  readonly findings: readonly Finding[];
}

export class LogVerifier {
  readonly #key: VerifierKey;
  readonly #verify: VerifySignature;
  readonly #leaves: Uint8Array[] = [];
  readonly #findings: Finding[] = [];
  readonly #seen = new Set<number>();
  #gaps: Gap[] = [];
  #tornBytes = 0;
  #expected = 0;

  constructor(key: VerifierKey, verify: VerifySignature) {
    this.#key = key;
    this.#verify = verify;
  }

  /** Takes the next line of the log, without its newline. */
  take(line: Uint8Array): void {
    const position = this.#leaves.length;
    this.#leaves.push(hashLeaf(line));
    const entry = parseEntry(Buffer.from(line).toString('utf8'));
    if (entry.ok) this.#follow(entry.value.seq, position);
    else {
      this.#findings.push({ kind: 'malformed', seq: this.#expected, detail: entry.error });
      this.#seen.add(this.#expected++);
    }
  }

  /** Bytes behind the last newline: an append that a crash cut short. */
  tear(bytes: number): void {
    this.#tornBytes = bytes;
  }

  /** `notes`: the whole file of checkpoints. */
  finish(notes: string): Report {
    const history = splitNotes(notes);
    const head = this.#head(history.at(-1));
    if (head) this.#compare(head, history);
    const gaps = this.#gaps.map((gap) => ({ kind: 'missing' as const, ...gap }));
    const torn = this.#tornBytes > 0 ? [{ kind: 'torn' as const, bytes: this.#tornBytes }] : [];
    const findings = [...gaps, ...this.#findings, ...torn];
    return { verdict: verdictOf(findings), entries: this.#leaves.length, head, findings };
  }

  #follow(seq: number, position: number): void {
    if (seq > this.#expected) {
      this.#gaps.push({ from: this.#expected, to: seq - 1 });
      this.#expected = seq + 1;
    } else if (seq === this.#expected) this.#expected++;
    else if (this.#seen.has(seq)) {
      this.#findings.push({ kind: 'inserted', seq, line: position + 1 });
    } else {
      this.#findings.push({ kind: 'moved', seq, before: this.#expected });
      this.#gaps = this.#gaps.flatMap((gap) => withoutNumber(gap, seq));
    }
    this.#seen.add(seq);
  }

  #head(note: string | undefined): Checkpoint | undefined {
    if (note === undefined) {
      this.#findings.push({ kind: 'checkpoint', detail: 'there is none' });
      return undefined;
    }
    const checkpoint = this.#open(note);
    if (typeof checkpoint !== 'string') return checkpoint;
    this.#findings.push({ kind: 'checkpoint', detail: `the last one ${checkpoint}` });
    return undefined;
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

  #compare(head: Checkpoint, history: readonly string[]): void {
    const have = this.#leaves.length;
    // Sequence numbers have told where already; a root that differs could only say it again.
    const told = this.#gaps.length + this.#findings.length > 0;
    if (head.size > this.#expected)
      this.#findings.push({ kind: 'truncated', have, signed: head.size });
    else if (told) return;
    else if (!sameBytes(this.#rootAt(head.size), head.root)) this.#locate(history);
    else if (head.size < have)
      this.#findings.push({ kind: 'uncovered', from: head.size, to: have - 1 });
  }

  /**
   * The root is wrong: which is the first checkpoint that does not fit? A root that fits proves every
   * entry under it, so the checkpoints can be searched by halves. Only signed ones count.
   */
  #locate(history: readonly string[]): void {
    const signed = (index: number) => this.#open(history[index] ?? '');
    let good = 0;
    let low = 0;
    let high = history.length - 1;
    let bad = this.#leaves.length;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const checkpoint = signed(middle);
      if (typeof checkpoint === 'string') {
        this.#findings.push({ kind: 'checkpoint', detail: `number ${middle + 1} ${checkpoint}` });
        break;
      }
      const fits =
        checkpoint.size <= this.#leaves.length &&
        sameBytes(this.#rootAt(checkpoint.size), checkpoint.root);
      if (fits) {
        good = checkpoint.size;
        low = middle + 1;
      } else {
        bad = checkpoint.size;
        high = middle - 1;
      }
    }
    this.#findings.push({ kind: 'rewritten', from: good, to: Math.max(good, bad - 1) });
  }

  #rootAt(size: number): Uint8Array {
    const tree = new Tree();
    for (const leaf of this.#leaves.slice(0, size)) tree.append(leaf);
    return tree.root();
  }
}

interface Gap {
  readonly from: number;
  readonly to: number;
}

const withoutNumber = ({ from, to }: Gap, seq: number): Gap[] =>
  seq < from || seq > to
    ? [{ from, to }]
    : [
        { from, to: seq - 1 },
        { from: seq + 1, to },
      ].filter((gap) => gap.from <= gap.to);

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

function verdictOf(findings: readonly Finding[]): Report['verdict'] {
  if (findings.length === 0) return 'intact';
  return findings.every((f) => f.kind === 'torn' || f.kind === 'uncovered')
    ? 'incomplete'
    : 'tampered';
}
