/**
 * Terminal bytes → the text that a terminal would have shown, by a real terminal emulator: cursor
 * movement, progress bars and colours have had their effect and are gone, and no escape sequence is
 * ever parsed by us. The bytes are attacker-chosen. The only importer of @xterm/headless.
 */
import xterm, { type IBuffer, type IMarker } from '@xterm/headless';
import { safeText } from './text.ts';

export const COLUMNS = 160;
export const ROWS = 50;
// Lines that have left the viewport can no longer change. They are taken over after each chunk, so
// the emulator never has to keep more than one chunk can push out.
const CHUNK_BYTES = 16_384;
const SCROLLBACK = CHUNK_BYTES + ROWS;

export interface Screen extends Disposable {
  /** Resolves once the bytes have had their effect. Calls must not overlap. */
  write(bytes: Uint8Array): Promise<void>;
  /** The last `count` lines shown so far, safe, without empty lines at the end; all by default. */
  lines(count?: number): readonly string[];
  /** How many lines there are, without empty ones at the end. */
  lineCount(): number;
}

export function openScreen(): Screen {
  const terminal = new xterm.Terminal({
    cols: COLUMNS,
    rows: ROWS,
    scrollback: SCROLLBACK,
    allowProposedApi: true,
  });
  const taken: string[] = [];
  let next: IMarker | undefined;

  const take = (): void => {
    const { normal } = terminal.buffer;
    for (let row = next?.line ?? 0; row < normal.baseY; row++) addRow(taken, normal, row);
    next?.dispose();
    // A marker moves with its line when older lines are dropped; ours is the first not yet taken.
    next = terminal.registerMarker(-normal.cursorY);
  };

  const last = (count: number): string[] => {
    const { normal } = terminal.buffer;
    const lines = taken.slice(-count);
    for (let row = normal.baseY; row < normal.length; row++) addRow(lines, normal, row);
    while (lines.length > 0 && lines.at(-1) === '') lines.pop();
    return lines.slice(-count);
  };

  return {
    async write(bytes) {
      for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
        const chunk = bytes.subarray(at, at + CHUNK_BYTES);
        await new Promise<void>((done) => terminal.write(chunk, done));
        if (terminal.buffer.active.type === 'normal') take();
      }
    },
    lines: (count = Number.MAX_SAFE_INTEGER) => last(count).map(safeText),
    lineCount: () => last(Number.MAX_SAFE_INTEGER).length,
    [Symbol.dispose]: () => terminal.dispose(),
  };
}

/** A row that only continues the one before it is part of the same line. */
function addRow(lines: string[], buffer: IBuffer, index: number): void {
  const row = buffer.getLine(index);
  const continues = buffer.getLine(index + 1)?.isWrapped ?? false;
  const text = row?.translateToString(!continues) ?? '';
  if (row?.isWrapped && lines.length > 0) lines.push((lines.pop() ?? '') + text);
  else lines.push(text);
}
