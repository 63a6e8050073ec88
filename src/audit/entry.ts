/**
 * One line of the audit log. The writer emits canonical JSON (RFC 8785) and the leaf of the tree is
 * the exact bytes of the line, so a verifier never has to print an entry again to check it. The
 * format is described in docs/formats/audit-log.md.
 */
import { canonicalJson, type Json, utf8 } from '../base/bytes.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { EntryBody } from './body.ts';

/** C2SP entry bundles prefix a length with 16 bits; a longer entry could never be published. */
export const MAX_ENTRY_BYTES = 65_535;

export interface EntryHead {
  readonly v: 1;
  /** From 0, without a gap, over the whole life of the log. */
  readonly seq: number;
  /** RFC 3339, UTC, milliseconds, by the daemon's clock. */
  readonly ts: string;
  /** Which start of the daemon wrote it. */
  readonly boot: string;
}

export type Entry = EntryHead & EntryBody;

/**
 * The line, without its newline. Throws RangeError when it is too long to be an entry, TypeError when
 * it holds half a character.
 */
export function formatEntry(entry: Entry): string {
  const line = canonicalJson(entry as unknown as Json);
  if (Buffer.byteLength(line) > MAX_ENTRY_BYTES) throw new RangeError('entry too long');
  return line;
}

const HEAD_FIELDS = { v: 'number', seq: 'number', ts: 'string', boot: 'string', type: 'string' };

/**
 * Reads a line back. Strict: what is not exactly what `formatEntry` writes is refused, so that no
 * entry has a second spelling. Types of entry that are not known here are accepted: a newer version
 * may have written them, and the tree covers them all the same.
 */
export function parseEntry(line: Uint8Array): Result<Entry, string> {
  if (line.length > MAX_ENTRY_BYTES) return err('is longer than an entry can be');
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(line).toString('utf8'));
  } catch {
    return err('is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return err('is not an object');
  for (const [field, type] of Object.entries(HEAD_FIELDS))
    if (typeof (value as Record<string, unknown>)[field] !== type) return err(`has no ${field}`);
  const entry = value as Entry;
  if (entry.v !== 1) return err(`is of version ${String(entry.v)}`);
  if (!Number.isSafeInteger(entry.seq) || entry.seq < 0) return err('has no sequence number');
  return isSpelledAs(entry as unknown as Json, line) ? ok(entry) : err('is not canonical JSON');
}

function isSpelledAs(value: Json, line: Uint8Array): boolean {
  try {
    return Buffer.compare(utf8(canonicalJson(value)), line) === 0;
  } catch {
    return false; // a lone surrogate: JSON.parse accepts what the canonical form cannot spell
  }
}
