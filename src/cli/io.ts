/** What a command of the CLI is given of the world, and how it ends. */
import { inspect } from 'node:util';
import { Fatal, Fault, type FaultCode, needsPerson } from '../base/errors.ts';
import { visibleLine } from '../output/text.ts';
import { Interrupted } from './signals.ts';

/**
 * 0 ok, 1 refused or found wrong, 2 usage, 3 could not tell, 4 signed out at the homeserver, 5 of the
 * daemon: only a person can mend it.
 */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5;

export interface Io {
  /** A line on stdout: what was asked for. */
  readonly out: (line: string) => void;
  /** That stdout is a terminal, where it stands between what stderr says. */
  readonly isTerminal?: boolean;
  /** A line on stderr: what a person should know besides. */
  readonly err: (line: string) => void;
  /** Asks at the terminal; undefined where nobody can answer. */
  readonly ask: ((question: string, hidden?: boolean) => Promise<string>) | undefined;
  /** Takes back a question that is open: nobody waits for its answer. */
  readonly abandonQuestion?: () => void;
  /** The next line of what is piped in, empty after its end. */
  readonly readLine?: () => Promise<string>;
}

const EXIT_OF: Partial<Record<FaultCode, ExitCode>> = {
  usage: 2,
  daemon_unreachable: 3,
  homeserver_unreachable: 3,
  audit_incomplete: 3,
  sandbox_unavailable: 3,
};

export function exitCodeOf(error: unknown): number {
  if (error instanceof Interrupted) return error.exit;
  if (error instanceof Fatal && error.code === 'signed_out') return 4;
  return error instanceof Fault ? (EXIT_OF[error.code] ?? 1) : 1;
}

/** The unit starts the daemon again after every end but 2, 4 and 5: see RestartPreventExitStatus=. */
export function exitCodeOfDaemon(error: unknown): number {
  const code = exitCodeOf(error);
  return code === 1 && needsPerson(error) ? 5 : code;
}

/** A mistake of the user's is one message; a mistake of ours says so and keeps its trace. */
export function explainError(error: unknown): string {
  if (!(error instanceof Fault) && !(error instanceof Fatal))
    return printable(
      `vaktrom: this is a bug: ${error instanceof Error ? error.stack : inspect(error)}`,
    );
  const parts = [`vaktrom: ${error.message}`];
  // Bounded, since causes can go in a circle.
  for (let cause = error.cause; cause instanceof Error && parts.length < 8; cause = cause.cause)
    parts.push(`  because: ${cause.message}`);
  return printable(parts.join('\n'));
}

/** Messages repeat what a file or a server says; to a terminal, some of that would be commands. */
export const printable = (text: string): string => text.split('\n').map(visibleLine).join('\n');
