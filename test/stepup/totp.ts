import fc from 'fast-check';
import t from 'tap';
import {
  formatTotpUri,
  isSpentTotp,
  liveTotp,
  makeTotpSecret,
  readTotp,
  totpCountsAgainAt,
  verifyTotp,
} from '../../src/stepup/totp.ts';
import { totpCode } from '../support/totp-code.ts';

const STEP_MS = 30_000;
/** `12345678901234567890`, as in RFC 6238, appendix B. */
const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const NOW = Date.parse('2026-01-05T10:00:10Z');
const STEP = Math.floor(NOW / STEP_MS);
const NEVER = -1;

/** The last six digits of the RFC's eight, by seconds. */
const VECTORS = [
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
] as const;

t.test('the codes of RFC 6238 are right, each in its step', async (t) => {
  for (const [seconds, code] of VECTORS) {
    const now = seconds * 1000;
    t.equal(totpCode(SECRET, now), code, 'our own calculation, for the tests below');
    t.equal(
      verifyTotp(SECRET, code, { now, afterStep: NEVER }),
      Math.floor(now / STEP_MS),
      `at ${seconds}`,
    );
  }
});

t.test('a clock may be off by one step either way, and no further', async (t) => {
  const at = (steps: number) =>
    verifyTotp(SECRET, totpCode(SECRET, NOW + steps * STEP_MS), { now: NOW, afterStep: NEVER });
  t.strictSame([-2, -1, 0, 1, 2].map(at), [undefined, STEP - 1, STEP, STEP + 1, undefined]);
});

t.test('a code is good once, and so is every code of its step or before', async (t) => {
  const code = totpCode(SECRET, NOW);
  const after = (afterStep: number) => verifyTotp(SECRET, code, { now: NOW, afterStep });
  t.equal(after(STEP - 1), STEP);
  t.equal(after(STEP), undefined);
  t.equal(after(STEP + 1), undefined);
  t.equal(after(0), STEP);
});

t.test('while the clock is set back behind a code that counted, none counts', async (t) => {
  const earlier = NOW - 3_600_000;
  const code = totpCode(SECRET, earlier);
  t.equal(verifyTotp(SECRET, code, { now: earlier, afterStep: STEP }), undefined);
});

t.test('what would count now is known, step by step', async (t) => {
  const live = (afterStep: number) => liveTotp(SECRET, { now: NOW, afterStep });
  const steps = [STEP - 1, STEP, STEP + 1];
  const all = steps.map((step) => ({ step, code: totpCode(SECRET, step * STEP_MS) }));
  t.strictSame(live(NEVER), all);
  t.strictSame(live(STEP), all.slice(2));
  t.strictSame(live(STEP + 1), []);
});

t.test('what is spent with a code is known, and what never was is not', async (t) => {
  const isSpent = (steps: number, afterStep: number) =>
    isSpentTotp(SECRET, totpCode(SECRET, NOW + steps * STEP_MS), { now: NOW, afterStep });
  t.strictSame(
    [-20, -19, -1, 0, 1].map((steps) => isSpent(steps, STEP)),
    [false, true, true, true, false],
  );
  t.equal(isSpent(-9, STEP - 9), true, 'the last one, however long ago');
  t.equal(isSpent(0, NEVER), false);
});

t.test('codes count again once the clock has reached the last one', async (t) => {
  const againAt = (afterStep: number) => totpCountsAgainAt(NOW, afterStep);
  t.strictSame([STEP, STEP + 1].map(againAt), [undefined, undefined]);
  t.equal(againAt(STEP + 2), (STEP + 2) * STEP_MS);
});

t.test('a code is read with what people put between its digits', async (t) => {
  t.strictSame(
    [
      '492039',
      '492 039',
      '492-039.',
      '4 9\u20112\u20140 3 9',
      '49203',
      '4920390',
      '49a2039',
      '',
    ].map(readTotp),
    ['492039', '492039', '492039', '492039', undefined, undefined, undefined, undefined],
  );
});

t.test('what is not six digits is no code', async (t) => {
  const code = totpCode(SECRET, NOW);
  const wide = [...code].map((d) => String.fromCodePoint(0xff10 + Number(d))).join('');
  for (const typed of ['', code.slice(1), `${code}0`, ` ${code}`, `${code}\n`, wide, '1e5000'])
    t.equal(
      verifyTotp(SECRET, typed, { now: NOW, afterStep: NEVER }),
      undefined,
      JSON.stringify(typed),
    );
});

t.test('a code is of one secret', async (t) => {
  const code = totpCode(makeTotpSecret(), NOW);
  t.equal(verifyTotp(SECRET, code, { now: NOW, afterStep: NEVER }), undefined);
});

t.test(
  'whenever it is given, a code counts for a step that is new and near, or not at all',
  async () => {
    const instant = fc.integer({ min: 150_000, max: 4_000_000_000_000 });
    const off = fc.integer({ min: -4, max: 4 });
    fc.assert(
      fc.property(instant, off, fc.integer({ min: -5, max: 3 }), (now, off, behind) => {
        const step = Math.floor(now / STEP_MS);
        const afterStep = Math.max(step + behind, NEVER);
        const code = totpCode(SECRET, now + off * STEP_MS);
        const got = verifyTotp(SECRET, code, { now, afterStep });
        if (got === undefined) return Math.abs(off) > 1 || step + off <= afterStep;
        // Two steps may have the same code, one time in a million.
        return (
          got > afterStep && Math.abs(got - step) <= 1 && totpCode(SECRET, got * STEP_MS) === code
        );
      }),
      { numRuns: 1000 },
    );
  },
);

t.test('a new secret is 160 bits, another one each time, and works', async (t) => {
  const secrets = Array.from({ length: 20 }, makeTotpSecret);
  t.equal(new Set(secrets).size, 20);
  for (const secret of secrets) {
    t.match(secret, /^[A-Z2-7]{32}$/);
    t.equal(verifyTotp(secret, totpCode(secret, NOW), { now: NOW, afterStep: NEVER }), STEP);
  }
});

t.test('what an authenticator app is given says whose secret it is', async (t) => {
  const uri = new URL(formatTotpUri(SECRET, 'Vaktrom ops', 'alice'));
  t.equal(uri.protocol, 'otpauth:');
  t.equal(uri.host, 'totp');
  t.equal(decodeURIComponent(uri.pathname), '/Vaktrom ops:alice');
  t.equal(uri.searchParams.get('secret'), SECRET);
  t.equal(uri.searchParams.get('issuer'), 'Vaktrom ops');
});
