/**
 * Text of unknown origin → text that is safe to show. What could move the cursor, turn the writing
 * direction, hide a character or call somebody is made visible or broken; what is left is what a
 * reader sees. The text is attacker-chosen.
 */

// Cc, Cf (bidi marks and isolates, zero-width, tags), Zl, Zp, lone surrogates, private use, unassigned.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu;
// More than three marks on one letter are there to spill over the lines around it.
const PILED_MARKS = /(\p{M}{3})\p{M}+/gu;
// "@room" and account ids: some clients ring for these even when the event says that nobody is meant.
const MENTION = /@(?=room\b|[^\s@:]+:[^\s])/gi;
const WORD_JOINER = '⁠';

/** One line, for a terminal or for ids of our own: line breaks are shown as ⏎, tabs as a space. */
export const visibleLine = (text: string): string =>
  visible(text.replace(/\r\n|\r|\n/g, '⏎').replaceAll('\t', ' '));

/** One line, for a room: also calls nobody. */
export const safeLine = (text: string): string => uncalling(visibleLine(text));

/** Several lines, for a room: `\n` and tabs stay. */
export const safeText = (text: string): string =>
  text
    .split('\n')
    .map((line) =>
      line
        .split('\t')
        .map((part) => uncalling(visible(part)))
        .join('\t'),
    )
    .join('\n');

const visible = (text: string): string =>
  text
    .replace(INVISIBLE, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`)
    .replace(PILED_MARKS, '$1');

const uncalling = (text: string): string => text.replace(MENTION, `@${WORD_JOINER}`);

/** An argument vector as a reader can check it: JSON strings, one per argument. */
export const safeArgv = (argv: readonly string[]): string => safeLine(JSON.stringify(argv));
