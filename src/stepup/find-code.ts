/**
 * Is a one-time code in a text that others could read, in any grouping? Three of a million codes count
 * at a time, so chance finds one in a long list of numbers: there only whole numbers are put together.
 */

/** A message that somebody types; what is longer is pasted. */
const TYPED_LENGTH = 500;
const CODE_LENGTH = 6;

/** Returns whether the six digits that are asked for are in one of the texts. */
export function codesIn(texts: readonly string[]): (code: string) => boolean {
  const found = texts.map(codesInText);
  return (code) => found.some((holds) => holds(code));
}

function codesInText(text: string): (code: string) => boolean {
  const plain = withPlainDigits(text);
  if (text.length <= TYPED_LENGTH) {
    const digits = plain.replace(/[^0-9]/g, '');
    return (code) => digits.includes(code);
  }
  const found = new Set(plain.split(/[\p{L}]+/u).flatMap(groupsOf));
  return (code) => found.has(code);
}

/** Neighbouring numbers that have six digits together: 492039, 492 039, 4 9 2 0 3 9. */
function groupsOf(part: string): string[] {
  const numbers = part.match(/[0-9]+/g) ?? [];
  return numbers.flatMap((_, first) => {
    let digits = '';
    for (let next = first; next < numbers.length && digits.length < CODE_LENGTH; next++)
      digits += numbers[next];
    return digits.length === CODE_LENGTH ? [digits] : [];
  });
}

/** In circles, in black or without serifs: the first of each, its value, and how many follow one another. */
const CIRCLED: readonly (readonly [first: number, value: number, count: number])[] = [
  [0x2776, 1, 9],
  [0x2780, 1, 9],
  [0x278a, 1, 9],
  [0x24f5, 1, 9],
  [0x24ff, 0, 1],
  [0x1f10b, 0, 1],
  [0x1f10c, 0, 1],
];

const withPlainDigits = (text: string): string =>
  text
    .normalize('NFKC')
    .replace(/\p{Nd}/gu, (digit) => `${digitValue(digit)}`)
    .replace(/\p{No}/gu, (number) => `${circledValue(number) ?? number}`);

/** Unicode encodes the digits of a script as ten in a row; two such rows can follow one another. */
function digitValue(digit: string): number {
  const point = digit.codePointAt(0) ?? 0;
  let first = point;
  while (/^\p{Nd}$/u.test(String.fromCodePoint(first - 1))) first--;
  return (point - first) % 10;
}

function circledValue(number: string): number | undefined {
  const point = number.codePointAt(0) ?? 0;
  const row = CIRCLED.find(([first, , count]) => first <= point && point < first + count);
  return row && row[1] + point - row[0];
}
