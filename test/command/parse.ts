import fc from 'fast-check';
import t from 'tap';
import { BUILT_INS, type Offer } from '../../src/command/catalogue.ts';
import { faultInValue, type Parameter } from '../../src/command/parameter.ts';
import { type Command, type ParseRefusal, parseCommand, usage } from '../../src/command/parse.ts';
import { parsePattern } from '../../src/command/pattern.ts';
import { NASTY } from './fixtures/nasty.ts';

const base = { allowDash: false } as const;
const version = parsePattern('[0-9]{1,4}(\\.[0-9]{1,4}){2}');
if (!version.ok) throw new Error(version.error);

const SERVICE: Parameter = { ...base, name: 'service', kind: 'enum', values: ['web', 'api'] };
const VERSION: Parameter = {
  ...{ ...base, name: 'version', kind: 'pattern' },
  ...{ pattern: version.value, maxLength: 14 },
};
const COUNT: Parameter = {
  ...{ name: 'count', allowDash: true, kind: 'integer', fallback: '1' },
  ...{ min: -9, max: 9 },
};

const offer = (name: string, ...parameters: readonly Parameter[]): Offer => ({
  ...{ name, summary: name, parameters, takesRest: false },
});
const OFFERS = new Map<string, Offer>(
  [
    ...BUILT_INS,
    offer('deploy', SERVICE, VERSION, COUNT),
    offer('noop'),
    offer('secret-lever', SERVICE),
    offer('odd', { ...base, name: 'constructor', kind: 'enum', values: ['x'] }),
  ].map((o) => [o.name, o]),
);
const VISIBLE = new Set([...OFFERS.keys()].filter((name) => name !== 'secret-lever'));

const parse = (typed: string) => parseCommand(typed, OFFERS, VISIBLE);

/** A command as plain data, or the refusal. */
function outcome(typed: string): unknown {
  const parsed = parse(typed);
  return parsed.ok ? { ...parsed.value, values: { ...parsed.value.values } } : parsed.error;
}

const deploy = (service: string, version: string, count = '1'): Command => ({
  name: 'deploy',
  values: { service, version, count },
});

const UNDERSTOOD: readonly (readonly [typed: string, command: Command])[] = [
  ['deploy web 1.2.3', deploy('web', '1.2.3')],
  ['Deploy web 1.2.3', deploy('web', '1.2.3')],
  ['deploy service=web version=1.2.3', deploy('web', '1.2.3')],
  ['deploy version=1.2.3 service=web', deploy('web', '1.2.3')],
  ['deploy version=1.2.3 web', deploy('web', '1.2.3')],
  ['deploy --service web --version=1.2.3', deploy('web', '1.2.3')],
  ['deploy —service web –version=1.2.3 ―count 2', deploy('web', '1.2.3', '2')],
  ['deploy service=“web” “1.2.3”', deploy('web', '1.2.3')],
  [`deploy service="web" '1.2.3' count='2'`, deploy('web', '1.2.3', '2')],
  ['deploy web 1.2.3 -5', deploy('web', '1.2.3', '-5')],
  ['deploy web 1.2.3 --count -5', deploy('web', '1.2.3', '-5')],
  ['noop', { name: 'noop', values: {} }],
  ['odd x', { name: 'odd', values: { constructor: 'x' } as never }],
  ['odd constructor=x', { name: 'odd', values: { constructor: 'x' } as never }],
  ['help', { name: 'help', values: { command: '' } }],
  ['help deploy', { name: 'help', values: { command: 'deploy' } }],
  ['why deploy  web "1 2"', { name: 'why', values: { command: 'deploy  web "1 2"' } }],
  ['why deploy --service web', { name: 'why', values: { command: 'deploy --service web' } }],
];

for (const [typed, command] of UNDERSTOOD)
  t.test(`understands ${typed}`, async (t) => t.strictSame(outcome(typed), command));

const USAGE = 'Usage: !deploy <service=web|api> <version> [count]';

