/** Reads a file as lines of bytes, in chunks, so that a log of any size fits in memory. */
import { createReadStream } from 'node:fs';

export interface Line {
  /** Without the newline. */
  readonly bytes: Uint8Array;
  /** Offset in the file of the byte after the newline. */
  readonly end: number;
  /** False for what stands after the last newline. */
  readonly complete: boolean;
}

const NEWLINE = 0x0a;

export async function* readLines(path: string): AsyncIterable<Line> {
  let rest: Buffer = Buffer.alloc(0);
  let end = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      const bytes = Buffer.concat([rest, chunk.subarray(from, at)]);
      rest = Buffer.alloc(0);
      end += bytes.length + 1;
      from = at + 1;
      yield { bytes, end, complete: true };
    }
    rest = Buffer.concat([rest, chunk.subarray(from)]);
  }
  if (rest.length > 0) yield { bytes: rest, end: end + rest.length, complete: false };
}
