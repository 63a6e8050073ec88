/**
 * What bubblewrap writes to `--json-status-fd`: a line once the sandbox has its namespaces, a line
 * when the action has ended. The second is missing if the action was never started. bubblewrap
 * closes the descriptor before any code of the action runs, so the lines are its own.
 */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

export type Status =
  | { readonly kind: 'made'; readonly pid: number; readonly pidNamespace: number }
  | { readonly kind: 'ended'; readonly code: number };

export async function* readStatus(pipe: Readable): AsyncGenerator<Status> {
  for await (const line of createInterface({ input: pipe })) {
    const status = parseStatus(line);
    if (status !== undefined) yield status;
  }
}

/** Undefined for a line that is neither, as when bubblewrap was killed in the middle of one. */
export function parseStatus(line: string): Status | undefined {
  const pid = readNumber(line, 'child-pid');
  const pidNamespace = readNumber(line, 'pid-namespace');
  const code = readNumber(line, 'exit-code');
  if (pid !== undefined && pidNamespace !== undefined) return { kind: 'made', pid, pidNamespace };
  return code === undefined ? undefined : { kind: 'ended', code };
}

/** bubblewrap prints flat objects of numbers, always with `": "`, and a comma or space behind. */
function readNumber(line: string, name: string): number | undefined {
  const digits = line.match(`"${name}": ([0-9]+)[ ,}]`)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
