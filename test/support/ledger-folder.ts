/** An audit log in a folder of its own, opened as often as a test likes. */
import { join } from 'node:path';
import type { Test } from 'tap';
import type { EntryBody } from '../../src/audit/body.ts';
import type { Entry } from '../../src/audit/entry.ts';
import type { Report } from '../../src/audit/finding.ts';
import { verifyLog } from '../../src/audit/verify.ts';
import { verifySignature } from '../../src/store/keys.ts';
import { type Ledger, type LedgerOptions, openLedger } from '../../src/store/ledger.ts';
import { createLedger, ledgerFiles } from '../../src/store/ledger-files.ts';
import { readLines, readNotes } from '../../src/store/lines.ts';
import { faultyFiles } from './faulty-file.ts';
import { signer } from './signer.ts';

export interface LedgerFolder {
  readonly directory: string;
  readonly log: string;
  readonly checkpoints: string;
  /** Every entry that the ledgers opened here have told of. */
  readonly told: Entry[];
  open(change?: Partial<LedgerOptions>): Promise<Ledger>;
  /** As an auditor finds it. */
  verify(): Promise<Report>;
}

export async function newLedgerFolder(t: Test): Promise<LedgerFolder> {
  const directory = join(t.testdir(), 'audit');
  await createLedger(directory, signer);
  return ledgerFolder(directory);
}

export function ledgerFolder(directory: string): LedgerFolder {
  const told: Entry[] = [];
  const { log, checkpoints } = ledgerFiles(directory);
  return {
    directory,
    log,
    checkpoints,
    told,
    open: (change) =>
      openLedger({
        ...{ directory, signer, boot: 'test', now: () => Date.parse('2026-01-05T10:00:00Z') },
        onEntry: (entry) => told.push(entry),
        openFile: faultyFiles(),
        ...change,
      }),
    verify: () =>
      verifyLog({ lines: readLines(log), notes: readNotes(checkpoints) }, signer, verifySignature),
  };
}

export const say = (reason: string): EntryBody => ({ type: 'shutdown', reason });

/** The reasons of the entries that `say` made, and the types of all others. */
export const reasonsOf = (entries: readonly Entry[]): string[] =>
  entries.map((entry) => (entry.type === 'shutdown' ? entry.reason : entry.type));
