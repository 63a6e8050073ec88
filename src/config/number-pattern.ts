/** Regular expressions for numbers, for a JSON Schema and the daemon to read them alike. */

/** The source of a regular expression for 1 to `max`, written without leading zeros. */
export function numbersTo(max: number): string {
  const digits = String(max);
  const shorter = digits.length > 1 ? [`[1-9]${anyDigits(0, digits.length - 2)}`] : [];
  const asLong = [...digits].flatMap((digit, index) => {
    const lowest = index === 0 ? 1 : 0;
    const highest = Number(digit) - 1;
    if (highest < lowest) return [];
    const rest = digits.length - index - 1;
    return [`${digits.slice(0, index)}${range(lowest, highest)}${anyDigits(rest, rest)}`];
  });
  return `(?:${[...shorter, ...asLong, digits].join('|')})`;
}

const range = (from: number, to: number): string =>
  from === to ? String(from) : `[${from}-${to}]`;

const anyDigits = (least: number, most: number): string => {
  if (most === 0) return '';
  return least === most ? `[0-9]{${most}}` : `[0-9]{${least},${most}}`;
};
