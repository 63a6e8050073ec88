import fc from 'fast-check';
import t from 'tap';
import {
  canonicalJson,
  crockford,
  fromBase64,
  type Json,
  sha256,
  sha256Hex,
  toBase64,
  utf8,
} from '../../src/base/bytes.ts';

const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');

t.test('RFC 8785 section 3.2.2: literals, numbers and strings', async (t) => {
  const input = JSON.parse(String.raw`{
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
    "literals": [null, true, false]
  }`);
  const expected =
    '7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a5b3333' +
    '333333333333332e333333333333332c31652b33302c342e352c302e3030322c31652d32375d2c22737472' +
    '696e67223a22e282ac245c75303030665c6e4127425c225c5c5c5c5c222f227d';
  t.equal(hex(utf8(canonicalJson(input))), expected);
});

t.test('RFC 8785 section 3.2.3: keys are sorted by UTF-16 code unit', async (t) => {
  const input = {
    '\u20ac': 'Euro Sign',
    '\r': 'Carriage Return',
    '\ufb33': 'Hebrew Letter Dalet With Dagesh',
    '1': 'One',
    '\ud83d\ude00': 'Emoji: Grinning Face',
    '\u0080': 'Control',
    '\u00f6': 'Latin Small Letter O With Diaeresis',
  };
  t.strictSame(Object.values(JSON.parse(canonicalJson(input)) as object).slice(1), [
    'Carriage Return',
    'Control',
    'Latin Small Letter O With Diaeresis',
    'Euro Sign',
    'Emoji: Grinning Face',
    'Hebrew Letter Dalet With Dagesh',
  ]);
  t.match(canonicalJson(input), /^\{"\\r":"Carriage Return","1":"One"/);
});

// RFC 8785 appendix B.
const NUMBERS: Readonly<Record<string, string>> = {
  '0000000000000000': '0',
  '8000000000000000': '0',
  '0000000000000001': '5e-324',
  '8000000000000001': '-5e-324',
  '7fefffffffffffff': '1.7976931348623157e+308',
  ffefffffffffffff: '-1.7976931348623157e+308',
  '4340000000000000': '9007199254740992',
  c340000000000000: '-9007199254740992',
  '4430000000000000': '295147905179352830000',
  '44b52d02c7e14af5': '9.999999999999997e+22',
  '44b52d02c7e14af6': '1e+23',
  '44b52d02c7e14af7': '1.0000000000000001e+23',
  '444b1ae4d6e2ef4e': '999999999999999700000',
  '444b1ae4d6e2ef4f': '999999999999999900000',
  '444b1ae4d6e2ef50': '1e+21',
  '3eb0c6f7a0b5ed8c': '9.999999999999997e-7',
  '3eb0c6f7a0b5ed8d': '0.000001',
  '41b3de4355555553': '333333333.3333332',
  '41b3de4355555554': '333333333.33333325',
  '41b3de4355555555': '333333333.3333333',
  '41b3de4355555556': '333333333.3333334',
  '41b3de4355555557': '333333333.33333343',
  becbf647612f3696: '-0.0000033333333333333333',
  '43143ff3c1cb0959': '1424953923781206.2',
};

t.test('RFC 8785 appendix B: numbers', async (t) => {
  for (const [bits, text] of Object.entries(NUMBERS))
    t.equal(canonicalJson(Buffer.from(bits, 'hex').readDoubleBE()), text, bits);
});

t.test('what JSON cannot carry is refused', async (t) => {
  const untyped = canonicalJson as (value: unknown) => string;
  for (const value of [NaN, Infinity, -Infinity, undefined, 1n, () => 1, Symbol('s')])
    t.throws(() => untyped({ value }), TypeError, String(value));
  for (const value of ['\ud800', 'a\udc00', ['\ud800'], { '\ud800': 1 }])
    t.throws(() => untyped(value), { message: /^lone surrogate$/ });
});

t.test('canonical JSON is JSON, and the same for every order of the keys', async () => {
  const json = fc.jsonValue({ stringUnit: 'grapheme' });
  fc.assert(
    fc.property(json, (value) => {
      const text = canonicalJson(value as Json);
      const again = JSON.parse(text) as Json;
      return canonicalJson(again) === text && canonicalJson(reversed(again)) === text;
    }),
  );
});

function reversed(value: Json): Json {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).toReversed();
  return Object.fromEntries(fields.map(([key, inner]) => [key, reversed(inner)]));
}

t.test('base64 has one spelling for each value', async (t) => {
  t.equal(toBase64(utf8('any carnal pleas')), 'YW55IGNhcm5hbCBwbGVhcw==');
  t.strictSame(fromBase64('YW55IGNhcm5hbCBwbGVhcw=='), utf8('any carnal pleas'));
  t.strictSame(fromBase64(''), utf8(''));
  for (const other of ['YQ', 'YQ=', 'YR==', 'YQ==\n', ' YQ==', 'YQ-_', 'YQ==YQ==', 'Y', '='])
    t.equal(fromBase64(other), undefined, JSON.stringify(other));
  fc.assert(
    fc.property(
      fc.uint8Array(),
      (data) => hex(fromBase64(toBase64(data)) ?? utf8('x')) === hex(data),
    ),
  );
});

t.test('SHA-256 of parts is SHA-256 of their concatenation', async (t) => {
  const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  t.equal(sha256Hex('abc'), abc);
  t.equal(sha256Hex(utf8('abc')), abc);
  t.equal(hex(sha256(utf8('abc'))), abc);
  t.equal(hex(sha256(utf8('a'), utf8(''), utf8('bc'))), abc);
  t.equal(hex(sha256()), sha256Hex(''));
});

t.test("Crockford's base 32 takes five bits a character, and zeros after the end", async (t) => {
  t.equal(crockford(utf8('foobar'), 10), 'CSQPYRK1E8');
  t.equal(crockford(utf8('foobar'), 6), 'CSQPYR');
  t.equal(crockford(Uint8Array.of(255, 255), 6), 'ZZZG00');
  t.equal(crockford(Uint8Array.of(0), 0), '');
});
