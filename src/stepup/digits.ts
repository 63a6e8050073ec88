/**
 * What reads as a digit → 0 to 9. The table makes no claim to be complete: Unicode has hundreds of ways to
 * write a number, and pictures and words have more.
 */

/** Numbers that follow one another: the first of them, its value, and how many there are. */
const ROWS: readonly (readonly [first: number, value: number, count: number])[] = [
  [0x2776, 1, 10], // in black circles
  [0x2780, 1, 10], // in circles, without serifs
  [0x278a, 1, 10], // both
  [0x24eb, 11, 10], // in black circles
  [0x24f5, 1, 10], // in double circles
  [0x24ff, 0, 1],
  [0x1f10b, 0, 1],
  [0x1f10c, 0, 1],
  [0x19da, 1, 1], // New Tai Lue
  [0x1369, 1, 9], // Ethiopic
  [0x3021, 1, 9], // Suzhou
  [0x1d360, 1, 9], // counting rods
  [0x1d2e0, 0, 20], // Mayan
];

const VALUES: ReadonlyMap<string, string> = new Map([
  ...ROWS.flatMap(([first, value, count]) =>
    Array.from({ length: count }, (_, i) => valueAt(first + i, value + i)),
  ),
  ...Array.from('〇一二三四五六七八九', (numeral, i): [string, string] => [numeral, `${i}`]),
  ['零', '0'],
]);

function valueAt(point: number, value: number): [string, string] {
  return [String.fromCodePoint(point), `${value}`];
}

/** Anything that can read as a digit where no digit stands beside it. */
export const hasDigit = (text: string): boolean => /[0-9]/.test(withNumerals(withDecimals(text)));

/** A text with its digits as 0 to 9: once without what may as well be a letter or a mark, once with it. */
export function digitReadings(text: string): readonly string[] {
  const plain = withDecimals(text);
  return [...new Set([plain, withZeros(withNumerals(plain))])];
}

/** A raised number is one by itself. Marks change no digit, and a long row of them takes long to normalize. */
const withDecimals = (text: string): string =>
  text
    .replace(/\p{M}+/gu, '')
    .replace(/\p{No}+/gu, ' $& ')
    .normalize('NFKC')
    .replace(/(?![0-9])\p{Nd}/gu, (digit) => `${decimalValue(digit)}`);

/** Unicode encodes the digits of a script as ten in a row; two such rows can follow one another. */
function decimalValue(digit: string): number {
  const point = digit.codePointAt(0) ?? 0;
  let first = point;
  while (/^\p{Nd}$/u.test(String.fromCodePoint(first - 1))) first--;
  return (point - first) % 10;
}

const withNumerals = (text: string): string =>
  text.replace(/[\p{No}\p{Nl}零一二三四五六七八九]+/gu, (numerals) => {
    const digits = Array.from(numerals, (numeral) => VALUES.get(numeral) ?? ' ');
    return ` ${digits.join('')} `;
  });

/** The letter that looks like a zero, between digits or beside one, where it is part of no word. */
const withZeros = (text: string): string =>
  text.replace(
    /(?<=[0-9])[Oo]+(?!\p{L})|(?<!\p{L})[Oo]+(?=[0-9])/gu,
    (letters) => ` ${'0'.repeat(letters.length)} `,
  );
