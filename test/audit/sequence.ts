import fc from 'fast-check';
import t from 'tap';
import { Sequence } from '../../src/audit/sequence.ts';
import { cpuCost } from '../support/cpu.ts';

const follow = (numbers: readonly (number | undefined)[]) => {
  const sequence = new Sequence();
  const findings = numbers.flatMap((seq, index) => {
    if (seq === undefined) sequence.skip();
    return (seq !== undefined && sequence.take(seq, index + 1)) || [];
  });
  return { findings, missing: sequence.missing(), next: sequence.next };
};

t.test('numbers in order are nothing to speak of', async (t) => {
  t.strictSame(follow([0, 1, 2, 3]), { findings: [], missing: [], next: 4 });
});

t.test('a gap is missing, the end of it included', async (t) => {
  const { missing } = follow([0, 3, 4, 6, 9]);
  t.strictSame(missing, [
    { kind: 'missing', from: 1, to: 2 },
    { kind: 'missing', from: 5, to: 5 },
    { kind: 'missing', from: 7, to: 8 },
  ]);
});

t.test('what comes late was moved, and is not missing', async (t) => {
  t.strictSame(follow([0, 2, 1, 3]), {
    findings: [{ kind: 'moved', seq: 1, before: 3 }],
    missing: [],
    next: 4,
  });
  t.strictSame(follow([0, 5, 3, 1]).missing, [
    { kind: 'missing', from: 2, to: 2 },
    { kind: 'missing', from: 4, to: 4 },
  ]);
});

t.test('what comes again was put in', async (t) => {
  t.strictSame(follow([0, 1, 1, 2]).findings, [{ kind: 'inserted', seq: 1, line: 3 }]);
  t.strictSame(follow([0, 2, 1, 1]).findings.at(-1), { kind: 'inserted', seq: 1, line: 4 });
});

t.test('a line without a number stands for the one that should be there', async (t) => {
  t.strictSame(follow([0, undefined, 2]), { findings: [], missing: [], next: 3 });
  t.strictSame(follow([0, undefined, 1]).findings, [{ kind: 'inserted', seq: 1, line: 3 }]);
});

t.test('every number is found once: in order, late, or missing', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.nat(30), { maxLength: 60 }), (numbers) => {
      const { findings, missing, next } = follow(numbers);
      const absent = missing.flatMap((m) =>
        m.kind === 'missing' ? Array.from({ length: m.to - m.from + 1 }, (_, i) => m.from + i) : [],
      );
      const present = new Set(numbers);
      const all = Array.from({ length: next }, (_, i) => i);
      const again = findings.filter((f) => f.kind === 'inserted').length;
      return (
        all.every((n) => present.has(n) !== absent.includes(n)) &&
        absent.length + present.size === next &&
        again === numbers.length - present.size
      );
    }),
    { numRuns: 1000 },
  );
  t.pass();
});

t.test('a number beyond all measure costs no more than any other', async (t) => {
  const { missing, next } = follow([0, Number.MAX_SAFE_INTEGER - 1, 5]);
  t.strictSame(missing, [
    { kind: 'missing', from: 1, to: 4 },
    { kind: 'missing', from: 6, to: Number.MAX_SAFE_INTEGER - 2 },
  ]);
  t.equal(next, Number.MAX_SAFE_INTEGER);
});

t.test('a log shuffled on purpose costs no more than its length', async (t) => {
  const count = 200_000;
  const evens = Array.from({ length: count / 2 }, (_, i) => 2 * i);
  const odds = evens.map((n) => n + 1).reverse();
  const cost = await cpuCost(() => {
    const { findings, missing } = follow([...evens, ...odds]);
    t.equal(findings.length, count / 2 - 1);
    t.strictSame(missing, []);
  });
  t.ok(cost < 500, `${cost} units`);
});
