/**
 * DOMStringList: the names of object stores, sorted. Nothing here throws: the wasm does not expect
 * it.
 */
export class StringList {
  readonly #names: readonly string[];

  constructor(names: Iterable<string>) {
    this.#names = [...names].sort();
  }

  get length(): number {
    return this.#names.length;
  }

  item(position: number): string | null {
    return this.#names[position] ?? null;
  }

  contains(name: string): boolean {
    return this.#names.includes(name);
  }
}
