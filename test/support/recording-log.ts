/** The daemon's own log, to be looked at. */
import type { Log } from '../../src/ports.ts';

export interface Logged {
  readonly level: 'info' | 'warn' | 'error';
  readonly facts: object;
  readonly message: string;
}

export class RecordingLog implements Log {
  readonly lines: Logged[] = [];

  info(facts: object, message: string): void {
    this.lines.push({ level: 'info', facts, message });
  }

  warn(facts: object, message: string): void {
    this.lines.push({ level: 'warn', facts, message });
  }

  error(facts: object, message: string): void {
    this.lines.push({ level: 'error', facts, message });
  }

  get messages(): readonly string[] {
    return this.lines.map(({ message }) => message);
  }
}
