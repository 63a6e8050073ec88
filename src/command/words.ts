/**
 * What was typed → words, as a POSIX shell would split them, and nothing more of a shell: no
 * expansion, no operators, no comments. The text is attacker-chosen.
 *
 * Phone keyboards turn `"` into “ and `--` into —. They are turned back only where a word begins (and
 * where a value begins, after `name=`), never inside of quotes: what is in quotes is left as it is.
 */
import { err, ok, type Result } from '../base/result.ts';

export interface Word {
  readonly text: string;
  /** Offsets into what was typed. */
  readonly start: number;
  readonly end: number;
  /** The word began with a quote, so it is a value even if it looks like an option. */
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
const DASH = /^[–—―]/;
// Controls, format characters (bidi marks, zero-width), line and paragraph separators, surrogates,
// private use and unassigned: none is ever part of a command, and each can hide what it says.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/u;

export function splitWords(typed: string): Result<readonly Word[], string> {
  if (typed.length > MAX_COMMAND_LENGTH)
    return err(`A command is at most ${MAX_COMMAND_LENGTH} characters long.`);
  const unsafe = UNSAFE.exec(typed)?.[0];
  if (unsafe !== undefined) return err(`A command is one line of visible text; ${nameOf(unsafe)}.`);
  const words: Word[] = [];
  let at = 0;
  for (;;) {
    while (/\s/.test(typed[at] ?? '')) at++;
    if (at >= typed.length) return ok(words);
    const word = readWord(typed, at);
    if (!word.ok) return word;
    words.push(word.value);
    at = word.value.end;
  }
}

function readWord(typed: string, start: number): Result<Word, string> {
  let text = '';
  let at = start;
  const dash = DASH.exec(typed.slice(start));
  if (dash) {
    text = '--';
    at++;
  }
  while (at < typed.length && !/\s/.test(typed[at] ?? '')) {
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
    } else {
      text += char;
      at++;
    }
  }
  return ok({ text, start, end: at, quoted: (typed[start] ?? '') in OPENERS });
}

/** Plain quotes open anywhere; curly ones only where a word or a value begins (it’s is a word). */
function opensQuote(typed: string, start: number, at: number): boolean {
  const char = typed[at] ?? '';
  return (
    char === "'" || char === '"' || (char in OPENERS && (at === start || typed[at - 1] === '='))
  );
}

function readQuoted(
  typed: string,
  open: number,
  closers: string,
): Result<{ readonly text: string; readonly end: number }, string> {
  let text = '';
  for (let at = open + 1; at < typed.length; at++) {
    const char = typed[at] ?? '';
    if (closers.includes(char)) return ok({ text, end: at + 1 });
    if (closers === '"' && char === '\\' && /["\\]/.test(typed[at + 1] ?? '')) {
      text += typed[at + 1];
      at++;
    } else text += char;
  }
  return err(`The quote ${typed[open]} at character ${open + 1} is never closed.`);
}

function nameOf(char: string): string {
  if (char === '\n' || char === '\r') return 'it holds a line break';
  const code = (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return `it holds the invisible character U+${code}`;
}
