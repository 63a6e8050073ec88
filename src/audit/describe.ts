/** The log, and what a verification of it found, in words for a person. */
import { assertNever } from '../base/errors.ts';
import type { Entry } from './entry.ts';
import type { Finding } from './finding.ts';

type Span = { readonly from: number; readonly to: number };

const span = ({ from, to }: Span, one: string, many: string): string =>
  from === to ? `entry ${from} ${one}` : `entries ${from} to ${to} ${many}`;

export function describeFinding(finding: Finding): string {
  switch (finding.kind) {
    case 'malformed':
      return `entry ${finding.seq} was edited: it ${finding.detail}`;
    case 'missing':
      return `${span(finding, 'is', 'are')} missing`;
    case 'moved':
      return `entry ${finding.seq} was moved: it stands where entry ${finding.before} should`;
    case 'inserted':
      return `line ${finding.line} was put in: there is an entry ${finding.seq} already`;
    case 'rewritten':
      return `${span(finding, 'was', 'were')} edited: not what the signed checkpoint covers`;
    case 'truncated':
      return `the log ends after ${finding.have} entries; ${finding.signed} were signed`;
    case 'checkpoint':
      return `checkpoint: ${finding.detail}`;
    case 'uncovered':
      return `${span(finding, 'is', 'are')} not covered by a checkpoint yet`;
    case 'torn':
      return `${finding.bytes} bytes of an unfinished ${finding.what} at the end`;
    default:
      return assertNever(finding);
  }
}

/**
 * One entry on one line, with what a reader looks for; `audit show --json` has all of it. The values are
 * of unknown origin: make them safe before showing them.
 */
export function describeEntry(entry: Entry): string {
  const { v: _v, seq, ts, boot: _boot, type, ...facts } = entry;
  const shown = Object.entries(facts).map(([name, value]) => `${name}=${brief(name, value)}`);
  return `${String(seq).padStart(6)}  ${ts}  ${type.padEnd(13)}  ${shown.join('  ')}`;
}

/** Of what has many parts, the one that names it. */
const NAMED_BY: Readonly<Record<string, string>> = {
  actor: 'person',
  evidence: 'kind',
  frozen: 'action',
  source: 'event',
};
/** Enough of a hash to find the rest. */
const BRIEF_HASH = 12;

function brief(name: string, value: unknown): string {
  const part = NAMED_BY[name];
  if (part !== undefined && typeof value === 'object' && value !== null)
    return brief('', Object.entries(value).find(([key]) => key === part)?.[1]);
  if (typeof value !== 'string') return JSON.stringify(value);
  return /^[0-9a-f]{64}$/.test(value) ? `${value.slice(0, BRIEF_HASH)}…` : value;
}
