/**
 * The daemon's own log, on stderr: JSON lines for the journal, short lines for a person at a terminal.
 * The only importer of pino. Facts are listed by those who log; nothing is logged wholesale, so no
 * secret gets in by accident. The audit log is another thing: see audit/.
 */
import { fstatSync } from 'node:fs';
import { pino } from 'pino';
import { describeError } from '../base/errors.ts';
import type { Log } from '../ports.ts';

/** Of syslog(3). */
const PRIORITY = { error: 3, warn: 4, info: 6 } as const;
export type Level = keyof typeof PRIORITY;

/** Puts the priority before each line, as the journal wants it (sd-daemon(3)). */
export type Marked = (level: Level, text: string) => string;

export function markerFor(descriptor: number): Marked {
  if (!isJournal(descriptor)) return (_level, text) => text;
  return (level, text) => text.replaceAll(/^(?=.)/gm, `<${PRIORITY[level]}>`);
}

/** Does the descriptor lead to the journal? It may have been redirected: JOURNAL_STREAM in systemd.exec(5). */
function isJournal(descriptor: number): boolean {
  const stream = process.env['JOURNAL_STREAM'];
  if (stream === undefined) return false;
  try {
    const { dev, ino } = fstatSync(descriptor, { bigint: true });
    return stream === `${dev}:${ino}`;
  } catch {
    return false; // closed
  }
}

interface LogStream {
  readonly fd: number;
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export function openJournal(stream: LogStream = process.stderr): Log {
  const mark = markerFor(stream.fd);
  let level: Level = 'info';
  const write = (line: string): void =>
    void stream.write(stream.isTTY ? formatForPerson(line) : mark(level, line));
  const logger = pino(
    {
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (name) => ({ level: name }) },
      serializers: { error: describeError },
    },
    { write },
  );
  const logAt =
    (at: Level) =>
    (facts: object, message: string): void => {
      level = at; // pino writes synchronously
      logger[at](facts, message);
    };
  return { info: logAt('info'), warn: logAt('warn'), error: logAt('error') };
}

function formatForPerson(line: string): string {
  const { level, time, msg, ...facts } = JSON.parse(line) as Record<string, unknown>;
  const shown = Object.entries(facts).map(
    ([k, v]) => ` ${k}=${typeof v === 'string' ? v : JSON.stringify(v)}`,
  );
  return `${String(time).slice(11, 19)} ${String(level)} ${String(msg)}${shown.join('')}\n`;
}
