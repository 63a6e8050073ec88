/** Figures and how they are printed: each beside a floor that was taken in the same run. */

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The least that the machine or the homeserver can do, in the same unit. */
  readonly floor?: { readonly name: string; readonly value: number };
  readonly aim?: string;
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** How many times a second `work` can be done, for about `ms`. */
export async function perSecond(work: () => unknown, ms = 1500): Promise<number> {
  let done = 0;
  const start = performance.now();
  for (; performance.now() - start < ms; done++) await work();
  return (done * 1000) / (performance.now() - start);
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

export function formatFigure({ name, value, unit, floor, aim }: Figure): string {
  const ratio = floor
    ? `  = ${(value / floor.value).toFixed(2)} × ${floor.name} (${round(floor.value)})`
    : '';
  return `${name.padEnd(46)} ${round(value).padStart(9)} ${unit.padEnd(6)}${ratio}${aim ? `  aim: ${aim}` : ''}`;
}

const round = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
