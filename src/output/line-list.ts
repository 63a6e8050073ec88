/** Rows of a terminal, put together to lines: a row that ran over its end goes on in the next one. */
export class LineList {
  readonly #rows: string[] = [];
  /** Of each line, its first row. */
  readonly #starts: number[] = [];
  #filled = 0;

  /** How many lines there are. */
  get count(): number {
    return this.#starts.length;
  }

  /** How many there are up to the last one with text. */
  get filled(): number {
    return this.#filled;
  }

  add(text: string, continues: boolean): void {
    if (!continues || this.count === 0) this.#starts.push(this.#rows.length);
    this.#rows.push(text);
    if (text !== '') this.#filled = this.count;
  }

  /** The rows of one line; no more than the last `most` of them. */
  rowsOf(line: number, most: number): readonly string[] {
    const end = this.#starts[line + 1] ?? this.#rows.length;
    return this.#rows.slice(Math.max(this.#starts[line] ?? end, end - most), end);
  }
}
