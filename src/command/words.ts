/**
 * What was typed → words, as a POSIX shell would split them, and nothing more of a shell: no
 * expansion, no operators, no comments. The text is attacker-chosen.
 *
 * Phone keyboards turn `"` into “. Such a quote is one only where a word begins, or a value after
 * `name=`, and only if it closes where the word ends; what is in quotes is left as it is.
 */
import { findInvisibleInProse } from '../base/invisible.ts';
import { err, ok, type Result } from '../base/result.ts';

export interface Word {
  readonly text: string;
  /** Offsets into what was typed. */
  readonly start: number;
  readonly end: number;
  /** The word began with a quote or a backslash: it is a value even if it looks like an option. */
  readonly quoted: boolean;
}

export const MAX_COMMAND_LENGTH = 4000;

const OPENERS: Readonly<Record<string, string>> = {
  "'": "'",
  '"': '"',
  '“': '”',
  '„': '“”',
  '«': '»',
  '‘': '’',
};

/** Inside of a word these are a quotation that was not understood; ’ is an apostrophe. */
const STRAY = /[“”„«»]/;

/** At most `most` words; the last of so many is everything that is left, as it was typed. */
export function splitWords(typed: string, most = Infinity): Result<readonly Word[], string> {
  if (typed.length > MAX_COMMAND_LENGTH)
    return err(`A command is at most ${MAX_COMMAND_LENGTH} characters long.`);
  // What only prose may hold is refused in any other value by its parameter.
  const invisible = findInvisibleInProse(typed);
  if (invisible !== undefined)
    return err(`A command is one line of visible text; it holds ${invisible}.`);
  const words: Word[] = [];
  let at = 0;
  for (;;) {
    while (isSpace(typed[at])) at++;
    if (at >= typed.length) return ok(words);
    if (words.length === most - 1) return ok([...words, restFrom(typed, at)]);
    const word = readWord(typed, at);
    if (!word.ok) return word;
    words.push(word.value);
    at = word.value.end;
  }
}

const restFrom = (typed: string, start: number): Word => ({
  text: typed.slice(start).trimEnd(),
  start,
  end: typed.length,
  quoted: true,
});

function readWord(typed: string, start: number): Result<Word, string> {
  let text = '';
  let at = start;
  while (at < typed.length && !isSpace(typed[at])) {
    const char = typed[at] ?? '';
    const closers = opensQuote(typed, start, at) ? OPENERS[char] : undefined;
    if (closers !== undefined) {
      const quoted = readQuoted(typed, at, closers);
      if (!quoted.ok) return quoted;
      text += quoted.value.text;
      at = quoted.value.end;
    } else if (char === '\\') {
      if (at + 1 >= typed.length) return err('The command ends in a backslash.');
      text += typed[at + 1];
      at += 2;
    } else if (STRAY.test(char)) {
      return err(`The quote ${char} at character ${at + 1} opens nothing; use " instead.`);
    } else {
      text += char;
      at++;
    }
  }
  const first = typed[start] ?? '';
  return ok({ text, start, end: at, quoted: first === '\\' || first in OPENERS });
}

const isSpace = (char: string | undefined): boolean => char !== undefined && /\s/.test(char);

/** Plain quotes open anywhere; curly ones only where a word or a value begins (it’s is a word). */
function opensQuote(typed: string, start: number, at: number): boolean {
  return isPlain(typed[at]) || at === start || typed[at - 1] === '=';
}

const isPlain = (quote: string | undefined): boolean => quote === "'" || quote === '"';

function readQuoted(
  typed: string,
  open: number,
  closers: string,
): Result<{ readonly text: string; readonly end: number }, string> {
  let text = '';
  for (let at = open + 1; at < typed.length; at++) {
    const char = typed[at] ?? '';
    if (closers.includes(char)) {
      const end = at + 1;
      // ‘it’s’ could mean two things: curly quotes are guessed at by keyboards, not by us.
      if (isPlain(char) || end === typed.length || isSpace(typed[end])) return ok({ text, end });
      return err(`The quote ${typed[open]} at character ${open + 1} closes inside of a word.`);
    }
    if (closers === '"' && char === '\\' && /[$`"\\]/.test(typed[at + 1] ?? '')) {
      text += typed[at + 1];
      at++;
    } else text += char;
  }
  return err(`The quote ${typed[open]} at character ${open + 1} is never closed.`);
}
