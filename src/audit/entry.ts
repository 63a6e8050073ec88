/**
 * One line of the audit log. The writer emits canonical JSON (RFC 8785) and the leaf of the tree is
 * the exact bytes of the line, so a verifier never has to print an entry again to check it. The
 * format is described in docs/formats/audit-log.md.
 */
import { canonicalJson, type Json, utf8 } from '../base/bytes.ts';
import { err, ok, type Result } from '../base/result.ts';

/** C2SP entry bundles prefix a length with 16 bits; a longer entry could never be published. */
export const MAX_ENTRY_BYTES = 65_535;

/** Who, as far as it was proven. */
export interface Actor {
  readonly person: string;
  readonly account: string;
  readonly device: string;
  /** The master key under which the device was cross-signed. */
  readonly identity: string;
  readonly pinned: boolean;
}

/** Where a message stood, and the position of the Megolm session that it spent for good. */
export interface Source {
  readonly room: string;
  readonly event: string;
  readonly session?: string;
  readonly index?: number;
}

export type EntryBody =
  | { readonly type: 'boot'; readonly version: string; readonly policy: string }
  | { readonly type: 'shutdown'; readonly reason: string }
  | {
      readonly type: 'log.recovered';
      readonly bytes: number;
      readonly sha256: string;
      readonly kept: string;
    }
  | { readonly type: 'policy.loaded'; readonly policy: string }
  | { readonly type: 'policy.rejected'; readonly policy: string; readonly problem: string }
  | {
      readonly type: 'refused';
      readonly code: string;
      readonly sender: string;
      readonly person?: string;
      readonly source: Source;
    }
  | { readonly type: 'refused.more'; readonly count: number }
  /** A built-in that was answered. */
  | {
      readonly type: 'asked';
      readonly actor: Actor;
      readonly source: Source;
      readonly command: string;
      readonly values: Readonly<Record<string, string>>;
    }
  | {
      readonly type: 'request';
      readonly request: string;
      readonly digest: string;
      readonly actor: Actor;
      readonly source: Source;
      readonly thread: string;
      readonly command: string;
      readonly values: Readonly<Record<string, string>>;
      readonly policy: string;
      readonly decision: 'allow' | 'deny' | 'pending';
      readonly because?: string;
      readonly missing?: readonly string[];
      readonly despite?: string;
    }
  | {
      readonly type: 'start';
      readonly request: string;
      readonly argv: readonly string[];
      readonly plan: string;
    }
  | { readonly type: 'cancel'; readonly request: string; readonly actor: Actor }
  | {
      readonly type: 'end';
      readonly request: string;
      readonly outcome:
        | 'exited'
        | 'timed_out'
        | 'cancelled'
        | 'stopped'
        | 'not_started'
        | 'unknown';
      readonly exit?: number;
      readonly reason?: string;
      readonly ms?: number;
      readonly bytes?: number;
      readonly lines?: number;
      readonly sha256?: string;
    };

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