const REFUSED: readonly (readonly [typed: string, code: ParseRefusal['code'], said: string])[] = [
  ['', 'malformed', 'There is no command. Try !help.'],
  ['deploy "web', 'malformed', 'The quote " at character 8 is never closed.'],
  [
    'deploy web\n1.2.3',
    'malformed',
    'A command is one line of visible text; it holds a line break.',
  ],
  [
    'noop👩\u200d🚒',
    'malformed',
    'A command is one line of visible text; it holds the invisible character U+200D.',
  ],
  [
    'deploy 👩\u200d🚒 1.2.3',
    'bad_parameter',
    `service cannot be "👩\u200d🚒": it holds the invisible character U+200D. ${USAGE}`,
  ],
  ['pizza', 'unknown_command', 'There is no command !pizza here. Try !help.'],
  ['deplyo web', 'unknown_command', 'There is no command !deplyo here. Did you mean !deploy?'],
  ['""', 'unknown_command', 'There is no command ! here. Try !help.'],
  ['noo\u212a', 'unknown_command', 'There is no command !noo\u212a here. Did you mean !noop?'],
  ['deploy web', 'bad_parameter', `version is missing. ${USAGE}`],
  ['deploy', 'bad_parameter', `service is missing. ${USAGE}`],
  [
    'deploy wbe 1.2.3',
    'bad_parameter',
    `service cannot be "wbe": it is one of web, api (did you mean web?). ${USAGE}`,
  ],
  [
    'deploy web 1.2',
    'bad_parameter',
    `version cannot be "1.2": it must match [0-9]{1,4}(\\.[0-9]{1,4}){2}. ${USAGE}`,
  ],
  ['deploy web 1.2.3 1 x', 'bad_parameter', `"x" is one value too many. ${USAGE}`],
  ['deploy web service=api', 'bad_parameter', `service is given twice. ${USAGE}`],
  ['deploy service=web service=web', 'bad_parameter', `service is given twice. ${USAGE}`],
  [
    'deploy web --versoin 1.2.3',
    'bad_parameter',
    `There is no parameter versoin. Did you mean version? ${USAGE}`,
  ],
  ['deploy web url=x', 'bad_parameter', `There is no parameter url. ${USAGE}`],
  ['deploy web --version', 'bad_parameter', `--version has no value. ${USAGE}`],
  ['deploy --service --version 1.2.3', 'bad_parameter', `--service has no value. ${USAGE}`],
  ['deploy —service —version 1.2.3', 'bad_parameter', `--service has no value. ${USAGE}`],
  [
    'deploy -- web',
    'bad_parameter',
    `service cannot be "--": a value may not begin with "-". ${USAGE}`,
  ],
  [
    'deploy -web 1.2.3',
    'bad_parameter',
    `service cannot be "-web": a value may not begin with "-". ${USAGE}`,
  ],
  [
    'deploy "--service" web',
    'bad_parameter',
    `service cannot be "--service": a value may not begin with "-". ${USAGE}`,
  ],
  [
    'deploy \\--service web',
    'bad_parameter',
    `service cannot be "--service": a value may not begin with "-". ${USAGE}`,
  ],
  ['noop x', 'bad_parameter', '"x" is one value too many. Usage: !noop'],
  ['noop a=b', 'bad_parameter', '"a=b" is one value too many. Usage: !noop'],
  ['noop --x', 'bad_parameter', 'There is no parameter x. Usage: !noop'],
  [
    'odd __proto__=x',
    'bad_parameter',
    'constructor cannot be "__proto__=x": it is one of x. Usage: !odd <constructor=x>',
  ],
  [
    'odd toString=x',
    'bad_parameter',
    'constructor cannot be "toString=x": it is one of x. Usage: !odd <constructor=x>',
  ],
  ['why', 'bad_parameter', 'command is missing. Usage: !why <command>'],
];

for (const [typed, code, message] of REFUSED)
  t.test(`refuses ${JSON.stringify(typed)}`, async (t) =>
    t.strictSame(outcome(typed), { code, message }),
  );

t.test('names of no command are not found in a prototype', async (t) => {
  for (const name of ['constructor', '__proto__', 'toString', 'hasownproperty'])
    t.hasStrict(outcome(name), { code: 'unknown_command' }, name);
});

