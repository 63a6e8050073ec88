/**
 * Tries the sandbox: starts actions that attempt what no action may do, with bait laid out for them, and
 * compares what they got with what they should. What could not be tried has not passed.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { describeError } from '../base/errors.ts';
import type { Plan } from '../execution/plan.ts';
import { type Bait, layBait } from './bait.ts';
import { openSandbox } from './launch.ts';

export interface Finding {
  /** A sentence that should be true. */
  readonly name: string;
  readonly ok: boolean;
  /** What was seen instead, if it is not. */
  readonly detail: string;
}

/** What an action found out, by name. */
export type Facts = Readonly<Record<string, string>>;

const INSIDE = readFileSync(new URL('./probe-inside.mjs', import.meta.url), 'utf8');
const PATIENCE_MS = 60_000;

/** Rejects never: a host on which nothing can be tried has one finding, that it cannot. */
export async function probeSandbox(hidden: readonly string[] = []): Promise<readonly Finding[]> {
}
