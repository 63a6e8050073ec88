/** `vaktrom audit verify | show | head`: from the files and the public key alone, daemon or not. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeEntry, describeFinding } from '../audit/describe.ts';
import { type Entry, parseEntry } from '../audit/entry.ts';
import type { Report } from '../audit/finding.ts';
import { parseVerifierKey, type VerifierKey } from '../audit/note.ts';
import { verifyLog } from '../audit/verify.ts';
import { toBase64 } from '../base/bytes.ts';
import { Fault } from '../base/errors.ts';
import { plural } from '../output/quantity.ts';
import { visibleLine } from '../output/text.ts';
import type { ReceiptReport } from '../stepup/receipts.ts';
import { verifySignature } from '../store/keys.ts';
import { ledgerFiles } from '../store/ledger-files.ts';
import { type Piece, readLines, readNotes } from '../store/lines.ts';
import type { ExitCode, Io } from './io.ts';

export interface AuditOptions {
  /** The folder that holds log.jsonl and checkpoints. */
  readonly log: string;
  /** A verifier key, or the file that holds it. */
  readonly key: string;
  readonly json: boolean;
  /** Checks the signatures of passkeys in the log, too. */
  readonly receipts?: boolean;
}

export const PUBLIC_KEY_FILE = 'audit.pub';

/** Where a vaktrom directory keeps its log, without reading anything else of it. */
export const defaultAuditPaths = (root: string, statePath: string) => ({
  log: join(statePath, 'audit'),
  key: join(root, PUBLIC_KEY_FILE),
});

const EXIT: Readonly<Record<Report['verdict'], ExitCode>> = {
  intact: 0,
  tampered: 1,
  incomplete: 3,
};

export async function auditVerify(options: AuditOptions, io: Io): Promise<ExitCode> {
  const key = await readVerifierKey(options.key);
  const { log, checkpoints } = ledgerFiles(options.log);
  const files = { lines: pieces(readLines, log), notes: pieces(readNotes, checkpoints) };
  const report = await verifyLog(files, key, verifySignature);
  const receipts = options.receipts ? await checkReceipts(log) : undefined;
  if (options.json) io.out(JSON.stringify({ ...toJson(report), ...(receipts && { receipts }) }));
  else
    for (const line of [...describeReport(report), ...(receipts ? describeReceipts(receipts) : [])])
      io.out(visibleLine(line));
  return receipts && receipts.bad.length > 0 ? 1 : EXIT[report.verdict];
}

async function checkReceipts(log: string): Promise<ReceiptReport> {
  // Loaded only when it is asked for: WebAuthn is a large library.
  const { verifyReceipts } = await import('../stepup/receipts.ts');
  return verifyReceipts(entriesOf(log));
}

/** What cannot be read as an entry is left out: the verification of the log has named it. */
async function* entriesOf(log: string): AsyncIterable<Entry> {
  for await (const { bytes } of pieces(readLines, log)) {
    const entry = parseEntry(bytes);
    if (entry.ok) yield entry.value;
  }
}

const toJson = ({ head, ...rest }: Report) => ({
  ...rest,
  ...(head ? { head: { ...head, root: toBase64(head.root) } } : {}),
});

function describeReport({ verdict, entries, head, findings }: Report): string[] {
  const signed = head ? `, signed by ${head.origin} as ${toBase64(head.root)}` : '';
  const conclusion = {
    intact: `intact: ${entries} entries${signed}`,
    tampered: `TAMPERED: ${entries} entries, ${plural(findings.length, 'finding')}`,
    incomplete: `incomplete: ${entries} entries; what is covered is intact${signed}`,
  };
  return [...findings.map(describeFinding), conclusion[verdict]];
}

function describeReceipts({ checked, bad }: ReceiptReport): string[] {
  const found = bad.map(({ seq, why }) => `entry ${seq}, a passkey's receipt: ${why}`);
  const conclusion =
    bad.length === 0
      ? `receipts: ${plural(checked, 'signature')} of passkeys, all good`
      : `BAD RECEIPTS: ${plural(bad.length, 'finding')}, ${plural(checked, 'signature')} checked`;
  return [...found, conclusion];
}

export async function auditShow(options: AuditOptions, io: Io): Promise<ExitCode> {
  for await (const { bytes, complete } of pieces(readLines, ledgerFiles(options.log).log))
    if (complete) io.out(options.json ? textOf(bytes) : formatRow(bytes));
  return 0;
}

/** For reading; `--json` gives the stored bytes. */
function formatRow(line: Uint8Array): string {
  const entry = parseEntry(line);
  return visibleLine(
    entry.ok ? describeEntry(entry.value) : `? ${textOf(line).slice(0, 200)} ${entry.error}`,
  );
}

export async function auditHead(options: AuditOptions, io: Io): Promise<ExitCode> {
  let last: string | undefined;
  for await (const { bytes, complete } of pieces(readNotes, ledgerFiles(options.log).checkpoints))
    if (complete) last = textOf(bytes);
  if (last === undefined) throw new Fault('audit_incomplete', 'there is no checkpoint yet');
  if (options.json) io.out(JSON.stringify({ note: last }));
  else for (const line of last.trimEnd().split('\n')) io.out(visibleLine(line));
  return 0;
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

async function readVerifierKey(keyOrFile: string): Promise<VerifierKey> {
  const direct = parseVerifierKey(keyOrFile);
  if (direct.ok) return direct.value;
  const text = await readFile(keyOrFile, 'utf8').catch((cause: unknown) => {
    throw unreadable(keyOrFile, cause);
  });
  const key = parseVerifierKey(text.trim());
  if (!key.ok) throw new Fault('usage', `${keyOrFile} ${key.error}`);
  return key.value;
}

async function* pieces(
  read: (path: string) => AsyncIterable<Piece>,
  path: string,
): AsyncIterable<Piece> {
  try {
    yield* read(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

const unreadable = (path: string, cause: unknown) =>
  new Fault('audit_incomplete', `cannot read ${path}`, cause);
