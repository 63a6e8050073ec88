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

const EMOJI = String.raw`[\p{Emoji}&&\p{Extended_Pictographic}]`;
/** One emoji, for a reader going backwards from its end (UTS #51, ED-15a: emoji_zwj_element). */
const EMOJI_END = String.raw`${EMOJI}\uFE0F?|\p{Emoji_Modifier_Base}\p{Emoji_Modifier}`;
// Arabic letters that join the next one, and those that join the one before (ArabicShaping.txt, D and R).
const JOINS_NEXT = String.raw`\u0620\u0626\u0628\u062A-\u062E\u0633-\u063F\u0641-\u0647\u0649\u064A\u066E\u066F\u0678-\u0687\u069A-\u06BF\u06C1\u06C2\u06CC\u06CE\u06D0\u06D1\u06FA-\u06FC\u06FF`;
const JOINS_LAST = String.raw`${JOINS_NEXT}\u0622-\u0625\u0627\u0629\u062F-\u0632\u0648\u0671-\u0673\u0675-\u0677\u0688-\u0699\u06C0\u06C3-\u06CB\u06CD\u06CF\u06D2\u06D3\u06D5\u06EE\u06EF`;
const ARABIC_MARKS = String.raw`[\u064B-\u065F\u0670]{0,3}`;
/** The mark that takes the vowel from a letter, in the Indic scripts whose keyboards have a ZWNJ. */
const VIRAMA = String.raw`[\u094D\u09CD\u0A4D\u0ACD\u0B4D\u0BCD\u0C4D\u0CCD\u0D4D\u0DCA]`;

/**
 * Joiners and selectors where they belong to what is seen: between two emoji that are drawn as one, behind
 * the symbol whose look they choose, and between letters that would join without them (RFC 5892, A.1; of the
 * scripts that it allows, those that people type). Which symbols have two looks, no property of characters
 * says: each emoji counts as one.
 */
const BELONGING = new RegExp(
  [
    String.raw`(?<=${EMOJI})[\uFE0E\uFE0F]`,
    String.raw`(?<=[0-9#*])\uFE0F(?=\u20E3)`,
    String.raw`(?<=${EMOJI_END})\u200D(?=${EMOJI})`,
    String.raw`(?<=[${JOINS_NEXT}]${ARABIC_MARKS})\u200C(?=${ARABIC_MARKS}[${JOINS_LAST}])`,
    String.raw`(?<=${VIRAMA})\u200C(?=\p{L})`,
  ].join('|'),
  'gv',
);

/** Where in a text they stand. */
export const findBelonging = (text: string): ReadonlySet<number> =>
  new Set(text.matchAll(BELONGING).map(({ index }) => index));

/** The same for free text, in which people write emoji and words as their keyboards do. */
export const findInvisibleInProse = (text: string): string | undefined =>
  findInvisible(text.replace(BELONGING, ''));
