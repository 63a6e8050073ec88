import fc from 'fast-check';
import t from 'tap';
import { output as outputBlock, renderBlocks } from '../../src/output/block.ts';
import { openEmulator } from '../../src/output/screen.ts';
import { COLUMNS, ROWS } from '../../src/output/screen-size.ts';
import { cpuCost } from '../support/cpu.ts';
import { anyText, HOSTILE, harmIn } from '../support/hostile-text.ts';

/** The lines that a terminal would have shown after this was printed, part by part. */
async function shown(...parts: readonly (string | Uint8Array)[]): Promise<readonly string[]> {
  using screen = openEmulator();
  for (const part of parts) await screen.write(Buffer.from(part as string));
  return screen.lines();
}

/** Where some client or other begins a new row. */
const ROW = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/;

t.test('no row of what is printed is without the mark of output', async (t) => {
  const forged = '✓ deploy web 1.2.3 · entry 7';
  for (const between of [
    '\n',
    '\r\n',
    '\r',
    '\v',
    '\f',
    '\u0085',
    '\u2028',
    '\u2029',
    '\x1bE',
    '\x1bD',
    '\x1b[2;1H',
    '\x1b[5B',
  ]) {
    const { text } = renderBlocks([outputBlock(await shown(`a${between}${forged}`))]);
    const bare = text.split(ROW).filter((row) => !row.startsWith('│ '));
    t.strictSame(bare, [], encodeURIComponent(between));
  }
});

const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `line ${from + i}`);
const printed = (lines: readonly string[]): string => lines.map((line) => `${line}\r\n`).join('');

/** What a program prints, and what is left to read of it. */
const SHOWN: Readonly<Record<string, readonly [string, ...string[]]>> = {
  'plain lines': ['one\r\ntwo\r\n', 'one', 'two'],
  'empty lines between, not at the end': ['a\r\n\r\nb\r\n\r\n\r\n', 'a', '', 'b'],
  nothing: [''],
  'blanks at the end of a line': ['a  \r\n  b', 'a  ', '  b'],
  tabs: ['a\tb', 'a       b'],
  colours: ['\x1b[1;31mred\x1b[0m and \x1b[38;2;1;2;3mblue\x1b[m', 'red and blue'],
  'a progress bar': ['0%\r50%\r100%\r\ndone', '100%', 'done'],
  'a shorter text over a longer one': ['loading…\rdone\x1b[K', 'done'],
  'letters taken back': ['pasword\b\b\b\bsword', 'password'],
  'a line drawn over': ['safe command\rEVIL', 'EVIL command'],
  'a spinner of several lines': ['a\r\nb\r\n\x1b[2A\x1b[Kc\r\n\x1b[Kd\r\n', 'c', 'd'],
  'a cleared screen': ['secret\x1b[2J\x1b[Hnew', 'new'],
  'a reset': ['old\x1bcnew', 'new'],
  'a title': ['\x1b]0;title\x07text\x1b]2;title\x1b\\', 'text'],
  'a link': ['\x1b]8;;https://evil.example\x1b\\text\x1b]8;;\x1b\\', 'text'],
  'a clipboard': ['\x1b]52;c;ZXZpbA==\x07text', 'text'],
  'a picture': ['\x1bPq#0;2;0;0;0#0~~@@vv\x1b\\text', 'text'],
  'questions to the terminal': ['\x1b[6n\x1b[c\x1b[>c\x1b[5n\x1bP$q"p\x1b\\\x1b[?25$ptext', 'text'],
  'a sequence that never ends': ['text\x1b]0;and all the rest', 'text'],
  'controls of one byte': ['\u009b31mred\u009dtitle\u009ctext', 'redtext'],
  'a bell and a NUL': ['a\x07\0b', 'ab'],
  'an alternate screen': ['a\r\n\x1b[?1049hFULL SCREEN\x1b[?1049lb', 'a', 'b'],
  'wide characters': ['世界\r\n한국', '世界', '한국'],
  'combining characters': ['e\u0301a\u0308', 'e\u0301a\u0308'],
  'marks without measure': [`a${'\u0301'.repeat(1000)}b`, 'a\u0301\u0301\u0301b'],
  'the other direction': ['abc\u202edef', 'abc\\u{202e}def'],
  'nothing of no width': ['a\u200bb', 'a\\u{200b}b'],
  'a call to everybody': ['@room hello', '＠room hello'],
  tags: ['<b>x</b>', '<b>x</b>'],
  'the replacement character': ['a\ud800b', 'a\ufffdb'],
  'punctuation of three bytes': ['“a” – b…', '“a” – b…'],
  'a byte order mark': ['\ufeffa\ufeff', 'a'],
  'line drawing': ['\x1b(0lqk\x1b(B', '┌─┐'],
};

