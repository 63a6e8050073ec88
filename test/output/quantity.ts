import t from 'tap';
import { formatDuration, plural } from '../../src/output/quantity.ts';

t.test('a duration is as coarse as a reader needs', async (t) => {
  const said: Readonly<Record<string, number>> = {
    '0 s': 0,
    '< 0.1 s': 49,
    '0.1 s': 120,
    '12.3 s': 12_345,
    '59 s': 59_000,
    '1 min': 60_000,
    '15 min': 15 * 60_000,
    '1 h': 60 * 60_000,
    '1 h 30 min': 90 * 60_000,
    '48 h': 48 * 60 * 60_000,
  };
  for (const [text, ms] of Object.entries(said)) t.equal(formatDuration(ms), text);
});

t.test('just below a minute is not sixty seconds', async (t) => {
  t.equal(formatDuration(59_999), '1 min');
});

t.test('one is not many', async (t) => {
  t.equal(plural(1, 'line'), '1 line');
  t.equal(plural(0, 'line'), '0 lines');
  t.equal(plural(2, 'line'), '2 lines');
});
