/**
 * Text of unknown origin → text that is safe to show. What could move the cursor, turn the writing
 * direction, hide a character or call somebody is made visible; what is left is what a reader sees.
 * The text is attacker-chosen.
 */
import { findBelonging } from '../base/invisible.ts';

// Cc, Cf (bidi marks and isolates, zero-width, tags), Zl, Zp, lone surrogates, private use, unassigned,
// and what fonts leave out though it is a letter or a mark (Hangul fillers, variation selectors).
const UNSEEN =
  '[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{Cs}\\p{Co}\\p{Cn}\\p{Default_Ignorable_Code_Point}]';
// The selector that asks for the coloured form of a symbol is left where it has a symbol to colour.
const INVISIBLE = new RegExp(`(?!\\n|\\t|(?<=\\p{Extended_Pictographic})\\uFE0F)${UNSEEN}`, 'gu');
// More than three marks on one letter are there to spill over the lines around it.
const PILED_MARKS = /(?<=\p{M}{3})\p{M}+/gu;
// "@room" and account ids: some clients ring for these even when the event says that nobody is meant.
// Behind a letter or digit none of them does: image@sha256:… can stay as it is.
const MENTION = /(?<!@)(?:@{2,}|(?<!\w)@)(?=room\b|[!-9;-?A-~]+:\S)/gi;
const ANY_MARK = /(?<!\w)@/g;
const ODD_SPACE = /(?! )[\p{Zs}\u2800]/gu;

/** One line, for a terminal or for ids of our own: line breaks are shown as ⏎, tabs as a space. */
export const visibleLine = (text: string): string =>
  visible(text.replace(/\r\n|\r|\n/g, '⏎').replaceAll('\t', ' '));

/** One line, for a room: also calls nobody. */
export const safeLine = (text: string): string => uncalling(visibleLine(text));

/** Several lines, for a room: `\n` and tabs stay. */
export const safeText = (text: string): string => uncalling(visible(text));

function visible(text: string): string {
  const kept = findBelonging(text);
  return text
    .replace(INVISIBLE, (c, at: number) =>
      kept.has(at) ? c : `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`,
    )
    .replace(PILED_MARKS, '');
}

const uncalling = (text: string): string =>
  text.replace(MENTION, (marks) => '＠'.repeat(marks.length));

/**
 * An argument vector as a reader can check it: JSON, one string per argument. What `safeLine` would
 * change is escaped as JSON has it, so that it still parses to exactly these arguments.
 */
export const safeArgv = (argv: readonly string[]): string =>
  [INVISIBLE, PILED_MARKS, ANY_MARK, ODD_SPACE].reduce(
    (json, unclear) => json.replace(unclear, escapeForJson),
    JSON.stringify(argv),
  );

const escapeForJson = (text: string): string =>
  text
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
