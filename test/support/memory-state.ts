/** What is owed to the rooms, and sealed secrets, without a disk. */
import type { State } from '../../src/ports.ts';

export class MemoryState implements State {
  readonly #owed = new Map<string, string | undefined>();
  readonly #secrets = new Map<string, string>();

  owed(): ReturnType<State['owed']> {
    return [...this.#owed];
  }

  async owe(request: string, card: string | undefined): Promise<void> {
    this.#owed.set(request, card);
  }

  async settle(request: string): Promise<void> {
    this.#owed.delete(request);
  }

  sealedSecret(person: string): string | undefined {
    return this.#secrets.get(person);
  }

  async keepSealedSecret(person: string, sealed: string | undefined): Promise<void> {
    if (sealed === undefined) this.#secrets.delete(person);
    else this.#secrets.set(person, sealed);
  }
}
