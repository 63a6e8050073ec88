/** The thread of one screen: answers what system/screens.ts asks. */
import { parentPort } from 'node:worker_threads';
import { assertNever } from '../base/errors.ts';
import { openEmulator } from '../output/screen.ts';
import type { Question } from './screens.ts';

const emulator = openEmulator();
let writing: Promise<void> = Promise.resolve();

/** What fails ends the thread, and with it all that was asked. */
async function answer(question: Question): Promise<unknown> {
  switch (question.kind) {
    case 'write':
      writing = writing.then(() => emulator.write(question.bytes));
      return writing;
    case 'glance':
      return { tail: emulator.lines(question.count), lines: emulator.lineCount() };
    case 'lines':
      await writing;
      return emulator.lines();
    default:
      return assertNever(question);
  }
}

parentPort?.on('message', ({ id, question }: { id: number; question: Question }) => {
  void answer(question).then((value) => parentPort?.postMessage({ id, value }));
});
