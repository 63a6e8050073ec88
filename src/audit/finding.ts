/** What a verification of the log can find, and the report that it ends with. */
import type { Checkpoint } from './checkpoint.ts';

export type Finding =
  | { readonly kind: 'malformed'; readonly seq: number; readonly detail: string }
  | { readonly kind: 'missing'; readonly from: number; readonly to: number }
  | { readonly kind: 'moved'; readonly seq: number; readonly before: number }
  | { readonly kind: 'inserted'; readonly seq: number; readonly line: number }
  | { readonly kind: 'rewritten'; readonly from: number; readonly to: number }
  | { readonly kind: 'truncated'; readonly have: number; readonly signed: number }
  | { readonly kind: 'checkpoint'; readonly detail: string }
  /** Not proof of tampering: a commit that was cut short, or is under way right now. */
  | { readonly kind: 'uncovered'; readonly from: number; readonly to: number }
  | { readonly kind: 'torn'; readonly what: 'entry' | 'checkpoint'; readonly bytes: number };

export interface Report {
  readonly verdict: 'intact' | 'tampered' | 'incomplete';
  readonly entries: number;
  /** The last checkpoint that stands under a good signature. */
  readonly head: Checkpoint | undefined;
  readonly findings: readonly Finding[];
}

export function concludeReport(found: Omit<Report, 'verdict'>): Report {
  const { findings } = found;
  const harmless = findings.every((f) => f.kind === 'torn' || f.kind === 'uncovered');
  const verdict = findings.length === 0 ? 'intact' : harmless ? 'incomplete' : 'tampered';
  return { verdict, ...found };
}
