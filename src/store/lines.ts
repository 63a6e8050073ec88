/**
 * Reads a file as lines of bytes, or as signed notes, in chunks, so that a file of any size and shape
 * fits in memory.
 */
import { createReadStream } from 'node:fs';
import { MAX_ENTRY_BYTES } from '../audit/entry.ts';

export interface Piece {
  /** Without the newline, of a note without the blank line behind it. */
  readonly bytes: Uint8Array;
  /** Offset in the file of the byte after it, newlines included. */
  readonly end: number;
  /** False for what stands after the last newline or blank line. */
  readonly complete: boolean;
}

/** A line that is longer comes in pieces of this length, none of which can be an entry. */
const MAX_PIECE_BYTES = MAX_ENTRY_BYTES + 1;
const NEWLINE = 0x0a;

export async function* readLines(path: string): AsyncIterable<Piece> {
  let rest: Buffer = Buffer.alloc(0);
  let end = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    const bytes = Buffer.concat([rest, chunk]);
    let from = 0;
    for (let to = endOfPiece(bytes, from); to >= 0; to = endOfPiece(bytes, from)) {
      const next = bytes[to] === NEWLINE ? to + 1 : to;
      end += next - from;
      yield { bytes: bytes.subarray(from, to), end, complete: true };
      from = next;
    }
    rest = bytes.subarray(from);
  }
  if (rest.length > 0) yield { bytes: rest, end: end + rest.length, complete: false };
}

/** Where the piece that begins at `from` ends; -1 when more of the file has to be read to tell. */
function endOfPiece(bytes: Buffer, from: number): number {
  const newline = bytes.indexOf(NEWLINE, from);
  const limit = from + MAX_PIECE_BYTES;
  if (newline >= 0 && newline <= limit) return newline;
  return bytes.length > limit ? limit : -1;
}

/**
 * A note is paragraphs of text and one of signatures, and a blank line ends it. Whatever was done to
 * one of them, the next begins behind the next paragraph of signatures.
 */
export async function* readNotes(path: string): AsyncIterable<Piece> {
  let lines: Uint8Array[] = [];
  let start = 0;
  let end = 0;
  let signed = false;
  for await (const line of readLines(path)) {
    const blank = line.complete && line.bytes.length === 0;
    if (lines.length === 0 || lines.at(-1)?.length === 0) signed = isSignature(line.bytes);
    const ends = blank && signed;
    if (!ends) lines.push(line.bytes);
    end = line.end;
    if (!ends && end - start < MAX_PIECE_BYTES) continue;
    yield { bytes: joinLines(lines), end, complete: true };
    lines = [];
    start = end;
  }
  if (end > start) yield { bytes: joinLines(lines).subarray(0, end - start), end, complete: false };
}

const SIGNATURE = Buffer.from('— ');

const isSignature = (line: Uint8Array): boolean =>
  SIGNATURE.equals(line.subarray(0, SIGNATURE.length));

const joinLines = (lines: readonly Uint8Array[]): Uint8Array =>
  Buffer.concat(lines.flatMap((line) => [line, Uint8Array.of(NEWLINE)]));
