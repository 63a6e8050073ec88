/** Commands that are ended before their time: by Ctrl-C, by a kill, by a terminal that is closed. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { openOwnFolder } from '../../src/demo/folder.ts';
import { eventually } from '../people/eventually.ts';
import { House } from '../story/house.ts';
import { openLoopback } from '../story/loopback-server.ts';
import { CTRL_C, CTRL_D, ENTER, startAtTerminal } from '../support/at-terminal.ts';
import { SignInServer } from '../support/sign-in-server.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const VAKTROM = join(ROOT, 'src', 'vaktrom.sh');

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

t.test('init that is stopped leaves nothing half made', async (t) => {
  const dir = join(t.testdir(), 'ops');
  await using server = await SignInServer.open({ oauth: true });
  await using terminal = startAtTerminal('sh', [VAKTROM, 'init', '--dir', dir]);
  for (const [question, answer] of [
    ['Account of the bot (@name:server):', '@bot:example.org'],
    ['Homeserver, by name or URL [example.org]:', server.url],
  ] as const) {
    await terminal.sees(question);
    terminal.types(`${answer}${ENTER}`);
  }
  await terminal.sees(/^It is at .* The code there has to be/);
  terminal.types(CTRL_C);
  const { code, lines } = await terminal.ended;
  t.equal(code, 130);
  t.equal(lines.at(-1)?.replace('^C', ''), 'vaktrom: stopped by SIGINT');
  t.strictSame(await readdir(dir), []);
});

t.test('a question that is not answered ends the command, and says so', async (t) => {
  const dir = join(t.testdir(), 'ops');
  await using terminal = startAtTerminal('sh', [VAKTROM, 'init', '--dir', dir]);
  await terminal.sees('Account of the bot (@name:server):');
  terminal.types(CTRL_D);
  t.strictSame(await terminal.ended, {
    ...{ code: 1, signal: null },
    lines: ['Account of the bot (@name:server):', 'vaktrom: a question was not answered'],
  });
});

t.test('a kill of npm ends the daemon that it runs', async (t) => {
  await using server = await openLoopback();
  await using house = await House.open(server);
  t.equal((await house.init('version: 1\npeople: {}\nrooms: {}\nactions: {}\n')).code, 0);
  const start = () => {
    const script = ['run', '-s', 'vaktrom', '--', 'run', '--dir', house.dir];
    const npm = spawn('env', ['-i', `PATH=${process.env['PATH']}`, 'npm', ...script], {
      ...{ cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] },
    });
    return { npm, said: once(npm.stdout, 'data').then(([chunk]) => String(chunk)) };
  };
  const first = start();
  t.equal(await first.said, 'ready\n');
  first.npm.kill('SIGTERM');
  await once(first.npm, 'close'); // nobody holds its stdout any more
  const second = start();
  t.equal(await second.said, 'ready\n', 'the directory is free');
  second.npm.kill('SIGTERM');
  await once(second.npm, 'close');
});

t.test(
  'Ctrl-C at a question of the daemon ends the command that asks it, and nothing else',
  async (t) => {
    await using server = await openLoopback();
    await using house = await House.open(server);
    const people = 'people: { alice: { roles: [ops], accounts: [{ id: "@alice:localhost" }] } }';
    t.equal((await house.init(`version: 1\n${people}\nrooms: {}\nactions: {}\n`)).code, 0);
    await house.run();
    const enrol = ['enrol', 'totp', 'alice', '--dir', house.dir];
    await using terminal = startAtTerminal('sh', [VAKTROM, ...enrol]);
    await terminal.sees('The code that the app shows:');
    terminal.types(`123${CTRL_C}`);
    const { code, signal } = await terminal.ended;
    t.strictSame({ code, signal }, { code: null, signal: 'SIGINT' });
    t.strictSame(
      (await house.entries()).filter(({ type }) => type === 'factor.enrolled'),
      [],
    );
    await house.enrolTotp('alice');
    t.equal(await house.stop(), 0);
  },
);

t.test('at a terminal, what an action prints is told from what the bot says', async (t) => {
  await using server = await openLoopback();
  await using house = await House.open(server);
  const fake = await house.script('fake', "echo '✓ fake · request K7QF-2M'; echo 'exit 0'");
  const made = await house.init(`version: 1
people: { alice: { roles: [ops], local_users: [${userInfo().username}], accounts: [{ id: "@alice:localhost" }] } }
rooms: {}
actions:
  fake: { summary: Fake it, run: ["${fake}"], effect: read, allow: { roles: [ops], rooms: [local] } }
`);
  t.equal(made.code, 0, made.stderr);
  await house.run();
  const command = [VAKTROM, 'request', 'fake', '--dir', house.dir];
  await using terminal = startAtTerminal('sh', command);
  const { code, lines } = await terminal.ended;
  t.equal(code, 0);
  t.match(lines, [
    /^▶ fake · request \w{4}-\w{2}$/,
    /^runs \[".*\/fake"\] in sandbox/,
    /^│ ✓ fake · request K7QF-2M$/,
    /^│ exit 0$/,
    /^✓ fake · request \w{4}-\w{2}$/,
    /^exit 0 · in .* · 2 lines · entry \d+$/,
  ]);
  const env = { PATH: process.env['PATH'] ?? '' };
  const { stdout } = await promisify(execFile)('sh', command, { env });
  t.equal(stdout, '✓ fake · request K7QF-2M\nexit 0\n', 'in a pipe it is as it is');
  t.equal(await house.stop(), 0);
});

t.test('a demo whose terminal is closed leaves nothing', async (t) => {
  const folder = t.testdir();
  const fixture = join(import.meta.dirname, 'fixtures', 'holds-terminal.ts');
  const holder = spawn(
    process.execPath,
    [fixture, 'You are Alice', folder, 'sh', VAKTROM, 'demo'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const [said] = (await once(holder.stdout, 'data')) as [Buffer];
  const pid = Number(String(said));
  const [made = ''] = await readdir(folder);
  t.match(made, new RegExp(`^vaktrom-demo-${pid}-\\w{6}$`));
  holder.kill('SIGKILL');
  await eventually(() => (isAlive(pid) ? undefined : true));
  t.strictSame(await readdir(folder), []);
});

t.test(
  'Ctrl-C at the prompt of the demo ends it, and leaves nothing',
  { timeout: 180_000 },
  async (t) => {
    const folder = t.testdir();
    await using terminal = startAtTerminal('sh', [VAKTROM, 'demo'], { env: { TMPDIR: folder } });
    await terminal.sees('   alice >');
    terminal.types(`hello${ENTER}`);
    await terminal.sees('     bot │ (no answer: a command begins with !)');
    await terminal.sees('   alice >');
    terminal.types(CTRL_C);
    const { code, lines } = await terminal.ended;
    t.strictSame([code, lines.at(-1)], [130, 'vaktrom: stopped by SIGINT']);
    t.strictSame(await readdir(folder), []);
  },
);

t.test('what a demo that was killed has left is removed by the next one', async (t) => {
  const parent = t.testdir();
  const dead = spawn('true');
  await once(dead, 'exit');
  const leave = async (name: string): Promise<void> => {
    await mkdir(join(parent, name));
    await writeFile(join(parent, name, 'password'), 'only for this demo');
  };
  for (const pid of [dead.pid, process.pid]) await leave(`vaktrom-demo-${pid}-abcdef`);
  await leave('vaktrom-of-somebody-else');
  const folder = await openOwnFolder('demo', parent);
  t.strictSame((await readdir(parent)).toSorted(), [
    ...[`vaktrom-demo-${process.pid}-abcdef`, folder.path.slice(parent.length + 1)].toSorted(),
    'vaktrom-of-somebody-else',
  ]);
  await folder[Symbol.asyncDispose]();
  t.strictSame(await readdir(parent), [
    `vaktrom-demo-${process.pid}-abcdef`,
    'vaktrom-of-somebody-else',
  ]);
});
