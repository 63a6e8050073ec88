/** A finding of doctor: a sentence that should be true, and the evidence. */
import { describeError, Fault } from '../base/errors.ts';

/** A note is worth knowing and does not make doctor fail. */
export type Level = 'ok' | 'note' | 'bad';

export interface Finding {
  readonly name: string;
  readonly level: Level;
  readonly detail: string;
}

/** A check resolves with its evidence. If it rejects, the finding is bad. */
export type Seen = string | { readonly note: string };

export async function lookInto(name: string, check: () => Promise<Seen>): Promise<Finding> {
  try {
    const seen = await check();
    return typeof seen === 'string'
      ? { name, level: 'ok', detail: seen }
      : { name, level: 'note', detail: seen.note };
  } catch (error) {
    const mend =
      error instanceof Fault && error.code === 'secret_missing' && !hasCredentials()
        ? '; if it is a credential of the service, type as root: vaktrom doctor --unit'
        : '';
    return { name, level: 'bad', detail: `${describeError(error)}${mend}` };
  }
}

const hasCredentials = (): boolean => process.env['CREDENTIALS_DIRECTORY'] !== undefined;

const MARKS: Readonly<Record<Level, string>> = { ok: 'ok  ', note: 'note', bad: 'BAD ' };

export const formatFinding = ({ name, level, detail }: Finding): string =>
  `${MARKS[level]}  ${name}${detail && `: ${detail}`}`;