for (const [name, [output, ...lines]] of Object.entries(SHOWN))
  t.test(`shows ${name}`, async (t) => {
    t.strictSame(await shown(output), lines);
    const bytes = [...Buffer.from(output)].map((byte) => Uint8Array.of(byte));
    t.strictSame(await shown(...bytes), lines, 'byte by byte as well');
  });

t.test('bytes that are not UTF-8 are seen to be there', async (t) => {
  t.strictSame(await shown(Uint8Array.of(0x61, 0xff, 0x62)), ['a\ufffdb']);
  t.strictSame(await shown(Uint8Array.of(0x61, 0x9b, 0x33), '1mb'), ['a\ufffd31mb']);
});

t.test('a long line that wraps is one line, also across the edge of the screen', async (t) => {
  const long = 'x'.repeat(COLUMNS * 3 + 7);
  t.strictSame(await shown(long), [long]);
  t.strictSame(await shown(`${long}\r\nnext`), [long, 'next']);
  const longer = 'y'.repeat(COLUMNS * (ROWS + 5));
  t.strictSame(await shown(longer, '\r\nnext'), [longer, 'next']);
  const wide = `${'x'.repeat(COLUMNS - 1)}世${'z'.repeat(COLUMNS - 3)}界!`;
  t.strictSame(await shown(wide), [wide], 'a wide character at the end of a row leaves no hole');
  const exact = 'x'.repeat(COLUMNS);
  t.strictSame(await shown(`${exact}\r\n${exact}`), [exact, exact]);
});

t.test('every line is there once, however they come and whatever is scrolled about', async (t) => {
  const lines = numbered(0, 3000);
  t.strictSame(await shown(printed(lines)), lines);
  t.strictSame(await shown(...lines.map((line) => `${line}\r\n`)), lines, 'one by one');
  const halves = [printed(numbered(0, 200)), printed(numbered(200, 400))] as const;
  const between = [
    '\x1b[?1049hmenu\r\n\r\n\r\n\x1b[?1049l',
    '\x1b[?47h\x1b[10S\x1b[?47l',
    '\x1b[3J',
    '\x1b7\x1b[H\x1b8',
    '\x1b[5;20r\x1b[r\x1b[50;1H',
  ];
  for (const [i, text] of between.entries())
    t.strictSame(await shown(halves[0], text, halves[1]), numbered(0, 400), `number ${i}`);
  // What these do to the lines in view is the terminal's business; what has left it stays.
  for (const text of ['\x1b[H\x1b[3M\x1b[9L', '\x1b[5S\x1b[3T', '\x1b[H\x1bM\x1bM\x1bM', '\x1bc']) {
    const found = await shown(halves[0], `${text}\x1b[50;1H\r\n`, halves[1]);
    t.strictSame(found.slice(0, 150), numbered(0, 150));
    t.strictSame(found.slice(-200), numbered(200, 400));
    t.equal(new Set(found.filter((line) => line !== '')).size, found.filter(Boolean).length);
  }
});

t.test('the last lines can be had alone, and are the same', async (t) => {
  using screen = openEmulator();
  for (const part of [numbered(0, 30), numbered(30, 500)]) {
    await screen.write(Buffer.from(printed(part)));
    const all = screen.lines();
    t.equal(screen.lineCount(), all.length);
    for (const count of [1, 7, 40, 60, 499, 500, 501])
      t.strictSame(screen.lines(count), all.slice(-count), `the last ${count}`);
  }
  await screen.write(Buffer.from('\r\n'.repeat(200)));
  t.equal(screen.lineCount(), 500, 'empty ones at the end do not count');
  t.strictSame(screen.lines(2), ['line 498', 'line 499']);
});

t.test('of a line without end, a glance sees the end', async (t) => {
  using screen = openEmulator();
  await screen.write(Buffer.from(`start${'x'.repeat(1_000_000)}end`));
  t.equal(screen.lineCount(), 1);
  const [glance = ''] = screen.lines(5);
  t.ok(glance.startsWith('xxx') && glance.endsWith('xxxend'));
  t.ok(glance.length < 20_000);
  t.equal(screen.lines()[0]?.length, 1_000_008, 'and the whole line is kept');
});

