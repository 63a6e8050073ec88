/**
 * Small mistakes put into the core by chance: a sample of all that could be made. Most have to be
 * noticed. VAKTROM_SEED draws the same sample again, VAKTROM_MUTANTS sets how many are drawn.
 */
import t from 'tap';
import { ACCEPTED, isAccepted } from './fixtures/accepted.ts';
import { allMutants, draw, readSource, seedOfRun } from './fixtures/draw.ts';
import { describeEdit, placeOf } from './fixtures/edit.ts';
import { Lanes } from './fixtures/lanes.ts';
import type { Mutant } from './fixtures/operators.ts';

const COUNT = Number(process.env['VAKTROM_MUTANTS'] ?? 200);
/** Of a hundred. The aim is 95; a sample of 200 strays from the whole by three, and shifts with each change. */
const LEAST = 90;

const describe = (mutant: Mutant): string => {
  const source = readSource(mutant.path);
  return `${placeOf(source, mutant)}: ${mutant.operator}: ${describeEdit(source, mutant)}`;
};

const mutants = allMutants();

t.test(`${LEAST} of a hundred mistakes are noticed`, async (t) => {
  await using lanes = await Lanes.open();
  const seed = seedOfRun();
  const candidates = mutants.filter((mutant) => !isAccepted(mutant));
  const sample = draw(candidates, COUNT, seed);
  const tried = await Promise.all(
    sample.map(async (mutant) => ({ mutant, verdict: await lanes.try(mutant) })),
  );
  const survivors = tried.filter(({ verdict }) => verdict.kind === 'survived');
  const killed = tried.length - survivors.length;
  const score = (100 * killed) / tried.length;
  console.error(
    `mutation: ${killed} killed of ${tried.length}, ${score.toFixed(1)} %` +
      ` (of ${candidates.length} mutants, VAKTROM_SEED=${seed})`,
  );
  for (const { mutant } of survivors) console.error(`  survives: ${describe(mutant)}`);
  t.ok(score >= LEAST, `${score.toFixed(1)} %`);
});

t.test('every mutant that is accepted is one still', async (t) => {
  const all = new Set(
    mutants.map((one) => `${one.path} ${describeEdit(readSource(one.path), one)}`),
  );
  for (const { path, edit } of ACCEPTED) t.ok(all.has(`${path} ${edit}`), `${path} ${edit}`);
});
