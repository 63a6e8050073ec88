/**
 * Is a one-time code in a text that others could read, in any grouping? Three of a million codes count
 * at a time, so chance finds one in a long list of numbers: there only whole numbers are put together.
 */
import { digitReadings } from './digits.ts';

/** A message that somebody types; what is longer is pasted. */
const TYPED_LENGTH = 500;
const CODE_LENGTH = 6;
/**
 * A code may be made of some of the numbers that are typed. Twelve lone digits hold 924 codes in that way,
 * so chance finds one in 1 of 360 such messages; a date and some counts hold fewer than 50 (1 of 6000), or 201
 * where they stand there twice, plain and formatted.
 */
const MAX_CHOSEN_FROM = 12;

type Holds = (code: string) => boolean;

/** Returns whether the six digits that are asked for are in one of the texts. */
export function codesIn(texts: readonly string[]): Holds {
  const found = texts.flatMap(codesInText);
  return (code) => found.some((holds) => holds(code));
}

function codesInText(text: string): Holds[] {
  const codesInReading = text.length <= TYPED_LENGTH ? codesTyped : codesPasted;
  return turnsOf(text).flatMap(digitReadings).map(codesInReading);
}

/** Finds a code if its digits follow one another, or if whole numbers in their order make it up. */
function codesTyped(text: string): Holds {
  const numbers = numbersOf(text);
  const digits = numbers.join('');
  return (code) =>
    digits.includes(code) || (numbers.length <= MAX_CHOSEN_FROM && canChoose(numbers, code));
}

function canChoose(numbers: readonly string[], code: string): boolean {
  const ends = new Set([0]);
  for (const number of numbers)
    for (const end of [...ends]) if (code.startsWith(number, end)) ends.add(end + number.length);
  return ends.has(code.length);
}

function codesPasted(text: string): Holds {
  const found = new Set(text.split(/\p{L}+/u).flatMap(groupsOf));
  return (code) => found.has(code);
}

/** Neighbouring numbers that have six digits together: 492039, 492 039, 4 9 2 0 3 9. */
function groupsOf(part: string): string[] {
  const numbers = numbersOf(part);
  return numbers.flatMap((_, first) => {
    let digits = '';
    for (let next = first; next < numbers.length && digits.length < CODE_LENGTH; next++)
      digits += numbers[next];
    return digits.length === CODE_LENGTH ? [digits] : [];
  });
}

const numbersOf = (text: string): readonly string[] => text.match(/[0-9]+/g) ?? [];

/** From a character that turns round what follows it in its line, to the one that ends that. */
const TURNED = /[\u202b\u202e\u2067][^\u202c\u2069\n]*/g;

/** Turned round, each character stands in the place of another, or only each number does. */
function turnsOf(text: string): readonly string[] {
  if (!/[\u202b\u202e\u2067]/.test(text)) return [text];
  const reversed = text.replace(TURNED, reverse);
  const numbersReversed = text.replace(TURNED, (part) =>
    reverse(part).replace(/\p{N}+/gu, reverse),
  );
  return [text, reversed, numbersReversed];
}

const reverse = (text: string): string => [...text].reverse().join('');
