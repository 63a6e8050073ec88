import fc from 'fast-check';
import t from 'tap';
import { nearest } from '../../src/base/suggest.ts';
import { cpuCost } from '../support/cpu.ts';

const NAMES = ['status', 'deploy', 'rollback', 'db-failover', 'log', 'jobs'];

t.test('one slip of any kind finds the name', async (t) => {
  for (const slip of ['staus', 'sttus', 'statuss', 'tsatus', 'STATUS', 'statuz', 'satsus'])
    t.equal(nearest(slip, NAMES), 'status', slip);
  t.equal(nearest('lgo', NAMES), 'log');
});

t.test('what is far from every name is no slip', async (t) => {
  for (const typed of ['', 'x', 'restart', 'pizza', 'lo-', 'dploooy', 'st'])
    t.equal(nearest(typed, NAMES), typed === 'lo-' ? 'log' : undefined, typed);
  t.equal(nearest('x', ['y']), undefined, 'a letter for another is a guess');
  t.equal(nearest('status', []), undefined);
});

t.test('the nearest is taken, and of equals the first', async (t) => {
  t.equal(nearest('deplo', ['deplore', 'deploy']), 'deploy');
  t.equal(nearest('cat', ['car', 'cab']), 'car');
});

t.test('an edit of one letter is always found, whichever letter', async () => {
  const name = fc.stringMatching(/^[a-z]{4,12}$/);
  fc.assert(
    fc.property(name, fc.nat(11), (text, at) => {
      const cut = at % text.length;
      return nearest(text.slice(0, cut) + text.slice(cut + 1), [text]) === text;
    }),
  );
});

t.test('a text of any length is dealt with at once', async (t) => {
  const names = Array.from({ length: 1000 }, (_, i) => `action-number-${i}`);
  const cost = await cpuCost(() =>
    t.equal(nearest('action-number-'.repeat(100_000), names), undefined),
  );
  t.ok(cost < 100, `without comparing letter by letter: ${cost} units`);
});
