/**
 * A person at a terminal: what is printed to them and what they are asked. readline writes the question
 * itself, because it clears the line that it edits: a question that somebody else wrote is erased.
 */
import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';
import { Fault } from '../base/errors.ts';

export interface Prompt {
  /** Prints lines, above the question if one is open. */
  print(stream: NodeJS.WritableStream, text: string): void;
  /**
   * Asks for one line, after the questions before it. What is typed is not shown if `hidden`. Rejects
   * with Fault `unanswered` at Ctrl-D, `usage` if it is not UTF-8. Ctrl-C is the signal that it is everywhere else.
   */
  ask(question: string, hidden?: boolean): Promise<string>;
  /** Takes back the question that is open, because its command has ended: it is never answered. */
  abandon(): void;
}

export interface PromptParts {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  /** Does what Ctrl-C does where nobody is asked: the terminal is as it was before. */
  readonly interrupt: () => void;
}

interface Open {
  readonly editor: Interface;
  /** The last line of the question: the only one that is edited, so the only one that is cleared. */
  readonly question: string;
  readonly hidden: boolean;
  readonly abandon: () => void;
}

export function openPrompt({ input, output, interrupt }: PromptParts): Prompt {
  let open: Open | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  const askNow = async (text: string, hidden: boolean): Promise<string> => {
    const lines = text.split('\n');
    const question = lines.pop() ?? '';
    for (const line of lines) output.write(`${line}\n`);
    const editor = createInterface({
      input,
      output: hidden ? secretive(output, question) : output,
      terminal: true,
      historySize: 0,
    });
    const answer = Promise.withResolvers<string>();
    const onEnd = () => answer.reject(new Fault('unanswered', 'a question was not answered'));
    const abandon = () => {
      open = undefined; // first: what is printed from here on must not go through the editor
      editor.off('close', onEnd);
      editor.close();
      output.write('\n');
    };
    open = { editor, question, hidden, abandon };
    editor.once('close', onEnd);
    editor.once('error', onEnd); // the terminal is gone
    editor.once('SIGINT', () => {
      abandon(); // the signal ends more than this question
      interrupt();
    });
    editor.question(question, (line) => {
      answer.resolve(line);
      editor.close(); // at once: further lines that were pasted answer nothing
    });
    try {
      return await answer.promise;
    } catch (error) {
      if (!hidden) output.write('\n');
      throw error;
    } finally {
      if (hidden) output.write('\n');
      open = undefined;
    }
  };

  return {
    abandon: () => open?.abandon(),
    ask(question, hidden = false) {
      const typed = turn.then(() => askNow(question, hidden)).then(inUtf8);
      const answer = hidden ? typed : typed.then((text) => text.trim()); // spaces can be of a password
      turn = answer.catch(() => {}); // the one who asked is told
      return answer;
    },
    print(stream, text) {
      if (!open) return void stream.write(`${text}\n`);
      const { editor, question, hidden } = open;
      const rows = hidden ? 0 : editor.getCursorPos().rows;
      output.write(`\r${rows > 0 ? `\u001b[${rows}A` : ''}\u001b[J`);
      stream.write(`${text}\n`);
      if (hidden) return void output.write(question);
      // How far readline would go up to clear what it believes to be above: nothing of it is there.
      Object.assign(editor, { prevRows: 0 });
      editor.prompt(true);
    },
  };
}

/** A password that was mangled on its way would be said to be wrong, and nobody would know why. */
function inUtf8(typed: string): string {
  if (!typed.includes('\ufffd')) return typed;
  throw new Fault('usage', 'what was typed is not UTF-8: set the terminal to it, and try again');
}

/** A terminal that shows the question and nothing of what is typed after it. */
const secretive = (output: NodeJS.WriteStream, question: string): Writable =>
  new Writable({
    decodeStrings: false,
    write(chunk: unknown, _encoding, done) {
      if (chunk === question) output.write(question);
      done();
    },
  });