/** Each would keep a terminal busy for minutes or hours, or bring it down. */
const BOMBS: Readonly<Record<string, string>> = {
  'scroll up': '\x1b[2147483647S',
  'scroll down': '\x1b[2147483647T',
  'insert lines': '\x1b[2147483647L',
  'delete lines': '\x1b[2147483647M',
  'tabs forward': '\x1b[2147483647I',
  'tabs back': '\x1b[2147483647Z',
  repeat: 'x\x1b[2147483647b',
  'repeat a tower of marks': `${`a${'\u0301'.repeat(2000)}\x1b[160b`.repeat(20)}`,
  'insert characters': '\x1b[2147483647@',
  'delete characters': '\x1b[2147483647P',
  'erase characters': '\x1b[2147483647X',
  'shift left': '\x1b[2147483647 @',
  'insert columns': "\x1b[2147483647'}",
  'erase above in the last cell': '\x1b[50;160H\x1b[1J',
  'the same, selectively': '\x1b[50;160H\x1b[?1J',
  'a line of tests': '\x1b#8'.repeat(2000),
  'an open link over many lines': `\x1b]8;;x\x07${'line\r\n'.repeat(20_000)}`,
  'many links': '\x1b]8;id=1;x\x07a\x1b]8;;\x07'.repeat(5000),
  'parameters without number': `\x1b[${'1;'.repeat(10_000)}m`,
  'a number without end': `\x1b[${'9'.repeat(10_000)}S`,
};

for (const [name, bomb] of Object.entries(BOMBS))
  t.test(`survives: ${name}`, async (t) => {
    const cost = await cpuCost(async () => {
      const lines = await shown(bomb, '\x1bc', 'still there');
      t.equal(lines.at(-1), 'still there');
    });
    t.ok(cost < 500, `${cost} units`);
  });

t.test('ordinary uses of what is limited still work', async (t) => {
  t.strictSame(await shown('ab\x1b[3b'), ['abbbb']);
  t.strictSame(await shown('a\r\nb\r\nc\x1b[2;1H\x1b[1Lnew'), ['a', 'new', 'b', 'c']);
  t.strictSame(await shown('a\r\nb\r\nc\x1b[2;1H\x1b[1M'), ['a', 'c']);
  t.strictSame(await shown('a\r\nb\r\nc\x1b[2;2H\x1b[1J'), ['', '', 'c']);
});

t.test('a megabyte is shown line by line, and the event loop lives', async (t) => {
  const lines = Array.from({ length: 20_000 }, (_, i) => `${i} ${'.'.repeat(45)}`);
  using screen = openEmulator();
  let turns = 0;
  let isWriting = true;
  const turn = (): void => {
    turns++;
    if (isWriting) setImmediate(turn);
  };
  turn();
  await screen.write(Buffer.from(printed(lines)));
  isWriting = false;
  t.strictSame(screen.lines(), lines);
  t.ok(turns > 30, `others had ${turns} turns meanwhile`);
});

const sequence = fc
  .tuple(
    fc.constantFrom('', '?', '>', '!'),
    fc.array(fc.constantFrom('', '0', '1', '2', '49', '50', '160', '999', '1049'), {
      maxLength: 3,
    }),
    fc.constantFrom('', ' ', '$', "'", '"'),
    fc.constantFrom(...'@ABCDEFGHIJKLMPSTXZ`abcdefghlmnpqrstu}~'),
  )
  .map(([prefix, numbers, more, final]) => `\x1b[${prefix}${numbers.join(';')}${more}${final}`);
const output = fc
  .array(fc.oneof(sequence, anyText, fc.constantFrom(...HOSTILE, 'x'.repeat(170), '世'.repeat(90))))
  .map((parts) => parts.join(''));

t.test('no output leaves anything harmful, or counts wrong', async (t) => {
  await fc.assert(
    fc.asyncProperty(output, output, async (first, second) => {
      using screen = openEmulator();
      await screen.write(Buffer.from(first));
      await screen.write(Buffer.from(second));
      const lines = screen.lines();
      const harm = lines.map((line) => harmIn(line, '')).find((found) => found !== undefined);
      if (harm !== undefined) throw new Error(harm);
      return screen.lineCount() === lines.length && screen.lines(3).length <= 3;
    }),
    { numRuns: 400 },
  );
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), async (bytes) => {
      const lines = await shown(bytes);
      return lines.every((line) => harmIn(line, '') === undefined);
    }),
    { numRuns: 200 },
  );
  t.pass();
});
