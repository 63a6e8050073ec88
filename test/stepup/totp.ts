import fc from 'fast-check';
import t from 'tap';
import { formatTotpUri, makeTotpSecret, verifyTotp } from '../../src/stepup/totp.ts';
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
