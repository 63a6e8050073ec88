/**
 * The audit log on disk: `log.jsonl`, one entry a line, and `checkpoints`, a signed note after each
 * commit. It is ours only as far as the last checkpoint covers it: what stands behind that was never
 * acknowledged, so at open it is cut off, kept aside and recorded.
 *
 * A commit: entries · fdatasync · checkpoint over them · fdatasync · acknowledge. Appends that come in
 * meanwhile share the next commit.
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Entry, type EntryBody, formatEntry } from '../audit/entry.ts';
import type { Signer } from '../audit/note.ts';
import { hashLeaf } from '../audit/tree.ts';
import { sha256Hex, utf8 } from '../base/bytes.ts';
import { Fatal } from '../base/errors.ts';
import type { Instant } from '../base/ids.ts';
import { type AppendFile, createFile, openAppendFile } from './durable.ts';
import { ledgerFiles, type ReadBack, readLedger, signHead } from './ledger-files.ts';
import { readLines } from './lines.ts';

export interface Ledger extends AsyncDisposable {
  /**
   * Appends the entries in order, with no other between them. Resolves with the number of the first
   * once all are on disk and under a signed checkpoint. Rejects with Fatal `audit_append_failed`,
   * and from then on always.
   */
  append(...bodies: readonly EntryBody[]): Promise<number>;
  /** The last signed checkpoint, and how many entries it covers. */
  head(): { readonly size: number; readonly note: string };
  /** All acknowledged entries, oldest first, read from disk. */
  entries(): AsyncIterable<Entry>;
}

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

export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const { directory, signer, onEntry, openFile = openAppendFile } = options;
  const files = ledgerFiles(directory);
  const found = await readLedger(directory, signer, onEntry);
  const recovered = await keepTail(directory, files.log, found, options.now());
  await using opening = new AsyncDisposableStack();
  const log = opening.use(await openFile(files.log, found.logBytes));
  const checkpoints = opening.use(await openFile(files.checkpoints, found.checkpointBytes));
  const ledger = commitTo({ log, checkpoints, path: files.log }, found, options);
  if (recovered) await ledger.append(recovered);
  const closing = opening.move();
  return Object.assign(ledger, {
    [Symbol.asyncDispose]: async () => {
      await ledger.settled();
      await closing.disposeAsync();
    },
  });
}

/** Copies what no checkpoint covers to a file of its own; the entry that says so, if there is any. */
async function keepTail(
  directory: string,
  log: string,
  { logBytes, tree }: ReadBack,
  now: Instant,
): Promise<EntryBody | undefined> {
  const tail = await readFrom(log, logBytes);
  if (tail.length === 0) return undefined;
  const kept = `cut-${tree.size}-${now}.jsonl`;
  await createFile(join(directory, kept), tail);
  return { type: 'log.recovered', bytes: tail.length, sha256: sha256Hex(tail), kept };
}

async function readFrom(path: string, start: number): Promise<Uint8Array> {
  await using file = await open(path, 'r');
  const tail = Buffer.alloc((await file.stat()).size - start);
  await file.read(tail, 0, tail.length, start);
  return tail;
}

interface Files {
  readonly log: AppendFile;
  readonly checkpoints: AppendFile;
  readonly path: string;
}

interface Waiting {
  readonly bodies: readonly EntryBody[];
  readonly resolve: (first: number) => void;
  readonly reject: (error: Fatal) => void;
}

function commitTo(files: Files, found: ReadBack, options: LedgerOptions) {
  const { tree } = found;
  let head = { size: tree.size, note: found.note };
  let queue: Waiting[] = [];
  let failure: Fatal | undefined;
  let running: Promise<void> | undefined;

  const number = (waiting: readonly Waiting[]): { entries: Entry[]; lines: string[] } => {
    const ts = new Date(options.now()).toISOString();
    const entries: Entry[] = [];
    const lines: string[] = [];
    for (const body of waiting.flatMap(({ bodies }) => bodies)) {
      const head = { v: 1, seq: tree.size + lines.length, ts, boot: options.boot } as const;
      lines.push(formatEntry(head, body));
      entries.push({ ...head, ...body });
    }
    return { entries, lines };
  };

  const commit = async (waiting: readonly Waiting[]): Promise<void> => {
    let first = tree.size;
    const { entries, lines } = number(waiting);
    await files.log.append(`${lines.join('\n')}\n`);
    for (const line of lines) tree.append(hashLeaf(utf8(line)));
    const signed = signHead(options.signer, tree);
    await files.checkpoints.append(signed);
    head = { size: tree.size, note: signed.slice(0, -1) };
    for (const entry of entries) options.onEntry(entry);
    for (const { bodies, resolve } of waiting) {
      resolve(first);
      first += bodies.length;
    }
  };

  const run = async (): Promise<void> => {
    while (queue.length > 0 && !failure) {
      const waiting = queue;
      queue = [];
      try {
        await commit(waiting);
      } catch (cause) {
        // Memory and disk may disagree from here on: never again an acknowledgement.
        failure = new Fatal('audit_append_failed', 'the audit log cannot be written', cause);
        for (const { reject } of [...waiting, ...queue]) reject(failure);
      }
    }
    running = undefined;
  };

  return {
    append(...bodies: readonly EntryBody[]): Promise<number> {
      if (failure) return Promise.reject(failure);
      return new Promise((resolve, reject) => {
        queue.push({ bodies, resolve, reject });
        running ??= Promise.resolve().then(run);
      });
    },
    head: () => head,
    settled: async () => running,
    async *entries(): AsyncIterable<Entry> {
      let left = head.size;
      for await (const line of readLines(files.path)) {
        if (left-- === 0) return;
        yield JSON.parse(Buffer.from(line.bytes).toString('utf8')) as Entry;
      }
    },
  };
}
