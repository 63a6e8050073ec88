/** What CI counts are tests: neither assertions nor files, and nothing that went wrong is left out. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';

/** Passed, failed, not run. */
const count = (...lines: readonly string[]): string =>
  execFileSync('awk', ['-f', join(import.meta.dirname, '..', '.ci', 'count.awk')], {
    input: `${lines.join('\n')}\n`,
    encoding: 'utf8',
  }).trim();

t.test('a test counts once, whatever it asserts', async (t) => {
  t.equal(
    count(
      '# Subtest: test/a.ts',
      '    # Subtest: one',
      '        ok 1 - should be equal',
      '        ok 2 - should be equal',
      '    ok 1 - one # time=1.5ms',
      '    # Subtest: a story',
      '        # Subtest: its first part',
      '            ok 1 - should be equal',
      '        ok 1 - its first part # time=3ms',
      '        # Subtest: its second part',
      '            not ok 1 - should be equal',
      '        not ok 2 - its second part # time=3ms',
      '    not ok 2 - a story # time=6ms',
      'not ok 1 - test/a.ts # time=10ms',
    ),
    '2 1 0',
  );
});

t.test('a file that crashes, or tests nothing, is a failure', async (t) => {
  t.equal(count('not ok 1 - test/a.ts # time=10ms'), '0 1 0');
  t.equal(count('ok 1 - test/a.ts # SKIP no tests found'), '0 1 0');
  t.equal(
    count('    ok 1 - one # time=1ms', 'not ok 1 - test/a.ts # time=10ms', 'ok 2 - x # time=1ms'),
    '1 1 0',
  );
});

t.test('what was not run is said', async (t) => {
  t.equal(
    count('    ok 1 - one # SKIP not run: only root', 'ok 1 - test/a.ts # time=10ms'),
    '0 0 1',
  );
});
