/**
 * Terminal bytes → the text that a terminal would have shown, by a real terminal emulator: cursor
 * movement, progress bars and colours have had their effect and are gone, and no escape sequence is
 * ever parsed by us. The bytes are attacker-chosen. The only importer of @xterm/headless.
 */
import xterm, { type IBuffer, type IMarker, type Terminal } from '@xterm/headless';
import { LineList } from './line-list.ts';
import { COLUMNS, ROWS } from './screen-size.ts';
import { safeText } from './text.ts';

// Lines that have left the viewport can no longer change. They are taken over after each chunk, so
// the emulator never has to keep more than one chunk can push out: a line for each character.
const CHUNK_LENGTH = 2048;
/** Chunks that are handed over together; each waits for the event loop once. */
const CHUNKS_AT_ONCE = 16;
/** More of one line than any message shows. */
const MAX_GLANCE_ROWS = 64;
/** A letter with a few marks; a cell can hold any number of them. */
const MAX_REPEATED_LENGTH = 8;

export interface Emulator extends Disposable {
  /** Resolves once the bytes have had their effect. Calls must not overlap. */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * All lines shown so far, safe, without empty lines at the end. Or the last `count` of them, for a
   * glance: then of a line that is very long, only the end.
   */
  lines(count?: number): readonly string[];
  /** How many lines there are, without empty ones at the end. */
  lineCount(): number;
}

export const openEmulator = (): Emulator => new XtermEmulator();

class XtermEmulator implements Emulator {
  readonly #terminal = new xterm.Terminal({
    cols: COLUMNS,
    rows: ROWS,
    scrollback: CHUNK_LENGTH,
    allowProposedApi: true,
    logLevel: 'off',
  });
  // The emulator's own decoder loses characters that are cut by the end of a chunk (6.0.0).
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  /** The lines that have left the viewport; only the last may still go on, in view. */
  readonly #above = new LineList();
  /** Marks the last row above that was taken: nothing moves it there but the loss of other rows. */
  #taken: IMarker | undefined;

  constructor() {
    const { parser } = this.#terminal;
    restrain(this.#terminal);
    // Before another buffer takes the place of this one, or an empty one does.
    parser.registerCsiHandler({ prefix: '?', final: 'h' }, () => this.#take());
    parser.registerEscHandler({ final: 'c' }, () => this.#take() || this.#forget());
  }

  async write(bytes: Uint8Array): Promise<void> {
    const text = this.#decoder.decode(bytes, { stream: true });
    for (let at = 0; at < text.length; at += CHUNK_LENGTH * CHUNKS_AT_ONCE)
      await this.#write(text.slice(at, at + CHUNK_LENGTH * CHUNKS_AT_ONCE));
  }

  lines(count = Infinity): readonly string[] {
    const most = count === Infinity ? Infinity : MAX_GLANCE_ROWS;
    const open = this.#open(most);
    const closed = Math.max(0, this.#above.count - 1);
    const end = this.#count(open);
    const lines: string[] = [];
    for (let i = Math.max(0, end - count); i < end; i++) {
      const rows = i < closed ? this.#above.rowsOf(i, most) : open.rowsOf(i - closed, most);
      lines.push(safeText(rows.join('')));
    }
    return lines;
  }

  lineCount(): number {
    return this.#count(this.#open(1));
  }

  [Symbol.dispose](): void {
    this.#terminal.dispose();
  }

  #write(text: string): Promise<void> {
    return new Promise((done) => {
      for (let at = 0; at < text.length; at += CHUNK_LENGTH)
        this.#terminal.write(text.slice(at, at + CHUNK_LENGTH), () => this.#take());
      this.#terminal.write('', done);
    });
  }

  /** Takes over what has left the viewport. False, as a handler's word that the rest is to be done. */
  #take(): false {
    const { active, normal } = this.#terminal.buffer;
    if (active.type !== 'normal') return false; // then nothing leaves the normal one
    const first = this.#taken && !this.#taken.isDisposed ? this.#taken.line + 1 : 0;
    if (first >= normal.baseY) return false;
    for (let row = first; row < normal.baseY; row++) addRow(this.#above, normal, row);
    this.#taken?.dispose();
    this.#taken = this.#terminal.registerMarker(-normal.cursorY - 1);
    return false;
  }

  #forget(): false {
    this.#taken?.dispose();
    this.#taken = undefined;
    return false;
  }

  /** The lines that may still change: what is in view, and the one above that it may go on with. */
  #open(most: number): LineList {
    const { normal } = this.#terminal.buffer;
    const lines = new LineList();
    for (const row of this.#above.rowsOf(this.#above.count - 1, most)) lines.add(row, true);
    for (let row = normal.baseY; row < normal.length; row++) addRow(lines, normal, row);
    return lines;
  }

  #count(open: LineList): number {
    const closed = Math.max(0, this.#above.count - 1);
    return open.filled === 0 ? this.#above.filled : closed + open.filled;
  }
}

function addRow(lines: LineList, buffer: IBuffer, index: number): void {
  const row = buffer.getLine(index);
  // Behind the last row, the emulator goes on with the first.
  const next = index + 1 < buffer.length ? buffer.getLine(index + 1) : undefined;
  const continues = next?.isWrapped ?? false;
  // A wide character that did not fit into the last cell has left it empty.
  const isLeftOver =
    row?.getCell(COLUMNS - 1)?.getChars() === '' && next?.getCell(0)?.getWidth() === 2;
  const end = continues && isLeftOver ? COLUMNS - 1 : COLUMNS;
  lines.add(row?.translateToString(!continues, 0, end) ?? '', row?.isWrapped ?? false);
}

/**
 * Some sequences say how often to repeat something, and the emulator obeys: ESC [ 2147483647 S would
 * keep us busy for hours. What asks for more than the screen can show is left out.
 */
function restrain({ parser, buffer }: Terminal): void {
  const limit = (final: string, most: number): void => {
    parser.registerCsiHandler({ final }, ([count = 0]) => Number(count) > most);
  };
  for (const final of 'LMST') limit(final, ROWS); // lines put in, taken out, scrolled
  for (const final of 'IZ') limit(final, COLUMNS); // tabs
  parser.registerCsiHandler({ final: 'b' }, ([count = 0]) => {
    const { active } = buffer;
    const cell = active.getLine(active.baseY + active.cursorY)?.getCell(active.cursorX - 1);
    return Number(count) > COLUMNS || (cell?.getChars().length ?? 0) > MAX_REPEATED_LENGTH;
  });
  // The test pattern fills the whole screen for three bytes.
  parser.registerEscHandler({ intermediates: '#', final: '8' }, () => true);
  // Links are not shown, and what they span is searched anew for each character in it.
  parser.registerOscHandler(8, () => true);
  // "Erase all above" in the last cell of a fresh screen makes the emulator throw (6.0.0).
  const fails = ([what]: (number | number[])[]): boolean =>
    what === 1 && buffer.active.cursorY === ROWS - 1 && buffer.active.cursorX >= COLUMNS - 1;
  for (const id of [{ final: 'J' }, { prefix: '?', final: 'J' }])
    parser.registerCsiHandler(id, fails);
}
