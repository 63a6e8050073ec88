/** ./image with apt, mmdebstrap and mkfs.ext4 played: what it asks of them, and that a disk is whole or not there. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { eventually } from '../people/eventually.ts';

/** Its lists are those of this host's release. */
const APT_GET = `. /etc/os-release
echo "http://deb.example/debian/ $VERSION_CODENAME"
echo "http://deb.example/debian-security/ $VERSION_CODENAME-security"
echo "http://deb.example/debian/ $VERSION_CODENAME-backports"
echo "https://tools.example/apt nodistro"`;
const MMDEBSTRAP = `for last; do :; done; cp "$last" "$CALLS.sources"; echo "$*" >>"$CALLS"`;

class Workshop {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(join(folder, 'bin'));
  }

  static async open(folder: string): Promise<Workshop> {
    const workshop = new Workshop(folder);
    await workshop.plays('apt-get', APT_GET);
    await workshop.plays('apt-config', 'echo "Acquire::http::Proxy \\"http://proxy.example\\";"');
    await workshop.plays('mmdebstrap', MMDEBSTRAP);
    await workshop.plays('mkfs.ext4');
    return workshop;
  }

  async plays(name: string, body = ''): Promise<void> {
    const path = join(this.folder, 'bin', name);
    await writeFile(path, `#!/bin/sh\n${body}\n`);
    chmodSync(path, 0o755);
  }

  start(): ChildProcess {
    const path = `${join(this.folder, 'bin')}:${process.env['PATH']}`;
    const env = { PATH: path, CALLS: join(this.folder, 'calls') };
    const args = [join(this.folder, 'cache'), 'sid', 'git', 'npm'];
    return spawn(join(import.meta.dirname, 'image'), args, { env, detached: true });
  }

  async make(): Promise<{ code: unknown; path: string; errors: string }> {
    const child = this.start();
    const out = [child.stdout, child.stderr].map(async (from) => (from ? text(from) : ''));
    const [code] = await once(child, 'close');
    const [path = '', errors = ''] = await Promise.all(out);
    return { code, path: path.trimEnd(), errors };
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8');
  }
}

t.test('a disk is made once, of the archives of this host', async (t) => {
  const workshop = await Workshop.open(t.testdir());
  const [one, other] = await Promise.all([workshop.make(), workshop.make()]);
  t.strictSame(one, other);
  t.equal(one?.code, 0, one?.errors);
  t.ok(existsSync(one?.path ?? ''));
  const calls = workshop.read('calls').trimEnd().split('\n');
  t.equal(calls.length, 1, 'by one of the two');
  const packages = '--include=systemd-sysv,dbus,procps,ca-certificates,git,npm';
  t.ok(`${calls[0]}`.split(' ').includes(packages), workshop.read('calls'));
  t.strictSame(workshop.read('calls.sources').trimEnd().split('\n'), [
    'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.example/debian-security/ sid-security main',
    'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.example/debian/ sid main',
  ]);
});

t.test('another setting of apt makes another disk', async (t) => {
  const workshop = await Workshop.open(t.testdir());
  const { path } = await workshop.make();
  await workshop.plays('apt-config');
  t.not((await workshop.make()).path, path);
});

t.test('what was cut off is not taken for a disk', async (t) => {
  const workshop = await Workshop.open(t.testdir());
  await workshop.plays('mkfs.ext4', 'touch "$CALLS"; sleep 600');
  const child = workshop.start();
  await eventually(() => existsSync(join(workshop.folder, 'calls')) || undefined);
  process.kill(-(child.pid ?? Number.NaN), 'SIGKILL');
  await once(child, 'close');
  const disks = () =>
    readdirSync(join(workshop.folder, 'cache')).filter((n) => n.endsWith('.ext4'));
  t.strictSame(disks(), []);
  await workshop.plays('mkfs.ext4');
  const { code, path, errors } = await workshop.make();
  t.equal(code, 0, errors);
  t.strictSame(disks(), [path.split('/').at(-1)]);
});

t.test('a failure is shown, and leaves nothing', async (t) => {
  const workshop = await Workshop.open(t.testdir());
  await workshop.plays('mmdebstrap', 'echo "E: no such suite"; exit 1');
  const made = await workshop.make();
  t.strictSame(made, { code: 1, path: '', errors: 'E: no such suite\n' });
  t.strictSame(
    readdirSync(join(workshop.folder, 'cache')).filter((n) => !n.endsWith('.lock')),
    [],
  );
  await workshop.plays('apt-get', 'echo "https://tools.example/apt nodistro"');
  const { code, errors } = await workshop.make();
  t.equal(code, 1);
  t.match(errors, /^the apt of this host lists no packages of Debian \w+: apt-get update\n$/);
});
