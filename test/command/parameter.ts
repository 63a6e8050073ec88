import t from 'tap';
import { faultInValue, type Parameter, usageOf } from '../../src/command/parameter.ts';
import { parsePattern } from '../../src/command/pattern.ts';

const base = { name: 'x', allowDash: false };
const oneOf = (...values: string[]): Parameter => ({ ...base, kind: 'enum', values });
const whole = (min: number, max: number, allowDash = false): Parameter => ({
  ...base,
  allowDash,
  kind: 'integer',
  min,
  max,
});

function shaped(source: string, maxLength: number): Parameter {
  const pattern = parsePattern(source);
  if (!pattern.ok) throw new Error(pattern.error);
  return { ...base, kind: 'pattern', pattern: pattern.value, maxLength };
}

t.test('a list takes what is in it, byte for byte', async (t) => {
  const service = oneOf('web', 'api', 'db');
  t.equal(faultInValue(service, 'api'), undefined);
  t.equal(faultInValue(service, 'pizza'), 'it is one of web, api, db');
  t.equal(faultInValue(service, 'wbe'), 'it is one of web, api, db (did you mean web?)');
  for (const value of ['', 'WEB', 'web ', 'toString', '__proto__', 'w\u0435b'])
    t.ok(faultInValue(service, value), value);
});

t.test('of a long list not all is said', async (t) => {
  const many = oneOf(...Array.from({ length: 200 }, (_, i) => `service-${i}`));
  t.match(faultInValue(many, 'x'), /service-11, … \(200 in all\)$/);
});

t.test('a pattern has to describe the whole value', async (t) => {
  const version = shaped('[0-9]{1,4}\\.[0-9]{1,4}', 9);
  t.equal(faultInValue(version, '1.22'), undefined);
  for (const value of ['1.2;reboot', '1.2\n', ' 1.2', '1', ''])
    t.ok(faultInValue(version, value), JSON.stringify(value));
  t.equal(faultInValue(version, 'a.b'), 'it must match [0-9]{1,4}\\.[0-9]{1,4}');
  t.equal(faultInValue(shaped('.*', 3), 'abcd'), 'it has at most 3 characters');
});

t.test('a whole number has one spelling', async (t) => {
  const port = whole(0, 65_535);
  for (const value of ['0', '1', '65535']) t.equal(faultInValue(port, value), undefined, value);
  for (const value of ['', '00', '01', '+1', '1e3', '0x10', '1.0', ' 1', '1_0', '٣', '-0', '65536'])
    t.ok(faultInValue(port, value), value);
  t.equal(faultInValue(port, '70000'), 'it is a whole number from 0 to 65535');
});

t.test('whole numbers reach as far as they are exact', async (t) => {
  const any = whole(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, true);
  t.equal(faultInValue(any, '9007199254740991'), undefined);
  t.equal(faultInValue(any, '-9007199254740991'), undefined);
  t.ok(faultInValue(any, '9007199254740992'));
  t.ok(faultInValue(any, '9'.repeat(40)));
});

t.test('no value is taken for an option, unless that is asked for', async (t) => {
  for (const value of ['-', '-x', '--help', '-1'])
    t.equal(faultInValue(shaped('.*', 9), value), 'a value may not begin with "-"', value);
  t.equal(faultInValue({ ...shaped('.*', 9), allowDash: true }, '--help'), undefined);
  t.equal(faultInValue(whole(-5, 5, true), '-5'), undefined);
});

t.test('what cannot be seen is in no value, whatever the parameter says', async (t) => {
  for (const value of ['a\0', 'a\nb', '\u202ea', 'a\u200b', '\ud800', 'web\ufe0f'])
    for (const parameter of [oneOf(value), shaped('[^x]*', 9), whole(0, 9)])
      t.match(faultInValue(parameter, value), /^it holds /, JSON.stringify(value));
  const free: Parameter = { ...base, allowDash: true, kind: 'text' };
  t.equal(faultInValue(free, 'a\nb'), 'it holds a line break');
  t.equal(faultInValue(free, '-- anything "goes"'), undefined);
  const prose: Parameter = { ...free, kind: 'prose' };
  for (const value of ['👩\u200d🚒', '⚠\ufe0f', 'نمی\u200cخواهم']) {
    t.equal(faultInValue(prose, value), undefined, value);
    for (const parameter of [oneOf(value), shaped('[^x]*', 9), free])
      t.match(faultInValue(parameter, value), /^it holds /, JSON.stringify(value));
  }
  t.equal(faultInValue(prose, 'a\u200db'), 'it holds the invisible character U+200D');
});

t.test('usage shows a short list, and what may be left out', async (t) => {
  t.equal(usageOf(oneOf('web', 'api')), '<x=web|api>');
  t.equal(usageOf({ ...oneOf('web', 'api'), fallback: 'web' }), '[x=web|api]');
  t.equal(usageOf(oneOf(...'abcdefg')), '<x>');
  t.equal(usageOf(shaped('.*', 9)), '<x>');
});
