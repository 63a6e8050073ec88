/** "Did you mean": the candidate nearest to what was typed, if one is near enough to be a slip. */
export function nearest(typed: string, candidates: Iterable<string>): string | undefined {
  const slip = typed.toLowerCase();
  const limit = slip.length <= 3 ? 1 : 2;
  let best: { text: string; distance: number } | undefined;
  for (const text of candidates) {
    // What was typed is attacker-chosen and may be long; only what is about as long is compared.
    if (Math.abs(text.length - slip.length) > limit) continue;
    const distance = slips(slip, text.toLowerCase());
    if (distance <= limit && distance < (best?.distance ?? slip.length)) best = { text, distance };
  }
  return best?.text;
}

/** Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
function slips(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min(at(row, j) + 1, at(next, j - 1) + 1, at(row, j - 1) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, at(before, j - 2) + 1);
      next.push(cost);
    }
    [before, row] = [row, next];
  }
  return at(row, b.length);
}

const at = (row: readonly number[], index: number): number => row[index] ?? Infinity;
