/**
 * The audit log on disk: `log.jsonl`, one entry a line, and `checkpoints`, a signed note after each
 * commit. It is ours only as far as the last checkpoint covers it: what stands behind that was never
 * acknowledged, so at open it is cut off, kept aside and recorded.
 *
 * A commit: entries · fdatasync · checkpoint over them · fdatasync · acknowledge. Appends that come in
 * meanwhile share the next commit. Disk space for future commits is reserved.
 */
import type { EntryBody } from '../audit/body.ts';
import { type Entry, formatEntry } from '../audit/entry.ts';
import type { Signer } from '../audit/note.ts';
import { hashLeaf, type Tree } from '../audit/tree.ts';
import { utf8 } from '../base/bytes.ts';
import { Fatal } from '../base/errors.ts';
import type { Instant } from '../base/ids.ts';
import { keepTail, unrecordedTails } from './cut-tail.ts';
import { type AppendFile, openAppendFile } from './durable.ts';
import { ledgerFiles, type ReadBack, readEntries, readLedger, signHead } from './ledger-files.ts';

export interface Ledger extends AsyncDisposable {
  /**
   * Appends the entries in order, with no other between them. Resolves with the number of the first
   * once all are on disk and under a signed checkpoint. Rejects with Fatal `audit_append_failed`,
   * and from then on always; or, before anything is written, with a RangeError or TypeError when one
   * of them cannot be an entry: too long, or with text that is not Unicode.
   */
  append(...bodies: readonly EntryBody[]): Promise<number>;
  /** The last signed checkpoint, and how many entries it covers. */
  head(): { readonly size: number; readonly note: string };
  /** All acknowledged entries, oldest first, read from disk. */
  entries(): AsyncIterable<Entry>;
  /** Reserves disk space for some thousand more entries. Rejects with Fault `disk_full`. */
  reserve(): Promise<void>;
  /** Resolves once the commit that is under way, if there is one, has ended. */
  turn(): Promise<void>;
}

const LOG_RESERVE_BYTES = 2 * 1024 ** 2;
const CHECKPOINTS_RESERVE_BYTES = 512 * 1024;

export interface LedgerOptions {
  readonly directory: string;
  readonly signer: Signer;
  /** Names this start of the daemon in each entry. */
  readonly boot: string;
  readonly now: () => Instant;
  /** Told of every entry: of those on disk at open, then of each one once it is acknowledged. */
  readonly onEntry: (entry: Entry) => void;
  /** For tests that let a disk fail; the real files otherwise. */
  readonly openFile?: (path: string, size: number) => Promise<AppendFile>;
}

/**
 * Throws Fatal `audit_head_mismatch` when the files are not what was signed, `audit_append_failed`
 * when they cannot be written.
 */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const { directory, signer, openFile = openAppendFile } = options;
  const paths = ledgerFiles(directory);
  const named = new Set<string>();
  const found = await readLedger(directory, signer, (entry) => {
    if (entry.type === 'log.recovered') named.add(entry.kept);
    options.onEntry(entry);
  });
  await using opening = new AsyncDisposableStack();
  try {
    await keepTail(paths.log, directory, { start: found.logBytes, size: found.tree.size });
    const log = opening.use(await openFile(paths.log, found.logBytes));
    const checkpoints = opening.use(await openFile(paths.checkpoints, found.checkpointBytes));
    const ledger = new LedgerOnDisk({ log, checkpoints, path: paths.log }, found, options);
    const recovered = await unrecordedTails(directory, named);
    if (recovered.length > 0) await ledger.append(...recovered);
    opening.move(); // from here on the ledger closes them
    return ledger;
  } catch (error) {
    throw error instanceof Fatal ? error : unwritable(error);
  }
}

const unwritable = (cause: unknown) =>
  new Fatal('audit_append_failed', 'the audit log cannot be written', cause);

interface Files {
  readonly log: AppendFile;
  readonly checkpoints: AppendFile;
  readonly path: string;
}

interface Waiting {
  readonly bodies: readonly EntryBody[];
  readonly resolve: (first: number) => void;
  readonly reject: (error: unknown) => void;
}

class LedgerOnDisk implements Ledger {
  readonly #files: Files;
  readonly #options: LedgerOptions;
  readonly #tree: Tree;
  #head: ReturnType<Ledger['head']>;
  #queue: Waiting[] = [];
  #failure: Fatal | undefined;
  #running: Promise<void> | undefined;
  #committing = Promise.resolve();

  constructor(files: Files, { tree, note }: ReadBack, options: LedgerOptions) {
    this.#files = files;
    this.#options = options;
    this.#tree = tree;
    this.#head = { size: tree.size, note };
  }

  append(...bodies: readonly EntryBody[]): Promise<number> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#queue.push({ bodies, resolve, reject });
      this.#running ??= Promise.resolve().then(() => this.#run());
    });
  }

  head(): ReturnType<Ledger['head']> {
    return this.#head;
  }

  async *entries(): AsyncIterable<Entry> {
    for await (const { entry } of readEntries(this.#files.path, this.#head.size)) yield entry;
  }

  async reserve(): Promise<void> {
    const { log, checkpoints } = this.#files;
    await Promise.all([
      log.reserve(LOG_RESERVE_BYTES),
      checkpoints.reserve(CHECKPOINTS_RESERVE_BYTES),
    ]);
  }

  turn(): Promise<void> {
    return this.#committing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running;
    await this.#files.checkpoints[Symbol.asyncDispose]();
    await this.#files.log[Symbol.asyncDispose]();
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0 && !this.#failure) {
      const waiting = this.#queue;
      this.#queue = [];
      try {
        const committing = this.#commit(waiting);
        this.#committing = committing.catch(() => {});
        await committing;
      } catch (cause) {
        // Memory and disk may disagree from here on: never again an acknowledgement.
        this.#failure = unwritable(cause);
        for (const { reject } of [...waiting, ...this.#queue]) reject(this.#failure);
      }
    }
    this.#running = undefined;
  }

  async #commit(waiting: readonly Waiting[]): Promise<void> {
    const { accepted, entries, lines } = this.#number(waiting);
    if (lines.length === 0) return;
    let first = this.#tree.size;
    await this.#files.log.append(`${lines.join('\n')}\n`);
    for (const line of lines) this.#tree.append(hashLeaf(utf8(line)));
    const signed = signHead(this.#options.signer, this.#tree);
    await this.#files.checkpoints.append(signed);
    this.#head = { size: this.#tree.size, note: signed.slice(0, -1) };
    for (const entry of entries) this.#options.onEntry(entry);
    for (const { bodies, resolve } of accepted) {
      resolve(first);
      first += bodies.length;
    }
  }

  /** Numbers and prints what can be; what cannot is refused alone, before anything is written. */
  #number(waiting: readonly Waiting[]) {
    const { boot, now } = this.#options;
    const ts = new Date(now()).toISOString();
    const entries: Entry[] = [];
    const lines: string[] = [];
    const accepted = waiting.filter(({ bodies, reject }) => {
      const from = this.#tree.size + lines.length;
      const numbered = bodies.map(
        (body, i) => ({ v: 1, seq: from + i, ts, boot, ...body }) as const,
      );
      try {
        if (numbered.length === 0) throw new RangeError('there is nothing to append');
        lines.push(...numbered.map(formatEntry));
      } catch (error) {
        reject(error);
        return false;
      }
      return entries.push(...numbered) > 0;
    });
    return { accepted, entries, lines };
  }
}
