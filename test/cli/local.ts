import t from 'tap';
import { quoteWord } from '../../src/cli/local.ts';
import { SAYINGS } from '../../src/cli/sayings.ts';
import { parseCommand } from '../../src/command/parse.ts';
import { splitWords } from '../../src/command/words.ts';

const OFFERS = new Map([
  [
    'deploy',
    {
      name: 'deploy',
      summary: '',
      takesRest: false,
      parameters: ['service', 'version'].map((name) => ({
        ...({ kind: 'text', name, allowDash: true } as const),
      })),
    },
  ],
]);

/** What the daemon takes these arguments for. */
function understood(...args: string[]) {
  const request = SAYINGS.find(({ name }) => name === 'request');
  const parsed = parseCommand(
    request?.say('deploy', ...args).join(' ') ?? '',
    OFFERS,
    new Set(['deploy']),
  );
  return parsed.ok ? { ...parsed.value.values } : parsed.error.message;
}

t.test('what the shell hands over is what the daemon gets, whatever is in it', async (t) => {
  const NASTY: readonly string[] = [
    'web',
    '',
    '1.2.3 --force',
    `it's "quoted" \\ and $HOME and \`x\``,
    '--version=9',
    'a=b',
    '“curly”',
    '!approve K7QF-2M',
  ];
  for (const value of NASTY)
    t.strictSame(understood(`service=${value}`, 'version=x'), { service: value, version: 'x' });
  for (const value of NASTY.filter((v) => v !== 'a=b'))
    t.strictSame(understood(value, 'x'), { service: value, version: 'x' }, 'by position');
  t.match(understood('service=a\nversion=b', 'x'), /one line of visible text/);
});

t.test('a word stays one word', async (t) => {
  const words = splitWords(`deny ${quoteWord('K7QF-2M rm')} why`);
  t.strictSame(words.ok && words.value.map(({ text }) => text), ['deny', 'K7QF-2M rm', 'why']);
});

t.test('each saying is in the words of a room', async (t) => {
  const said = Object.fromEntries(
    SAYINGS.map(({ name, say }) => [name, say('a1', 'b2', 'c3=d').join(' ')]),
  );
  t.strictSame(said, {
    request: '"a1" "b2" c3="d"',
    pending: 'pending',
    show: 'show "a1"',
    approve: 'approve "a1"',
    deny: 'deny "a1" b2 c3=d',
    start: 'start "a1"',
    cancel: 'cancel "a1"',
    why: 'why "a1" "b2" c3="d"',
    allow: 'allow a1 b2 c3=d',
  });
});
