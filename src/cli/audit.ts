/** `vaktrom audit verify | show | head`: from the files and the public key alone, daemon or not. */
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatCheckpoint, splitNotes } from '../audit/checkpoint.ts';
import { describeEntry, describeFinding } from '../audit/describe.ts';
import { parseEntry } from '../audit/entry.ts';
import { parseVerifierKey, type VerifierKey } from '../audit/note.ts';
import { LogVerifier, type Report } from '../audit/verify.ts';
import { Fault } from '../base/errors.ts';
import { visibleLine } from '../output/text.ts';
import { verifySignature } from '../store/keys.ts';
import { ledgerFiles } from '../store/ledger-files.ts';
import { readLines } from '../store/lines.ts';
import type { ExitCode, Io } from './io.ts';

export interface AuditOptions {
  /** The folder that holds log.jsonl and checkpoints. */
  readonly log: string;
  /** A verifier key, or the file that holds it. */
  readonly key: string;
  readonly json: boolean;
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
  const verifier = new LogVerifier(await readVerifierKey(options.key), verifySignature);
  const files = ledgerFiles(options.log);
  // The checkpoints first: what a running daemon appends meanwhile is then uncovered, not contradicted.
  const notes = await readAuditFile(files.checkpoints);
  await mustRead(files.log);
  for await (const line of readLines(files.log))
    if (line.complete) verifier.take(line.bytes);
    else verifier.tear(line.bytes.length);
  const report = verifier.finish(notes);
  if (options.json) io.out(JSON.stringify(toJson(report)));
  else for (const line of describeReport(report)) io.out(line);
  return EXIT[report.verdict];
}

const toJson = ({ head, ...rest }: Report) => ({
  ...rest,
  ...(head
    ? {
        head: {
          origin: head.origin,
          size: head.size,
          root: Buffer.from(head.root).toString('base64'),
        },
      }
    : {}),
});

function describeReport({ verdict, entries, head, findings }: Report): string[] {
  const signed = head
    ? `, signed by ${head.origin} as ${formatCheckpoint(head).split('\n')[2]}`
    : '';
  const conclusion = {
    intact: `intact: ${entries} entries${signed}`,
    tampered: `TAMPERED: ${entries} entries, ${findings.length} findings`,
    incomplete: `incomplete: ${entries} entries; what is covered is intact${signed}`,
  };
  return [...findings.map(describeFinding), conclusion[verdict]];
}

export async function auditShow(options: AuditOptions, io: Io): Promise<ExitCode> {
  const { log } = ledgerFiles(options.log);
  await mustRead(log);
  for await (const { bytes, complete } of readLines(log)) {
    if (!complete) continue;
    const line = Buffer.from(bytes).toString('utf8');
    io.out(options.json ? line : formatRow(line));
  }
  return 0;
}

/** For reading; `--json` gives the stored bytes. */
function formatRow(line: string): string {
  const entry = parseEntry(line);
  return visibleLine(
    entry.ok ? describeEntry(entry.value) : `? ${line.slice(0, 200)} ${entry.error}`,
  );
}

export async function auditHead(options: AuditOptions, io: Io): Promise<ExitCode> {
  const notes = splitNotes(await readAuditFile(ledgerFiles(options.log).checkpoints));
  const last = notes.at(-1);
  if (last === undefined) throw new Fault('audit_incomplete', 'there is no checkpoint yet');
  io.out(options.json ? JSON.stringify({ note: last }) : last.trimEnd());
  return 0;
}

async function readVerifierKey(keyOrFile: string): Promise<VerifierKey> {
  const direct = parseVerifierKey(keyOrFile);
  if (direct.ok) return direct.value;
  const text = (await readAuditFile(keyOrFile)).trim();
  const key = parseVerifierKey(text);
  if (!key.ok) throw new Fault('usage', `${keyOrFile} ${key.error}`);
  return key.value;
}

const unreadable = (path: string) => (cause: unknown) => {
  throw new Fault('audit_incomplete', `cannot read ${path}`, cause);
};

const readAuditFile = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch(unreadable(path));

const mustRead = (path: string): Promise<void> => access(path).catch(unreadable(path));
