/**
 * src/setup.sh on machines that lack this or that, all of it played: npm, apt-get, sudo and the compilers are
 * scripts that write down how they were called. test/guest/ runs it on real Debians.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
} from 'node:fs';
import { rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { eventually } from './people/eventually.ts';

/** What every Debian has. */
const BASE =
  'sh cat cksum dirname env flock grep head ln mkdir mktemp printf rm sleep tail uname touch';
const BUILD = ['python3', 'make', 'g++'];
const ROOT = join(import.meta.dirname, '..');

/** Plays `npm ci`: it takes the old tree away and brings the pinned Node of either machine. */
const NPM = `
case $1 in
  ci)
    rm -rf node_modules
    for arch in x64 arm64; do
      mkdir -p "node_modules/node-linux-$arch/bin"
      printf '#!/bin/sh\\nexec pinned-node "$@"\\n' >"node_modules/node-linux-$arch/bin/node"
      chmod +x "node_modules/node-linux-$arch/bin/node"
    done ;;
  rebuild) touch node_modules/compiled ;;
esac`;

interface Ended {
  readonly code: number | null;
  readonly said: readonly string[];
}

/** A checkout and a PATH of its own. */
class Machine {
  readonly folder: string;
  readonly #bin: string;

  constructor(folder: string) {
    this.folder = folder;
    this.#bin = join(folder, 'bin');
    mkdirSync(join(folder, 'src'));
    mkdirSync(this.#bin);
    for (const name of ['src/setup.sh', 'package.json', 'package-lock.json'])
      copyFileSync(join(ROOT, name), join(folder, name));
  }

  /** As root on Debian, with everything there and doing well. */
  static async open(folder: string): Promise<Machine> {
    const machine = new Machine(folder);
    const links = `${BASE} chmod`.split(' ').map((name) => machine.#link(name));
    const ready = ['apt-get', 'bwrap', 'pinned-node', ...BUILD].map((name) => machine.plays(name));
    await Promise.all([...links, ...ready, machine.isUser(0), machine.plays('npm', NPM)]);
    return machine;
  }

  async #link(name: string): Promise<void> {
    const found = ['/usr/bin', '/bin'].map((place) => join(place, name)).find((p) => existsSync(p));
    await symlink(found ?? '', join(this.#bin, name));
  }

  /** From now on a program of that name writes down its call and does this. */
  async plays(name: string, body = ''): Promise<void> {
    const path = join(this.#bin, name);
    await rm(path, { force: true });
    const note = `echo "${name} $*" >>"$HERE/../calls"`;
    await writeFile(path, `#!/bin/sh\nHERE=\${0%/*}\nexport HERE\n${note}\n${body}\n`);
    chmodSync(path, 0o755);
  }

  async lacks(...names: readonly string[]): Promise<void> {
    await Promise.all(names.map((name) => rm(join(this.#bin, name))));
  }

  async isUser(id: number): Promise<void> {
    await writeFile(join(this.#bin, 'id'), `#!/bin/sh\necho ${id}\n`, { mode: 0o755 });
  }

  start(...programs: readonly string[]): ChildProcess {
    const env = { PATH: this.#bin, TMPDIR: this.folder };
    const script = join(this.folder, 'src/setup.sh');
    return spawn(join(this.#bin, 'sh'), [script, ...programs], { env, detached: true });
  }

  /** Its end, and each line that it said. */
  async setUp(...programs: readonly string[]): Promise<Ended> {
    const child = this.start(...programs);
    const streams = [child.stdout, child.stderr].map(async (from) => (from ? text(from) : ''));
    const [code] = await once(child, 'close');
    const said = (await Promise.all(streams)).join('').split('\n');
    return { code, said: said.filter((line) => line !== '') };
  }

  /** The calls since it was asked last. */
  async calls(): Promise<readonly string[]> {
    const path = join(this.folder, 'calls');
    const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
    await rm(path, { force: true });
    return lines.filter((line) => line !== '' && !/^(bwrap|python3|make|g\+\+) /.test(line));
  }
}

const CI = 'npm ci --loglevel=error';
const REBUILD = 'npm rebuild node-pty --ignore-scripts=false --loglevel=error';
const LOAD = 'pinned-node -e require("node-pty")';
const SAID = [
  'setup: installing the dependencies of package-lock.json',
  'setup: compiling node-pty',
];
const APT = (packages: string) =>
  `apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends ${packages}`;
const DONE: Ended = { code: 0, said: SAID };

t.test('with everything there it sets up once', async (t) => {
  const machine = await Machine.open(t.testdir());
  t.strictSame(await machine.setUp(), DONE);
  t.strictSame(await machine.calls(), [CI, REBUILD, LOAD]);
  t.strictSame(await machine.setUp(), { code: 0, said: [] });
  t.strictSame(await machine.calls(), [], 'nothing is done again');
  const node = realpathSync(join(machine.folder, 'node_modules/.bin/node'));
  const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
  t.equal(node, join(realpathSync(machine.folder), `node_modules/node-linux-${arch}/bin/node`));
});

t.test('root gets what is missing from apt', async (t) => {
  const machine = await Machine.open(t.testdir());
  await machine.lacks('bwrap', ...BUILD);
  const all = 'python3 make g++ bubblewrap';
  t.strictSame(await machine.setUp(), { code: 0, said: [`setup: installing ${all}`, ...SAID] });
  const apt = ['apt-get -q update', APT(all)];
  t.strictSame(await machine.calls(), [...apt, CI, REBUILD, LOAD]);
});

t.test('who may not install is told what to type, before anything is downloaded', async (t) => {
  const machine = await Machine.open(t.testdir());
  await machine.isUser(1000);
  await machine.lacks('bwrap', 'g++');
  const told = async (line: string): Promise<void> => {
    t.strictSame(await machine.setUp(), { code: 1, said: [`setup: ${line}`] });
    t.notOk((await machine.calls()).some((call) => /^(npm|apt-get|sudo)/.test(call)));
  };
  await told('packages are missing. Type, as root: apt-get install g++ bubblewrap');
  await machine.plays('sudo', 'exec "$@"'); // without a password: still, nobody has asked for it
  await told('packages are missing. Type: sudo apt-get install g++ bubblewrap');
  await machine.lacks('apt-get');
  const other = 'these packages are missing: g++ bubblewrap. Install them,';
  await told(`${other} then type the same command again`);
});

t.test('without bubblewrap alone it goes on: policies and logs can be checked', async (t) => {
  const machine = await Machine.open(t.testdir());
  await machine.isUser(1000);
  await machine.lacks('bwrap');
  const line = 'setup: packages are missing. Type, as root: apt-get install bubblewrap';
  t.strictSame(await machine.setUp(), { code: 0, said: [line, ...SAID] });
  t.strictSame(await machine.setUp(), { code: 0, said: [line] });
});

t.test('programs that a suite names are installed by their package', async (t) => {
  const machine = await Machine.open(t.testdir());
  await machine.setUp();
  await machine.calls();
  t.strictSame(await machine.setUp('chromium', 'mkfs.ext4:e2fsprogs', 'sh:dash'), {
    ...{ code: 0, said: ['setup: installing chromium e2fsprogs'] },
  });
  t.strictSame(await machine.calls(), ['apt-get -q update', APT('chromium e2fsprogs')]);
  await machine.isUser(1000);
  t.equal((await machine.setUp('chromium')).code, 1);
});

t.test('a failure of apt is shown by its errors', async (t) => {
  const machine = await Machine.open(t.testdir());
  await machine.lacks('make');
  await machine.plays(
    'apt-get',
    'echo Reading; echo "E: Unable to locate package make" >&2; exit 100',
  );
  t.strictSame(await machine.setUp(), {
    code: 1,
    said: [
      'setup: installing make',
      'E: Unable to locate package make',
      'setup: apt-get failed: see the lines above',
      'setup: mend that, then type the same command again',
    ],
  });
});

const FAILURES: Readonly<Record<string, readonly [line: string, mend: string]>> = {
  'an unknown certificate': [
    'npm ERR! code SELF_SIGNED_CERT_IN_CHAIN',
    'npm does not trust its registry or proxy. Type: npm config set cafile FILE-WITH-ITS-CERTIFICATE',
  ],
  'no way to the registry': [
    'npm error code ECONNREFUSED',
    'npm does not reach its registry. Check the network; behind a proxy, type: npm config set proxy URL',
  ],
  'a full disk': [
    'npm error ENOSPC: no space left on device, write',
    'the disk is full. Make space, then type the same command again',
  ],
  'a lockfile that is refused': [
    'npm ERR! code EUSAGE',
    'mend that, then type the same command again',
  ],
};

for (const [name, [line, mend]] of Object.entries(FAILURES))
  t.test(`a failure of npm is shown by its errors: ${name}`, async (t) => {
    const machine = await Machine.open(t.testdir());
    await machine.plays('npm', `echo "npm WARN deprecated"; echo "${line}" >&2; exit 1`);
    const said = [SAID[0], line, 'setup: npm ci failed: see the lines above', `setup: ${mend}`];
    t.strictSame(await machine.setUp(), { code: 1, said });
    await machine.plays('npm', NPM);
    t.strictSame(await machine.setUp(), DONE, 'the next run starts over');
  });

t.test("another user's files are named as the reason", async (t) => {
  const machine = await Machine.open(t.testdir());
  const line = "npm ERR! Error: EACCES: permission denied, rmdir 'node_modules'";
  await machine.plays('npm', `echo "${line}" >&2; exit 243`);
  const mend = `setup: some of the files are another user's. Type the same command as the owner of ${machine.folder}`;
  t.strictSame((await machine.setUp()).said.slice(1), [
    ...[line, 'setup: npm ci failed: see the lines above', mend],
  ]);
});

t.test(
  'what does not compile, and what compiled and does not load, is not taken for done',
  async (t) => {
    const machine = await Machine.open(t.testdir());
    const error = 'pty.cc:1:1: fatal error: util.h: No such file';
    await machine.plays('npm', `[ "$1" = ci ] || { echo "${error}"; exit 1; }\n${NPM}`);
    const mend = 'setup: mend that, then type the same command again';
    t.strictSame(await machine.setUp(), {
      ...{
        code: 1,
        said: [...SAID, error, 'setup: compiling node-pty failed: see the lines above', mend],
      },
    });
    await machine.plays('npm', NPM);
    await machine.plays('pinned-node', 'echo "one line"; echo "Exec format"; exit 1');
    t.strictSame(await machine.setUp(), {
      code: 1,
      said: [
        ...[...SAID, 'one line', 'Exec format'],
        ...['setup: loading node-pty failed: see the lines above', mend],
      ],
    });
    await machine.calls();
    await machine.plays('pinned-node');
    t.strictSame(await machine.setUp(), DONE);
    t.strictSame(await machine.calls(), [CI, REBUILD, LOAD]);
  },
);

t.test('a machine for which no Node is pinned is named', async (t) => {
  const machine = await Machine.open(t.testdir());
  await machine.plays('npm', 'mkdir -p node_modules');
  await machine.plays('uname', 'echo Linux riscv64');
  const { code, said } = await machine.setUp();
  t.equal(code, 1);
  t.equal(
    said.at(-1),
    'setup: there is no pinned Node for Linux riscv64: only Linux on x64 and arm64',
  );
});

t.test('killed in the middle of npm ci it starts over, whatever was there before', async (t) => {
  const machine = await Machine.open(t.testdir());
  t.strictSame(await machine.setUp(), DONE);
  const lockfile = join(machine.folder, 'package-lock.json');
  const before = readFileSync(lockfile, 'utf8');
  // npm leaves the old tree, our mark in it included, half removed.
  await machine.plays('npm', 'touch "$HERE/../at-work"; sleep 600');
  await writeFile(lockfile, `${before}\n`);
  const child = machine.start();
  await eventually(() => existsSync(join(machine.folder, 'at-work')) || undefined);
  process.kill(-(child.pid ?? Number.NaN), 'SIGKILL');
  await once(child, 'close');
  await machine.plays('npm', NPM);
  await writeFile(lockfile, before);
  await machine.calls();
  t.strictSame(await machine.setUp(), DONE);
  t.strictSame(await machine.calls(), [CI, REBUILD, LOAD]);
});

t.test('two at once: the second waits, and finds it done', async (t) => {
  const machine = await Machine.open(t.testdir());
  await machine.plays('npm', `${NPM}\n[ "$1" != ci ] || sleep 1`);
  const ended = await Promise.all([machine.setUp(), machine.setUp()]);
  t.strictSame(new Set(ended.map(({ said }) => said.length)), new Set([0, 2]));
  t.strictSame(await machine.calls(), [CI, REBUILD, LOAD]);
});
