/**
 * The daemon's own log, on stderr: JSON lines for the journal, short lines for a person at a terminal.
 * The only importer of pino. Facts are listed by those who log; nothing is logged wholesale, so no
 * secret gets in by accident. The audit log is another thing: see audit/.
 */
import { pino } from 'pino';
import { describeError } from '../base/errors.ts';
import type { Log } from '../ports.ts';

export function openJournal(stream: NodeJS.WriteStream = process.stderr): Log {
  const logger = pino(
    {
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      serializers: { error: describeError },
    },
    { write: (line) => void stream.write(stream.isTTY ? formatForPerson(line) : line) },
  );
  return {
    info: (facts, message) => logger.info(facts, message),
    warn: (facts, message) => logger.warn(facts, message),
    error: (facts, message) => logger.error(facts, message),
  };
}

function formatForPerson(line: string): string {
  const { level, time, msg, ...facts } = JSON.parse(line) as Record<string, unknown>;
  const shown = Object.entries(facts).map(
    ([k, v]) => ` ${k}=${typeof v === 'string' ? v : JSON.stringify(v)}`,
  );
  return `${String(time).slice(11, 19)} ${String(level)} ${String(msg)}${shown.join('')}\n`;
}
