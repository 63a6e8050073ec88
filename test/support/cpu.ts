/**
 * How much computing something takes, whatever the machine and whatever else it is doing: CPU time of
 * this process, in units of a fixed piece of work that is measured beside it.
 */
const TEXTS = Array.from({ length: 20_000 }, (_, i) => `text number ${i} "with quotes"`);

/** One unit: some milliseconds. */
const unit = (): unknown => JSON.parse(JSON.stringify(TEXTS));

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function timed(work: () => unknown): number {
  const before = cpuMs();
  work();
  return cpuMs() - before;
}

let floorMs: number | undefined;

/** In units. What takes far longer than it should takes thousands of them. */
export async function cpuCost(work: () => unknown): Promise<number> {
  floorMs ??= Math.min(...Array.from({ length: 9 }, () => timed(unit)));
  const before = cpuMs();
  await work();
  return (cpuMs() - before) / Math.max(floorMs, 1);
}
