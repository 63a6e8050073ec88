/** Text that somebody chose to do harm with, and what must never be left of it. */
import fc from 'fast-check';

/** What moves, hides, reorders, colours, links, calls or answers back. */
export const HOSTILE: readonly string[] = [
  '\x1b[31mred\x1b[0m',
  '\x1b]0;title\x07',
  '\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\',
  '\x1b]52;c;ZXZpbA==\x07',
  '\x1bP$q"p\x1b\\',
  '\x1bPq#0;2;0;0;0~~\x1b\\',
  '\x1b_application\x1b\\',
  '\x1b[?1049h',
  '\x1b[2J\x1b[H',
  '\x1b[6n',
  '\x9b31m',
  '\x90q\x9c',
  'safe\rEVIL',
  'ab\b\bcd',
  'bell\x07',
  'nul\0',
  'del\x7f',
  'form\ffeed\vtab',
  '\u0085\u2028\u2029',
  'abc\u202edef\u202c',
  '\u2066isolate\u2069',
  '\u200b\u200c\u200d\u2060\ufeff',
  'soft\u00adhyphen',
  '\u{e0041}\u{e0042}\u{e007f}',
  '\u3164\u115f\u1160\uffa0',
  '\u034f\u180e\u17b4',
  'a\ufe0f',
  'e\u0301\u0302\u0303\u0304\u0305\u0306',
  '\ud83d',
  '\udc00',
  '\ue000\u{f0000}',
  '\u0378\u{10ffff}',
  '@room',
  '@Room!',
  'x @room',
  '(@ROOM)',
  '@alice:example.org',
  'ping @bob:localhost:8448 now',
  '@\u200broom',
  '<b>bold</b><script>alert(1)</script>',
  '</code></pre><h1>',
  '<a href="https://matrix.to/#/@alice:example.org">x</a>',
  '&lt;img src=x onerror=1&gt;',
  '"\'`&<>',
  '<!-- -->',
];

/** Any text, with a good share of the above in it. */
export const anyText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(...HOSTILE),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\n', '\t', ' ', 'word', '@', ':', 'room'),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/u;
// As the push rules of the specification match: "@room" between what is no word character.
const CALLS = /(?:^|\W)@(?:room(?:\W|$)|[!-9;-?A-~]+:\S)/i;

/** What is wrong with a text that is about to be shown; undefined if nothing is. */
export function harmIn(text: string, allowed = '\n\t'): string | undefined {
  for (const char of text)
    if (UNSEEN.test(char) && !allowed.includes(char))
      return `holds U+${char.codePointAt(0)?.toString(16)}`;
  if (CALLS.test(text)) return 'calls somebody';
  return text.isWellFormed() ? undefined : 'holds half a character';
}
