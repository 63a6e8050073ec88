import fc from 'fast-check';
import t from 'tap';
import { safeArgv, safeLine, safeText, visibleLine } from '../../src/output/text.ts';
import { cpuCost } from '../support/cpu.ts';
import { anyText, HOSTILE, harmIn } from '../support/hostile-text.ts';

t.test('ordinary text stays as it is', async (t) => {
  for (const text of [
    'exit 0 in 12.3 s · 240 lines',
    'Grüße, 世界, Ελλάδα, שלום, مرحبا',
    'e\u0301 and ñ and ă̱',
    '✓ ✗ ▶ ⚠️ ❤️',
    'mail me: alice@example.org',
    'docker pull image@sha256:0123abcd',
    'git clone git@github.com:owner/name',
    'user@host:/path and a @ b',
  ]) {
    t.equal(safeText(text), text);
    t.equal(safeLine(text), text);
  }
  t.equal(safeText('a\n\tb\n'), 'a\n\tb\n');
});

t.test('what would do something is shown instead', async (t) => {
  const cases: readonly (readonly [string, string])[] = [
    ['\x1b[31mred', '\\u{1b}[31mred'],
    ['a\0b\x7f', 'a\\u{0}b\\u{7f}'],
    ['\x9b31m', '\\u{9b}31m'],
    ['abc\u202edef', 'abc\\u{202e}def'],
    ['pro\u200bd', 'pro\\u{200b}d'],
    ['\u{e0041}', '\\u{e0041}'],
    ['\u3164', '\\u{3164}'],
    ['a\ufe0f', 'a\\u{fe0f}'],
    ['a\u200db\u200c👩\u200d', 'a\\u{200d}b\\u{200c}👩\\u{200d}'],
    ['👩\u200d🚒 ⌚\ufe0e نمی\u200cخواهم', '👩\u200d🚒 ⌚\ufe0e نمی\u200cخواهم'],
    ['\ud83d!', '\\u{d83d}!'],
    ['\u2028', '\\u{2028}'],
    ['e\u0301\u0302\u0303\u0304\u0305', 'e\u0301\u0302\u0303'],
    ['@room', '＠room'],
    ['hey @ROOM!', 'hey ＠ROOM!'],
    ['@alice:example.org', '＠alice:example.org'],
    ['x@room', 'x@room'],
    ['@@room', '＠＠room'],
    ['é@room', 'é＠room'],
    ['x@@room', 'x＠＠room'],
    ['https://matrix.to/#/@alice:example.org', 'https://matrix.to/#/＠alice:example.org'],
  ];
  for (const [text, shown] of cases) {
    t.equal(safeText(text), shown);
    t.equal(safeLine(text), shown);
  }
});

t.test('one line stays one line', async (t) => {
  t.equal(safeText('a\rb'), 'a\\u{d}b');
  t.equal(visibleLine('a\nb\r\nc\rd\te'), 'a⏎b⏎c⏎d e');
  t.equal(safeLine('a\n@room'), 'a⏎＠room');
  t.equal(visibleLine('@room'), '@room', 'at a terminal nobody is called');
});

t.test('nothing harmful is left of anything', async (t) => {
  for (const [i, text] of HOSTILE.entries())
    t.equal(harmIn(safeText(text)), undefined, `number ${i}`);
  fc.assert(
    fc.property(anyText, (text) => {
      const [several, one] = [harmIn(safeText(text)), harmIn(safeLine(text), '')];
      if (several ?? one) throw new Error(`${several} ${one}`);
    }),
    { numRuns: 5000 },
  );
});

t.test('what is safe is not changed again', async (t) => {
  fc.assert(
    fc.property(
      anyText,
      (text) =>
        safeText(safeText(text)) === safeText(text) && safeLine(safeLine(text)) === safeLine(text),
    ),
    { numRuns: 2000 },
  );
  t.pass();
});

t.test('arguments are shown as JSON that still says exactly what they are', async (t) => {
  t.equal(safeArgv(['/bin/a', 'b c', '"q"', '']), '["/bin/a","b c","\\"q\\"",""]');
  t.equal(safeArgv(['@room', '\u202e', 'x\ny']), '["\\u0040room","\\u202e","x\\ny"]');
  t.equal(safeArgv(['\u00a0', '\u3000', '\u2800']), '["\\u00a0","\\u3000","\\u2800"]');
  t.equal(safeArgv(['\u{e0041}']), '["\\udb40\\udc41"]');
  fc.assert(
    fc.property(fc.array(anyText, { maxLength: 4 }), (argv) => {
      const shown = safeArgv(argv);
      if (harmIn(shown, '') !== undefined) throw new Error(`${harmIn(shown, '')}: ${shown}`);
      return JSON.stringify(JSON.parse(shown)) === JSON.stringify(argv);
    }),
    { numRuns: 5000 },
  );
});

t.test('a megabyte of anything costs no more than its length', async (t) => {
  for (const piece of ['@', '@a', '\u0301', '\x1b', '@room ', 'a:', '@:', '\ufe0f', '⚠️', '\n']) {
    const text = piece.repeat(2 ** 20 / piece.length);
    const cost = await cpuCost(() => t.ok(safeText(text).length > 0));
    t.ok(cost < 500, `${JSON.stringify(piece)}: ${cost} units`);
  }
});
