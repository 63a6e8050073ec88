/**
 * The security checks, one by one: each is taken away, and a test has to fail. The lists under
 * checks/ are kept by hand; a line whose place in the source is gone fails as well.
 */
import t from 'tap';
import { type Check, editOf, readChecks } from './fixtures/check.ts';

import { Lanes, type Verdict } from './fixtures/lanes.ts';

const CHECKS = readChecks();
const lanes = await Lanes.open();
t.teardown(() => lanes[Symbol.asyncDispose]());

const tryCheck = async (check: Check): Promise<Verdict> => lanes.try(editOf(check));
/** All are begun at once, and wait for each other in the lanes. */
const begun = CHECKS.map((check) => {
  const verdict = tryCheck(check);
  verdict.catch(() => {}); // its test tells
  return { check, verdict };
});

let killed = 0;
for (const { check, verdict } of begun)
  t.test(`${check.path}: ${check.allows}`, async (t) => {
    const { kind } = await verdict;
    if (kind === 'killed') killed++;
    t.equal(kind, 'killed', `${check.snippet} → ${check.instead || '(nothing)'}`);
  });

t.test('no check stands there twice', async (t) => {
  const names = CHECKS.map(({ path, allows }) => `${path}: ${allows}`);
  t.equal(new Set(names).size, names.length);
  console.error(
    `mutation: ${killed} of ${CHECKS.length} security checks: a test fails if it is removed`,
  );
});
