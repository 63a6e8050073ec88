import fc from 'fast-check';
import t from 'tap';
import { type Entry, formatEntry, MAX_ENTRY_BYTES, parseEntry } from '../../src/audit/entry.ts';
import { utf8 } from '../../src/base/bytes.ts';

const HEAD = { v: 1, seq: 3, ts: '2026-01-05T10:00:00.000Z', boot: 'b00t' } as const;
const entry: Entry = { ...HEAD, type: 'shutdown', reason: 'é "quoted" ☃' };
const line =
  '{"boot":"b00t","reason":"é \\"quoted\\" ☃","seq":3,"ts":"2026-01-05T10:00:00.000Z","type":"shutdown","v":1}';

const parse = (text: string) => parseEntry(utf8(text));

t.test('an entry is one line of canonical JSON', async (t) => {
  t.equal(formatEntry(entry), line);
  t.strictSame(parse(line), { ok: true, value: entry });
});

t.test(
  'a line that is not exactly what would be written is refused, with the reason',
  async (t) => {
    const cases: Readonly<Record<string, string>> = {
      'is not JSON': '{"boot":',
      'is not an object': '[1]',
      'has no v': line.replace('"v":1', '"w":1'),
      'has no seq': line.replace('"seq":3', '"seq":"3"'),
      'has no boot': line.replace('"b00t"', 'null'),
      'is of version 2': line.replace('"v":1', '"v":2'),
      'has no sequence number': line.replace('"seq":3', '"seq":3.5'),
      'is not canonical JSON': ` ${line}`,
    };
    for (const [error, text] of Object.entries(cases))
      t.strictSame(parse(text), { ok: false, error });
  },
);

t.test('no entry has a second spelling', async (t) => {
  t.notOk(parse(`\ufeff${line}`).ok, 'with a byte order mark');
  const others = [
    line.replace('"seq":3', '"seq":3.0'),
    line.replace('"seq":3', '"seq":3e0'),
    line.replace('"seq":3', '"seq":3,"seq":3'),
    line.replace('é', '\\u00e9'),
    line.replace('☃', '\\u2603'),
    line.replace('"v":1}', '"v":1 }'),
    line.replace('"v":1}', '"v":1}\r'),
    line.replace('"v":1}', '"v":1,"__proto__":{}}'),
    line.replace('☃', '\\ud800'),
    line.replace('{"boot":"b00t",', '{').replace('"v":1', '"v":1,"boot":"b00t"'),
  ];
  for (const text of others)
    t.strictSame(parse(text), { ok: false, error: 'is not canonical JSON' }, text);
});

t.test('bytes that are not UTF-8 are refused, not replaced', async (t) => {
  const bytes = Buffer.from(line);
  const broken = Buffer.from(bytes);
  broken[bytes.indexOf('é')] = 0xff;
  t.strictSame(parseEntry(broken), { ok: false, error: 'is not canonical JSON' });
  const replaced = line.replace('é', '\ufffd');
  t.ok(parse(replaced).ok, 'though the replacement itself is a character like any other');
});

t.test('an entry of a type that is not known yet is accepted', async (t) => {
  t.ok(parse('{"boot":"b","more":[1,{"a":null}],"seq":0,"ts":"t","type":"newer","v":1}').ok);
});

t.test('the longest entry is written and read, a longer one is neither', async (t) => {
  const room = MAX_ENTRY_BYTES - formatEntry({ ...HEAD, type: 'shutdown', reason: '' }).length;
  const longest: Entry = { ...HEAD, type: 'shutdown', reason: 'x'.repeat(room) };
  t.ok(parse(formatEntry(longest)).ok);
  t.throws(() => formatEntry({ ...longest, reason: `x${longest.reason}` }), RangeError);
  t.strictSame(parse(formatEntry(longest).replace('xx', 'xxx')), {
    ok: false,
    error: 'is longer than an entry can be',
  });
});

t.test('half a character is not written', async (t) => {
  t.throws(() => formatEntry({ ...HEAD, type: 'shutdown', reason: '\ud83d' }), TypeError);
});

t.test(
  'whatever the bytes, there is an answer, and what is accepted prints the same',
  async (t) => {
    const near = fc.tuple(fc.nat(line.length), fc.string({ maxLength: 3 })).map(([at, text]) => {
      return line.slice(0, at) + text + line.slice(at + text.length);
    });
    fc.assert(
      fc.property(fc.oneof(fc.string(), near, fc.json()), (text) => {
        const parsed = parse(text);
        return !parsed.ok || formatEntry(parsed.value) === text;
      }),
      { numRuns: 2000 },
    );
    t.notOk(parse(`${'['.repeat(30_000)}${']'.repeat(30_000)}`).ok);
    t.notOk(parse(line.replace('"é', `${'[['.repeat(9000)}"é`)).ok);
  },
);
