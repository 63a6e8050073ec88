import t from 'tap';
import { numbersTo } from '../../src/config/number-pattern.ts';

t.test('a pattern takes the numbers up to the largest, and no others', async (t) => {
  for (const max of [1, 7, 9, 10, 99, 100, 168, 1000, 10_080, 65_535]) {
    const pattern = new RegExp(`^${numbersTo(max)}$`);
    const taken = Array.from({ length: 2 * max + 100 }, (_, n) => n).filter((n) =>
      pattern.test(String(n)),
    );
    t.strictSame([taken[0], taken.at(-1), taken.length], [1, max, max], String(max));
    for (const odd of ['', '01', '1.0', '-1', '+1', ' 1']) t.notOk(pattern.test(odd), odd);
  }
});
