/** The sentences and places themselves are in policy-schema.ts; here is what needs a schema of its own. */
import t from 'tap';
import { z } from 'zod';
import { formatSchema, parseConforming } from '../../src/config/conform.ts';
import { formatProblem, MAX_PROBLEMS } from '../../src/config/document.ts';

function problems(schema: z.ZodType, text: string): readonly string[] {
  const parsed = parseConforming(schema, text, 'f');
  return parsed.ok ? [] : parsed.error.map(formatProblem);
}

t.test('what conforms is its value, and can be pointed at', async (t) => {
  const parsed = parseConforming(z.strictObject({ a: z.string() }), 'a: b\n', 'f');
  t.ok(parsed.ok);
  if (!parsed.ok) return;
  t.strictSame(parsed.value.value, { a: 'b' });
  const expected = { file: 'f', line: 1, column: 4, message: 'a: is odd' };
  t.strictSame(parsed.value.source.problemAt(['a'], 'is odd'), expected);
});

t.test('what is no YAML does not reach the schema', async (t) => {
  t.strictSame(problems(z.never(), 'a: "b'), ['f:1:6: Missing closing "quote']);
});

t.test('of a union, the branch that was meant is explained', async (t) => {
  const one = z.strictObject({ count: z.int().min(1) });
  const schema = z.strictObject({ x: z.union([z.literal('none'), z.array(one), one]) });
  t.strictSame(problems(schema, 'x: [{ count: 0 }]'), ['f:1:14: x.0.count: must be at least 1']);
  t.strictSame(problems(schema, 'x: { count: 0 }'), ['f:1:13: x.count: must be at least 1']);
  t.strictSame(problems(schema, 'x: { cuont: 1 }'), [
    'f:1:1: x.count: is missing (a number)',
    'f:1:6: x.cuont: unknown key; did you mean "count"?',
  ]);
  t.strictSame(problems(schema, 'x: nono'), [
    'f:1:4: x: must be "none", or must be a list, or must be a map (name: value)',
  ]);
});

t.test('keys are known wherever they are: in maps, lists and unions', async (t) => {
  const leaf = z.strictObject({ leaf: z.string().optional() });
  const schema = z.strictObject({
    map: z.record(z.string(), leaf).optional(),
    list: z.array(leaf).optional(),
    either: z.union([z.string(), leaf]).optional(),
  });
  for (const text of [
    'map: { constructor: { laef: x } }',
    'list: [{ laef: x }]',
    'either: { laef: x }',
  ])
    t.match(problems(schema, text), [/unknown key; did you mean "leaf"\?$/], text);
  t.match(problems(z.strictObject({}), 'x: 1'), [/unknown key; no keys are known here$/]);
});

t.test('more problems than anybody reads are not looked for', async (t) => {
  const keys = Array.from({ length: 500 }, (_, i) => `key-${i}: 1`).join('\n');
  t.equal(problems(z.strictObject({}), keys).length, MAX_PROBLEMS);
  t.equal(problems(z.record(z.string(), z.string()), keys).length, MAX_PROBLEMS);
});

t.test('the schema for editors is of what is written, not of what is made of it', async (t) => {
  const schema = z.strictObject({ at: z.string().transform(Number).describe('when') });
  t.hasStrict(formatSchema(schema), {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    properties: { at: { type: 'string', description: 'when' } },
    additionalProperties: false,
  });
});
