import fc from 'fast-check';
import t, { type Test } from 'tap';
import {
  parseActionName,
  parseDeviceId,
  parseEventId,
  parsePersonName,
  parseRequestId,
  parseRoomId,
  parseRoomName,
  parseUserId,
} from '../../src/base/ids.ts';
import type { Result } from '../../src/base/result.ts';

type Parse = (text: string) => Result<string, string>;

function accepts(t: Test, parse: Parse, good: readonly string[], bad: readonly string[]): void {
  for (const text of good) t.strictSame(parse(text), { ok: true, value: text }, text);
  for (const text of bad) t.notOk(parse(text).ok, JSON.stringify(text.slice(0, 60)));
}

const long = 'x'.repeat(255);

t.test('accounts are ASCII, with a server, and at most 255 bytes long', async (t) => {
  accepts(
    t,
    parseUserId,
    ['@alice:example.org', '@Alice/=+_-.!#:example.org:8448', '@a:[::1]:8448', '@a:1.2.3.4'],
    [
      ...[
        '',
        'alice',
        '@alice',
        '@:example.org',
        'alice:example.org',
        '@alice:',
        '@a b:example.org',
      ],
      ...[
        '@alice:example.org\n',
        '\n@alice:example.org',
        '@alice:exämple.org',
        '@\u0430lice:example.org',
      ],
      ...['@alice\u200b:example.org', '@alice:example.org/x', '#alice:example.org', `@${long}:x`],
    ],
  );
});

t.test('rooms have a server, or since version 12 are a hash; aliases are no ids', async (t) => {
  const hash = `${'Aa0_-'.repeat(8)}xyz`;
  accepts(
    t,
    parseRoomId,
    ['!danger:example.org', `!${hash}`, '!a:b:8448'],
    ['#danger:example.org', '!', '!danger', `!${hash}x`, '!a b:c', '!a:b\u202e', `!${long}:x`],
  );
});

t.test('events and devices are printable ASCII', async (t) => {
  accepts(t, parseEventId, ['$abc', '$a:example.org'], ['abc', '$', '$a b', '$ä', `$${long}`]);
  accepts(t, parseDeviceId, ['ABCDEFGH', 'a/b+c='], ['', 'a b', 'ä', `x${long}`]);
});

t.test('names are short, lower-case, and have no second spelling', async (t) => {
  const good = ['alice', 'a', 'db-failover', 'a_1', 'constructor', 'x'.repeat(32)];
  const bad = ['', 'Alice', '1a', '-a', '__proto__', 'a b', 'a.b', 'ä', 'x'.repeat(33), 'a\n'];
  for (const parse of [parsePersonName, parseRoomName, parseActionName])
    accepts(t, parse, good, bad);
});

t.test('a complaint repeats no more than the beginning of what was given', async (t) => {
  const parsed = parseUserId('x'.repeat(5000));
  t.ok(!parsed.ok && parsed.error.length < 200);
  t.strictSame(parseUserId('bob'), {
    ok: false,
    error: '"bob" is not a Matrix account (like @alice:example.org)',
  });
});

t.test(
  'a request is named in either case, and by the look-alikes that Crockford names',
  async (t) => {
    for (const text of ['K7QF-2M', 'k7qf-2m', 'K7QF2M', 'k7Qf2M'])
      t.strictSame(parseRequestId(text), { ok: true, value: 'K7QF-2M' }, text);
    t.strictSame(parseRequestId('oil0-1L'), { ok: true, value: '0110-11' });
  },
);

t.test('nothing else names a request', async (t) => {
  accepts(
    t,
    parseRequestId,
    [],
    [
      ...['', 'K7QF', 'K7QF-2', 'K7QF-2MX', 'K7-QF2M', 'K7QF--2M', '-K7QF2M', 'K7QF 2M', 'U7QF-2M'],
      ...[
        'K7QF-2M\n',
        'K7QF\u20132M',
        '\u017f7QF-2M',
        '\u01317QF-2M',
        '\u212a7QF-2M',
        '\uff177QF-2M',
      ],
    ],
  );
});

t.test('whatever is accepted is accepted again as the same', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 8 }), (text) => {
      const once = parseRequestId(text);
      if (!once.ok) return true;
      const again = parseRequestId(once.value);
      return again.ok && again.value === once.value && /^[\x20-\x7e]+$/.test(text);
    }),
  );
});
