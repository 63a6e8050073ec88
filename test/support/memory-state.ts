/** What is owed to the rooms, without a disk. */
import type { State } from '../../src/ports.ts';

export class MemoryState implements State {
  readonly #owed = new Map<string, string | undefined>();

  owed(): ReturnType<State['owed']> {
    return [...this.#owed];
  }

  async owe(request: string, card: string | undefined): Promise<void> {
    this.#owed.set(request, card);
  }

  async settle(request: string): Promise<void> {
    this.#owed.delete(request);
  }
}
