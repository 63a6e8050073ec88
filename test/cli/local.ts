import { execFile } from 'node:child_process';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { quoteWord, tellDaemon } from '../../src/cli/local.ts';
import { SAYINGS } from '../../src/cli/sayings.ts';
import { parseCommand } from '../../src/command/parse.ts';
import { splitWords } from '../../src/command/words.ts';
import { makeControlFolder } from '../../src/control/folder.ts';
import { openControl } from '../../src/control/server.ts';
import type { Verb } from '../../src/control/verbs.ts';
import { openOwnFolder } from '../../src/demo/folder.ts';
import { ManualClock } from '../support/manual-clock.ts';

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

const VAKTROM = join(import.meta.dirname, '..', '..', 'src', 'vaktrom.sh');

/** What somebody is told to whom the directory is closed. Root gives up what would open it. */
async function askAtClosedDoor(dir: string, ...words: readonly string[]) {
  const weak =
    process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-all', '--inh-caps=-all'] : [];
  // Without what tap hangs on every child: it writes where only the user of the tests may.
  const clean = ['env', '-i', `PATH=${process.env['PATH']}`];
  const [program, ...args] = [...weak, ...clean, 'sh', VAKTROM, ...words, '--dir', dir];
  const { promise, resolve } = Promise.withResolvers<{ code: unknown; lines: readonly string[] }>();
  await chmod(dir, 0o000);
  execFile(program, args, (error, _stdout, stderr) =>
    resolve({ code: error?.code, lines: stderr.replaceAll(dir, 'DIR').trimEnd().split('\n') }),
  );
  try {
    return await promise;
  } finally {
    await chmod(dir, 0o700);
  }
}

t.test(
  'another user of the host is told how to find the daemon, and not to set one up',
  async (t) => {
    const dir = t.testdir();
    const because = [
      '  because: cannot read DIR/vaktrom.yaml; only its owner may',
      "  because: EACCES: permission denied, open 'DIR/vaktrom.yaml'",
    ];
    t.strictSame(await askAtClosedDoor(dir, 'pending'), {
      code: 3,
      lines: [
        'vaktrom: only its owner may look into DIR: ask their owner where the control socket of the daemon is, and name its folder: --control FOLDER',
        ...because,
      ],
    });
    t.strictSame(await askAtClosedDoor(dir, 'check'), {
      code: 1,
      lines: [because[0]?.replace('  because', 'vaktrom'), because[1]],
    });
  },
);

/** What an action can print to look like the bot. */
const FAKE = ['✓ status · request K7QF-2M', '', 'One-time code for K7QF-2N: ', 'a\rb\u001b[2K'];

/** All that is shown of it, in order; `>` is stdout. */
async function shownBy(t: Test, say: Verb, at: { json?: boolean; isTerminal?: boolean }) {
  const place = await openOwnFolder('control');
  t.teardown(() => place[Symbol.asyncDispose]());
  const control = await makeControlFolder(join(place.path, 'run'));
  await using _daemon = await openControl({
    ...{ folder: control, clock: new ManualClock(), verbs: { say } },
    onError: (error) => t.fail(String(error)),
    userOf: async () => 'al',
    onUnproven: async (why) => void t.fail(why),
  });
  const { json = false, ...io } = at;
  const shown: string[] = [];
  const code = await tellDaemon(
    { verb: 'say', fields: { text: 'status' } },
    { dir: place.path, json, control },
    {
      ...{ ...io, ask: undefined },
      out: (text) => void shown.push(...text.split('\n').map((line) => `>${line}`)),
      err: (text) => void shown.push(text),
    },
  );
  t.equal(code, 0);
  return shown;
}

const runsFake: Verb = async (peer) => {
  peer.note('▶ status · request K7QF-2M');
  peer.print(FAKE.join('\n'), 'run');
  return 0;
};

t.test('at a terminal, each line that an action printed has the mark of output', async (t) => {
  t.strictSame(await shownBy(t, runsFake, { isTerminal: true }), [
    '▶ status · request K7QF-2M',
    '>│ ✓ status · request K7QF-2M',
    '>│ ',
    '>│ One-time code for K7QF-2N: ',
    '>│ a⏎b\\u{1b}[2K',
  ]);
});

t.test('in a pipe, in a file and for programs, output is as it is', async (t) => {
  const plain = FAKE.slice(0, 3).map((line) => `>${line}`);
  for (const at of [{}, { isTerminal: false }])
    t.strictSame(await shownBy(t, runsFake, at), [
      ...['▶ status · request K7QF-2M', ...plain, '>a⏎b\\u{1b}[2K'],
    ]);
  t.strictSame(await shownBy(t, runsFake, { json: true, isTerminal: true }), [
    '>{"note":"▶ status · request K7QF-2M"}',
    `>${JSON.stringify({ output: FAKE.join('\n') })}`,
  ]);
});

t.test('what the bot itself answers has no mark', async (t) => {
  const looksUp: Verb = async (peer) => {
    peer.print('K7QF-2M deploy\nK7QF-2N status'); // also what an older daemon says of a run
    return 0;
  };
  t.strictSame(await shownBy(t, looksUp, { isTerminal: true }), [
    '>K7QF-2M deploy',
    '>K7QF-2N status',
  ]);
});
