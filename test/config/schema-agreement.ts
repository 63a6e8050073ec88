/**
 * The daemon and an editor say the same of a document: every part of right ones is replaced by every odd
 * value, and the JSON Schema refuses what the daemon refuses, and nothing else.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import t from 'tap';
import type { z } from 'zod';
import { formatSchema } from '../../src/config/conform.ts';
import { parseSource } from '../../src/config/document.ts';
import { policySchema } from '../../src/config/policy-schema.ts';
import { settingsSchema } from '../../src/config/settings.ts';
import { SMALL, TEAM } from './fixtures/policies.ts';

/** The whole list of what JSON Schema cannot say. */
const UNSAYABLE = [
  /^must be a time zone such as /,
  /^must be \S+ or a parent domain of it, as passkeys demand$/,
];

const ODD: readonly unknown[] = [
  ...[null, true, false, 0, 1, -1, 1.5, 9, 10, 101, 257, 4097, 2 ** 53, [], {}, [''], [1], ['a']],
  ...[{ a: 1 }, { count: 1, roles: ['ops'] }, { count: 1, roles: [] }, { min: 1, max: 5 }],
  ...[
    '',
    'a',
    'A',
    'é',
    'a b',
    'a\n',
    '-x',
    'none',
    '24:00',
    '23:60',
    '0d',
    '7d',
    '8d',
    '1K',
    '0K',
  ],
  ...['/', '/a', '/a/', '/a/../b', '/a//b', 'a:443', 'a:65536', '10.0.0.1:1', '0x1:1', '[::1]:80'],
  ...[
    '@a:b',
    '@A:b',
    '@a:',
    '!x:y',
    '!x',
    'bob:totp',
    'bob:foo',
    'x'.repeat(300),
    '😀'.repeat(150),
  ],
  ...['A'.repeat(43), `${'A'.repeat(42)}B`, 'VAKTROM_X', 'PATH', 'UTC', '2026-01-01T25:00Z'],
  ...['2026-01-01T10:00Z', '2026-01-01T10:00+99:00', '2026-13-01T10:00Z', 'ABC', 'org'],
  ...['https://a.example', 'https://a.example/', 'https://a.example:443', 'https://a.example:0'],
  ...['https://A.example', 'http://a.example', 'http://localhost:80', 'http://localhost:8080'],
  ...['ftp://a.example', 'https://u:p@a.example', 'https://a.example?x', 'https://a.example#x'],
];

type Steps = readonly (string | number)[];

/** Every document that has one part of this one replaced, left out, or put under another name. */
function* altered(
  part: unknown,
  whole: (part: unknown) => unknown,
  at: Steps = [],
): Generator<{
  readonly at: Steps;
  readonly document: unknown;
}> {
  for (const odd of ODD) yield { at, document: whole(odd) };
  if (Array.isArray(part)) {
    for (const [index, item] of part.entries()) {
      yield { at: [...at, index], document: whole(part.toSpliced(index, 1)) };
      yield* altered(item, (next) => whole(part.with(index, next)), [...at, index]);
    }
  } else if (typeof part === 'object' && part !== null) {
    yield { at, document: whole({ ...part, unknown: 1 }) };
    for (const [key, value] of Object.entries(part)) {
      const rest = Object.fromEntries(Object.entries(part).filter(([name]) => name !== key));
      yield { at: [...at, key], document: whole(rest) };
      for (const odd of ODD)
        if (typeof odd === 'string')
          yield { at: [...at, key], document: whole({ ...rest, [odd]: value }) };
      yield* altered(value, (next) => whole({ ...rest, [key]: next }), [...at, key]);
    }
  }
}

function differences(schema: z.ZodType, right: unknown): readonly string[] {
  const fits = new Ajv2020({ strict: false }).compile(formatSchema(schema));
  const found = new Set<string>();
  for (const { at, document } of altered(right, (part) => part)) {
    const { error } = schema.safeParse(document);
    if (fits(document) === !error) continue;
    const messages = error?.issues.map(({ message }) => message) ?? ['only the schema refuses it'];
    if (!messages.every((message) => UNSAYABLE.some((unsayable) => unsayable.test(message))))
      found.add(`${at.join('.')}: ${messages.join('; ')}`);
  }
  return [...found];
}

const readValue = (text: string): unknown => {
  const source = parseSource(text, 'p');
  if (!source.ok) throw new Error('the text is no document');
  return source.value.value;
};

t.test('the policy is for an editor what it is for the daemon', async (t) => {
  for (const policy of [SMALL, TEAM])
    t.strictSame(differences(policySchema, readValue(policy)), []);
});

t.test('so are the settings', async (t) => {
  const web = { listen: '127.0.0.1:8480', origin: 'https://ops.example.org', rp_id: 'example.org' };
  const settings = {
    ...{ version: 1, homeserver: 'https://matrix.example.org', user: '@bot:example.org' },
    ...{ device: 'ABC', policy: 'p', state: 's', secrets: 'x', control: 'c', web },
  };
  t.strictSame(differences(settingsSchema, settings), []);
});

t.test('the policies that are shipped fit the schema that is shipped', async (t) => {
  const policies = join(import.meta.dirname, '..', '..', 'policies');
  const schema: unknown = JSON.parse(readFileSync(join(policies, 'policy.schema.json'), 'utf8'));
  if (typeof schema !== 'object' || schema === null) throw new Error('the schema is no map');
  const fits = new Ajv2020({ strict: false }).compile(schema);
  t.ok(fits(readValue(readFileSync(join(policies, 'example', 'policy.yaml'), 'utf8'))));
});
