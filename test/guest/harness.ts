/** The guests themselves: what other tests take for granted of them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t from 'tap';
import { eventually } from '../people/eventually.ts';
import { ENTER } from '../support/at-terminal.ts';
import { bootGuest, SUITES } from './guest.ts';

/** The packages of every guest of this suite, so that there is one image of each Debian. */
const PACKAGES = ['git', 'npm'];

// Their images are made side by side.
t.jobs = SUITES.length;
for (const suite of SUITES)
  t.test(`a guest of ${suite}`, { buffered: true }, async (t) => {
    await using guest = await bootGuest({
      ...{ suite, packages: PACKAGES, memoryMb: 1024, checkout: '/opt/vaktrom' },
    });
    await guest.succeed('useradd --create-home --shell /bin/bash ada');

    await t.test('is the Debian that was asked for, and nothing failed in it', async (t) => {
      const release = await guest.succeed('. /etc/os-release; echo $VERSION_CODENAME');
      t.equal(release, `${suite}\n`);
      t.equal(
        await guest.succeed('cat /proc/1/comm; systemctl is-system-running'),
        'systemd\nrunning\n',
      );
    });

    await t.test('runs a line as a user would', async (t) => {
      const line = 'id --user --name; pwd; cat; echo said >&2; exit 3';
      t.strictSame(await guest.run(line, { user: 'ada', input: 'given' }), {
        ...{ code: 3, stdout: 'ada\n/home/ada\ngiven', stderr: 'said\n' },
      });
    });

    await t.test('kills all of a line that takes too long', async (t) => {
      const line = 'setsid sleep 7001 & sleep 7002';
      await t.rejects(guest.run(line, { timeoutMs: 2000 }), { message: /^not done after 2000 ms/ });
      t.equal((await guest.run('pgrep --full "^sleep 700"')).code, 1);
    });

    await t.test('shows questions in a terminal and takes answers', async (t) => {
      const line = 'test -t 0 && tty && read -p "Who? " -r who && echo "it is $who"; exit 5';
      await using terminal = guest.startAtTerminal('ada', line);
      await terminal.sees('Who?');
      terminal.types(`Ada${ENTER}`);
      const { code, lines } = await terminal.ended;
      t.equal(code, 5);
      t.strictSame(lines.filter(Boolean), ['/dev/pts/0', 'Who? Ada', 'it is Ada']);
      await using other = guest.startAtTerminal('ada', 'echo ready; sleep 7003');
      await other.sees('ready');
      await other[Symbol.asyncDispose]();
      t.equal((await guest.run('pgrep --full "^sleep 7003"')).code, 1, 'closed, it is gone');
    });

    await t.test('reaches a server on the loopback of the host', async (t) => {
      const server = createServer((socket) => socket.end('hello\n')).listen(0, '127.0.0.1');
      t.teardown(() => server.close());
      await once(server, 'listening');
      const { port } = Object(server.address());
      t.equal(await guest.succeed(`cat </dev/tcp/127.0.0.1/${port}`), 'hello\n');
    });

    await t.test('has the checkout, and its compiled parts load', async (t) => {
      const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
      t.equal(await guest.succeed('/opt/vaktrom/src/vaktrom.sh --version'), `${version}\n`);
      const load = 'require("/opt/vaktrom/node_modules/node-pty").open({}); process.exit()';
      await guest.succeed(`/opt/vaktrom/node_modules/.bin/node -e '${load}'`);
      t.not((await guest.run('touch /opt/vaktrom/node_modules/x')).code, 0, 'to be read only');
    });

    await t.test('ends what eats memory, and lives on', async (t) => {
      const { code } = await guest.run(`perl -e 'my @a; push @a, "x" x 1e7 while 1'`);
      t.equal(code, 137);
      t.equal(await guest.succeed('systemctl is-system-running'), 'running\n');
    });

    await t.test('loses in a power cut what was not flushed, and nothing else', async (t) => {
      await guest.putFile('/root/flushed', 'kept');
      await guest.succeed('sync; echo lost >/root/written');
      await guest.powerCut();
      t.equal((await guest.getFile('/root/flushed')).toString(), 'kept');
      t.equal((await guest.run('cat /root/written')).stdout, '');
    });

    await t.test('keeps everything over an orderly reboot', async (t) => {
      await guest.putFile('/root/written', 'kept');
      await guest.reboot();
      t.equal((await guest.getFile('/root/written')).toString(), 'kept');
    });

    const traces = tracesOf(guest.dir);
    t.strictSame(Object.values(findAll(traces)), [true, true, true, true], 'these are there');
    await guest[Symbol.asyncDispose]();
    t.strictSame(Object.values(findAll(traces)), [false, false, false, false], 'and then gone');
  });

t.test('a guest goes when its test is killed', async (t) => {
  const program = join(import.meta.dirname, 'fixtures/boot-and-wait.ts');
  const child = spawn(process.execPath, [program, ...PACKAGES], { detached: true });
  t.teardown(() => child.kill('SIGKILL'));
  const [dir] = await once(createInterface(child.stdout), 'line');
  const traces = tracesOf(dir);
  t.strictSame(Object.values(findAll(traces)), [true, true, true, true], 'these are there');
  process.kill(-(child.pid ?? Number.NaN), 'SIGKILL');
  const isGone = () => Object.values(findAll(traces)).every((found) => !found);
  await eventually(() => isGone() || undefined);
});

interface Traces {
  readonly dir: string;
  readonly init: string;
  readonly groups: readonly string[];
}

function tracesOf(dir: string): Traces {
  const read = (name: string): string => readFileSync(join(dir, name), 'utf8').trim();
  return { dir, init: read('init'), groups: read('groups').split('\n') };
}

/** Whether there is still something of each kind. */
const findAll = ({ dir, init, groups }: Traces): Readonly<Record<string, boolean>> => ({
  folder: existsSync(dir),
  process: existsSync(`/proc/${init}`),
  group: groups.some((group) => existsSync(group)),
  disk: readdirSync('/sys/block').some((device) => isBackedBy(device, dir)),
});

/** No loop device, or one that goes while we look, is backed by nothing. */
function isBackedBy(device: string, dir: string): boolean {
  try {
    return readFileSync(`/sys/block/${device}/loop/backing_file`, 'utf8').startsWith(`${dir}/`);
  } catch {
    return false;
  }
}
