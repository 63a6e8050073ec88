/**
 * Is a one-time code in a text that others could read, in any grouping? Three of a million codes count
 * at a time, so chance finds one in a long list of numbers: there only whole numbers are put together.
 */

/** A message that somebody types; what is longer is pasted. */
const TYPED_LENGTH = 500;
const CODE_LENGTH = 6;

/** Returns whether the text holds the six digits that are asked for. */
export function codesIn(text: string): (code: string) => boolean {
  const plain = text.normalize('NFKC').replace(/\p{Nd}/gu, (digit) => `${digitValue(digit)}`);
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

/** Unicode encodes the digits of a script as ten in a row. */
function digitValue(digit: string): number {
  const point = digit.codePointAt(0) ?? 0;
  let zero = point;
  while (point - zero < 9 && /^\p{Nd}$/u.test(String.fromCodePoint(zero - 1))) zero--;
  return point - zero;
}