t.test('what the asker may not know of is not suggested', async (t) => {
  t.strictSame(outcome('secret-levr'), {
    code: 'unknown_command',
    message: 'There is no command !secret-levr here. Try !help.',
  });
});

t.test('of what the asker may not know of, no value is looked at', async (t) => {
  for (const rest of ['', 'web', 'nonsense', '--x', 'service=x service=y'])
    t.strictSame(outcome(`secret-lever ${rest}`), { name: 'secret-lever', values: {} });
});

t.test('an answer does not repeat pages of what was typed', async (t) => {
  const long = 'x'.repeat(3900);
  for (const typed of [
    long,
    `noop ${long}`,
    `noop --${long}`,
    `deploy ${long} 1`,
    `odd ${long}=1`,
  ]) {
    const parsed = parse(typed);
    t.ok(!parsed.ok && parsed.error.message.length < 250, typed.slice(0, 20));
  }
});

t.test('usage of a command is a line that could be typed', async (t) => {
  t.equal(usage(offer('noop')), '!noop');
  t.equal(`Usage: ${usage(offer('deploy', SERVICE, VERSION, COUNT))}`, USAGE);
});

t.test('nothing that people have typed at bots gets through', async (t) => {
  t.ok(NASTY.length > 500, `${NASTY.length} commands`);
  const offers = new Map([['deploy', offer('deploy', SERVICE, VERSION)]]);
  const through = NASTY.flatMap((typed) => {
    const parsed = parseCommand(`deploy ${typed}`, offers, new Set(['deploy']));
    return parsed.ok ? [JSON.stringify(parsed.value.values)] : [];
  });
  // All that is left of them: quotes as a shell has them, and the value that was meant anyway.
  const harmless = '{"service":"web","version":"1.2.3"}';
  t.strictSame([...new Set(through)], [harmless]);
});

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc
    .array(
      fc.oneof(
        fc.constantFrom('"', "'", '“', '—', '--', '=', '\\'),
        fc.constantFrom(
          'deploy',
          'web',
          '1.2.3',
          '--service',
          'service=api',
          '“web”',
          '--count',
          '-5',
        ),
        fc.string({ unit: 'grapheme', maxLength: 8 }),
      ),
      { maxLength: 8 },
    )
    .map((parts) => parts.join(' ')),
);

t.test('any text at all is understood or refused, and what is understood is accepted', async () => {
  fc.assert(
    fc.property(text, (typed) => {
      const parsed = parse(typed);
      if (!parsed.ok) return parsed.error.message.length > 0;
      const { name, values } = parsed.value;
      const parameters = name === 'secret-lever' ? [] : (OFFERS.get(name)?.parameters ?? []);
      return (
        Object.keys(values).length === parameters.length &&
        parameters.every((p) => faultInValue(p, values[p.name] ?? '\0') === undefined)
      );
    }),
    { numRuns: 2000 },
  );
});

t.test('by position, by name or as an option: the same command', async () => {
  const service = fc.constantFrom('web', 'api');
  const number = fc.nat(9999);
  const quote = (value: string) => fc.constantFrom(value, `'${value}'`, `"${value}"`, `“${value}”`);
  const command = fc.record({ service, a: number, b: number, c: number }).chain((v) => {
    const version = `${v.a}.${v.b}.${v.c}`;
    const spelt = fc
      .tuple(quote(v.service), quote(version))
      .chain(([s, r]) =>
        fc.constantFrom(
          ...[
            `deploy ${s} ${r}`,
            `deploy version=${r} ${s}`,
            `deploy --version ${r} --service=${s}`,
          ],
          ...[`deploy —service ${s} ${r}`, `  DEPLOY  ${s}  version=${r}  `],
        ),
      );
    return spelt.map((typed) => ({ typed, service: v.service, version }));
  });
  fc.assert(
    fc.property(command, ({ typed, service, version }) => {
      const parsed = parse(typed);
      return (
        parsed.ok &&
        parsed.value.values['service'] === service &&
        parsed.value.values['version'] === version
      );
    }),
  );
});
