import t from 'tap';
import { openScreen } from '../../src/system/screens.ts';

const bytes = (text: string) => Buffer.from(text);

t.test('what is written is shown, in order', async (t) => {
  using screen = openScreen();
  void screen.write(bytes('one\r\n\x1b[31mtw'));
  void screen.write(bytes('o\x1b[m\r\n@room'));
  t.strictSame(await screen.lines(), ['one', 'two', '＠room']);
  t.strictSame(await screen.glance(2), { tail: ['two', '＠room'], lines: 3 });
});

t.test('it is given the bytes, and nothing that lies around them', async (t) => {
  using screen = openScreen();
  const whole = bytes('secret one secret');
  const part = whole.subarray(7, 10);
  await screen.write(part);
  t.strictSame(await screen.lines(), ['one']);
  t.equal(part.toString(), 'one', 'and the caller still has them');
});

t.test('costly output keeps nobody else waiting', async (t) => {
  using screen = openScreen();
  await screen.write(bytes('first'));
  let turns = 0;
  let isWriting = true;
  const turn = (): void => {
    turns++;
    if (isWriting) setImmediate(turn);
  };
  turn();
  const written = screen.write(bytes('\x1bc'.repeat(16_000))).then(() => (isWriting = false));
  await screen.glance(1);
  t.ok(isWriting, 'a glance does not wait for it');
  await written;
  t.ok(turns > 1000, `others had ${turns} turns meanwhile`);
});

t.test('once it is closed, everything that was asked is refused', async (t) => {
  const screen = openScreen();
  const asked: Promise<unknown>[] = [
    screen.write(bytes('\x1bc'.repeat(100_000))),
    screen.lines(),
    screen.glance(1),
  ];
  screen[Symbol.dispose]();
  for (const one of [...asked, screen.write(bytes('x')), screen.lines(), screen.glance(1)])
    await t.rejects(one, { message: /^the screen is closed$/ });
  screen[Symbol.dispose]();
});
