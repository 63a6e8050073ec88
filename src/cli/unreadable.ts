/** What the log says of messages that could not be read: from whom, why as a rule, and what mends it. */
import { parseEntry } from '../audit/entry.ts';
import type { Directory } from '../config/directory.ts';
import { fileNames } from '../daemon.ts';
import { plural } from '../output/quantity.ts';
import { ledgerFiles } from '../store/ledger-files.ts';
import { readLines } from '../store/lines.ts';
import type { Undecryptable } from '../trust/sighting.ts';

export interface Unreadable {
  readonly sender: string;
  readonly code: Undecryptable;
  /** Sessions, that is: what cannot be read is recorded once for each. */
  readonly count: number;
  readonly lastAt: string;
}

/** Older ones have been mended, or nobody minds. */
const LOOK_BACK_MS = 7 * 24 * 3600_000;
const MAX_SHOWN = 20;

/** The usual cause, and what mends it. */
const CAUSES: Readonly<Record<Undecryptable, string>> = {
  missing_key:
    'the key never came: their client sends keys to verified devices only and has not verified the bot (vaktrom identity verify), or it did not know the device of the bot yet (send again), or the message is older than that device (vaktrom device rotate, recover)',
  unsigned_device:
    'the device that sent it is not signed by its owner: they verify that session in their client',
  unknown_device:
    'the device that sent it is signed out, or the homeserver does not tell of it: sign in again, send again; if it stays so, look at the homeserver and its federation',
  sender_mismatch:
    'it was not made by the account it is said to be from: nothing to mend, somebody to ask who can write to the homeserver',
  identity_violation:
    'their identity was verified and has been replaced since: ask them in person, then vaktrom identity verify and vaktrom identity pin --write',
  damaged:
    'it is damaged, or of a make that no client should send: send again from an up-to-date client',
};

const isUnreadable = (code: string): code is Undecryptable => Object.hasOwn(CAUSES, code);

export async function findUnreadable(
  { statePath }: Pick<Directory, 'statePath'>,
  now: number,
): Promise<readonly Unreadable[]> {
  const found = new Map<string, Unreadable>();
  for await (const { bytes, complete } of readLines(ledgerFiles(fileNames.audit(statePath)).log)) {
    const entry = parseEntry(bytes);
    if (!complete || !entry.ok || entry.value.type !== 'refused') continue;
    const { sender, code, ts } = entry.value;
    if (!isUnreadable(code) || Date.parse(ts) < now - LOOK_BACK_MS) continue;
    const count = (found.get(`${sender} ${code}`)?.count ?? 0) + 1;
    found.set(`${sender} ${code}`, { sender, code, count, lastAt: ts });
  }
  return [...found.values()].toSorted((a, b) => (a.lastAt < b.lastAt ? 1 : -1)).slice(0, MAX_SHOWN);
}

export const describeUnreadable = ({ sender, code, count, lastAt }: Unreadable): string =>
  `${sender}: ${plural(count, 'session')} could not be read (${code}, last ${lastAt}). As a rule, ${CAUSES[code]}`;
