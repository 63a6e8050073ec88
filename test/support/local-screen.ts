/** A screen on this very thread, so that a test can wait for it by turns of the event loop. */
import { openEmulator } from '../../src/output/screen.ts';
import type { Screen } from '../../src/ports.ts';

export function openLocalScreen(): Screen {
  const emulator = openEmulator();
  let writing: Promise<void> = Promise.resolve();
  return {
    write(bytes) {
      writing = writing.then(() => emulator.write(bytes));
      return writing;
    },
    glance: async (count) => ({ tail: emulator.lines(count), lines: emulator.lineCount() }),
    async lines() {
      await writing;
      return emulator.lines();
    },
    [Symbol.dispose]: () => emulator[Symbol.dispose](),
  };
}
