/** Was the clock of this host set back behind the audit log? Codes that have counted lie ahead then. */
import { open } from 'node:fs/promises';
import { MAX_ENTRY_BYTES, parseEntry } from '../audit/entry.ts';
import { Fault } from '../base/errors.ts';

/** Clocks are set by a little all the time. */
const TOLERANCE_MS = 30_000;

/** Rejects with Fault `config_invalid` if the newest entry of the log is of the future. */
export async function checkLogClock(log: string, now: number): Promise<string> {
  const newest = await newestEntryAt(log);
  if (newest === undefined) return 'no entry yet';
  if (newest - now > TOLERANCE_MS)
    throw new Fault(
      'config_invalid',
      `the clock of this host stands ${Math.round((newest - now) / 1000)} s before the newest entry of the log. ` +
        'Codes that were given since then do not count until it has caught up; set the clock right',
    );
  return new Date(newest).toISOString();
}

/** By the end of the file alone, however long it is; undefined for a log without an entry. */
async function newestEntryAt(log: string): Promise<number | undefined> {
  await using file = await open(log);
  const { size } = await file.stat();
  const end = Buffer.alloc(Math.min(size, 2 * MAX_ENTRY_BYTES + 2));
  await file.read(end, 0, end.length, size - end.length);
  // What stands behind the last newline is being written just now.
  const lines = end.subarray(0, end.lastIndexOf(0x0a));
  const entry = parseEntry(lines.subarray(lines.lastIndexOf(0x0a) + 1));
  return entry.ok ? Date.parse(entry.value.ts) : undefined;
}
