/**
 * Characters that are there and not seen, or that move what is seen: with one of them, what a person
 * reads and what a program is given differ (CVE-2021-42574).
 */

// Controls, format characters (bidi marks, zero-width), line and paragraph separators, surrogates,
// private use and unassigned; what fonts leave out by default (fillers, variation selectors), and the
// blank of Braille.
const INVISIBLE =
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** The first of them in `text`, as the end of a sentence: "a line break"; undefined without any. */
export function findInvisible(text: string): string | undefined {
  const char = INVISIBLE.exec(text)?.[0];
  if (char === undefined) return undefined;
  if (char === '\n' || char === '\r') return 'a line break';
  if (char === '\t') return 'a tab';
  const code = (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return `the invisible character U+${code}`;
}
