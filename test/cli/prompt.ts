/** Questions at a terminal, as the person sees them who sits there. */
import { join } from 'node:path';
import t from 'tap';
import { CTRL_C, CTRL_D, ENTER, startAtTerminal } from '../support/at-terminal.ts';

const ASKS = join(import.meta.dirname, 'fixtures', 'asks.ts');
const asks = (...questions: readonly string[]) =>
  startAtTerminal(process.execPath, [ASKS, ...questions]);

t.test('a question stays on the screen, with what is typed behind it', async (t) => {
  await using terminal = asks('Homeserver URL: ', 'Account: ');
  await terminal.sees('Homeserver URL:');
  terminal.types('https://a.example');
  await terminal.sees('Homeserver URL: https://a.example');
  terminal.types(ENTER);
  await terminal.sees('Account:');
  terminal.types(`@bot:a.example${ENTER}`);
  const { code, lines } = await terminal.ended;
  t.equal(code, 0);
  t.strictSame(lines, [
    'Homeserver URL: https://a.example',
    'told "https://a.example"',
    'Account: @bot:a.example',
    'told "@bot:a.example"',
  ]);
});

t.test('a secret is asked for aloud and typed unseen', async (t) => {
  await using terminal = asks('hidden:Password: ');
  await terminal.sees('Password:');
  terminal.types(`hunter3\u007f2\u001b[D\u001b[C${ENTER}`); // backspace and arrows redraw the line
  t.strictSame(await terminal.ended, {
    ...{ code: 0, signal: null },
    lines: ['Password:', 'told "hunter2"'],
  });
});

t.test('what is printed meanwhile stands above the question', async (t) => {
  await using terminal = asks('Is it the same? ', 'hidden:Code: ');
  await terminal.sees('Is it the same?');
  terminal.types('ye');
  await terminal.sees('Is it the same? ye');
  process.kill(terminal.pid, 'SIGUSR1');
  t.strictSame(await terminal.sees('a note'), ['a note', 'Is it the same? ye']);
  terminal.types(`s${ENTER}`);
  await terminal.sees('Code:');
  terminal.types('12');
  process.kill(terminal.pid, 'SIGUSR2');
  await terminal.sees('another note');
  terminal.types(`3456${ENTER}`);
  t.strictSame((await terminal.ended).lines, [
    'a note',
    'Is it the same? yes',
    'told "yes"',
    'another note',
    'Code:',
    'told "123456"',
  ]);
});

t.test('a question and its answer may be longer than the screen is wide', async (t) => {
  const words = 'word '.repeat(40).trim();
  await using terminal = asks(`First line\n${words}? `);
  await terminal.sees(/\?$/);
  terminal.types('a'.repeat(200));
  await terminal.sees(/aaa$/);
  process.kill(terminal.pid, 'SIGUSR1');
  await terminal.sees('a note');
  terminal.types(ENTER);
  const { lines } = await terminal.ended;
  t.strictSame(lines.join('').split('a note'), [
    'First line',
    `${words}? ${'a'.repeat(200)}told "${'a'.repeat(200)}"`,
  ]);
});

t.test('Ctrl-D leaves a question unanswered, and the next one is asked', async (t) => {
  await using terminal = asks('One: ', 'Two: ');
  await terminal.sees('One:');
  terminal.types(CTRL_D);
  await terminal.sees('Two:');
  terminal.types(`2${ENTER}`);
  t.strictSame((await terminal.ended).lines, [
    'One:',
    'told "a question was not answered"',
    'Two: 2',
    'told "2"',
  ]);
});

t.test('Ctrl-C is the signal that it is everywhere else', async (t) => {
  for (const question of ['One: ', 'hidden:One: ']) {
    await using terminal = asks(question);
    await terminal.sees('One:');
    terminal.types(`secret${CTRL_C}`);
    const { code, signal } = await terminal.ended;
    t.strictSame({ code, signal }, { code: null, signal: 'SIGINT' });
  }
});

t.test('of several pasted lines the first one is the answer', async (t) => {
  await using terminal = asks('One: ', 'Two: ');
  await terminal.sees('One:');
  terminal.types(`first\rsecond\r`);
  await terminal.sees('Two:');
  terminal.types(`2${ENTER}`);
  t.strictSame((await terminal.ended).lines, ['One: first', 'told "first"', 'Two: 2', 'told "2"']);
});

t.test('spaces around an answer are not of it, unless it is a secret', async (t) => {
  await using terminal = asks('One: ', 'hidden:Two: ');
  await terminal.sees('One:');
  terminal.types(`  1  ${ENTER}`);
  await terminal.sees('Two:');
  terminal.types(` a b ${ENTER}`);
  const { lines } = await terminal.ended;
  t.strictSame([lines[1], lines[3]], ['told "1"', 'told " a b "']);
});

t.test('what is not UTF-8 is refused, and not taken for something else', async (t) => {
  for (const question of ['One: ', 'hidden:One: ']) {
    await using terminal = asks(question, 'Two: ');
    await terminal.sees('One:');
    terminal.types(`gr\ufffd\ufffde${ENTER}`); // as a byte that is none arrives
    await terminal.sees('Two:');
    terminal.types(`größe${ENTER}`);
    t.strictSame((await terminal.ended).lines.slice(1), [
      'told "what was typed is not UTF-8: set the terminal to it, and try again"',
      'Two: größe',
      'told "größe"',
    ]);
  }
});

/** Says its process id, runs its arguments, and says how they ended and what is left of their terminal. */
const AROUND = `sh -c 'echo "pid $$"; exec "$@"' sh "$@"
echo "exit $?"
stty -a | grep -ow -e '-icanon' -e '-echo' -e '-isig'
echo looked`;

t.test('Ctrl-C ends the line, so that what a shell prints next has one of its own', async (t) => {
  for (const question of ['One: ', 'hidden:One: ']) {
    const args = ['-c', AROUND, 'sh', process.execPath, ASKS, question];
    await using terminal = startAtTerminal('sh', args);
    await terminal.sees('One:');
    terminal.types(CTRL_C);
    const [, ...lines] = (await terminal.ended).lines;
    t.strictSame(lines, ['One:', 'exit 130', 'looked'], question);
  }
});

t.test('a signal that is caught ends the question, and the terminal is as before', async (t) => {
  const exits = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };
  for (const question of ['One: ', 'hidden:One: '])
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      const args = ['-c', AROUND, 'sh', process.execPath, ASKS, question];
      await using terminal = startAtTerminal('sh', args, { env: { CATCHES: 'yes' } });
      const [first = ''] = await terminal.sees('One:');
      const pid = Number(first.replace(/^pid /, ''));
      if (signal === 'SIGINT') terminal.types(CTRL_C);
      else process.kill(pid, signal);
      t.strictSame(
        (await terminal.ended).lines,
        [first, 'One:', `vaktrom: stopped by ${signal}`, `exit ${exits[signal]}`, 'looked'],
        `${signal} at ${question}`,
      );
    }
});
