import { Ajv2020 } from 'ajv/dist/2020.js';
import t from 'tap';
import { z } from 'zod';
import { formatSchema } from '../../src/config/conform.ts';
import { exactlyOneOf, onlyWhere, ruled, together } from '../../src/config/rules.ts';

const schema = ruled(
  z.strictObject({ a: z.string(), b: z.string(), c: z.string(), d: z.string() }).partial(),
  exactlyOneOf('a', 'b'),
  together('b', 'c'),
  onlyWhere('d', 'a', 'yes'),
);
const fits = new Ajv2020({ strict: false }).compile(formatSchema(schema));

/** Every map of these keys, as the daemon and as an editor sees it. */
const CASES: readonly (readonly [map: object, problems: readonly string[]])[] = [
  [{ a: 'no' }, []],
  [{ b: 'x', c: 'x' }, []],
  [{ a: 'yes', d: 'x' }, []],
  [{}, ['needs exactly one of a, b']],
  [{ a: 'x', b: 'x', c: 'x' }, ['needs exactly one of a, b']],
  [{ b: 'x' }, ['b and c go together']],
  [{ a: 'x', c: 'x' }, ['b and c go together']],
  [{ a: 'no', d: 'x' }, ['d goes with a: yes']],
  [{ b: 'x', c: 'x', d: 'x' }, ['d goes with a: yes']],
];

t.test('a rule is the same for the daemon and for an editor', async (t) => {
  for (const [map, problems] of CASES) {
    const issues = schema.safeParse(map).error?.issues ?? [];
    const said = issues.map(({ path, message }) => [...path, message].join(' '));
    t.strictSame(said, problems, JSON.stringify(map));
    t.equal(fits(map), problems.length === 0, JSON.stringify(map));
  }
});
