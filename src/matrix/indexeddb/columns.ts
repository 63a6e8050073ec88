/**
 * Columns of a SQLite row, with the type that the table declares. A mismatch can only come from a
 * damaged file, so it is an Error, which ends in `onFatal`.
 */
import type { SQLOutputValue } from 'node:sqlite';

export type Columns = Readonly<Record<string, SQLOutputValue>>;

export function bytesIn(row: Columns, column: string): Uint8Array {
  const value = row[column];
  if (value instanceof Uint8Array) return value;
  throw new Error(`column ${column} holds no bytes`);
}

export function textIn(row: Columns, column: string): string {
  const value = row[column];
  if (typeof value === 'string') return value;
  throw new Error(`column ${column} holds no text`);
}

export function integerIn(row: Columns, column: string): number {
  const value = row[column];
  if (typeof value === 'number') return value;
  throw new Error(`column ${column} holds no integer`);
}
