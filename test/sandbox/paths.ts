import { execFileSync } from 'node:child_process';
import {
  fstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { openPaths } from '../../src/sandbox/paths.ts';

const openCount = () => readdirSync('/proc/self/fd').length;

t.test('files and folders are opened under their own names', async (t) => {
  const folder = t.testdir({ file: '', folder: {} });
  const paths = [`${folder}/folder`, `${folder}/file`, '/usr'];
  const opened = openPaths(paths, ['/nowhere']);
  if (!opened.ok) throw new Error(opened.error);
  const { descriptors } = opened.value;
  t.strictSame(
    descriptors.map((it) => readlinkSync(`/proc/self/fd/${it}`)),
    paths,
  );
  opened.value[Symbol.dispose]();
  for (const descriptor of descriptors) t.throws(() => fstatSync(descriptor), { code: /^EBADF$/ });
});

t.test('what is not there is said, and nothing stays open', async (t) => {
  const folder = t.testdir({ file: '' });
  const before = openCount();
  t.strictSame(openPaths([`${folder}/file`, `${folder}/none`], []), {
    ok: false,
    error: `there is no ${folder}/none on this host`,
  });
  t.match(openPaths([`${folder}/file/x`], []), { ok: false, error: /ENOTDIR/ });
  t.equal(openCount(), before);
});

t.test('a symbolic link is refused in every part of a path', async (t) => {
  const folder = t.testdir({ secret: { key: 'k' }, own: {} });
  symlinkSync(`${folder}/secret`, `${folder}/own/link`);
  symlinkSync(`${folder}/secret/key`, `${folder}/own/file`);
  symlinkSync('nowhere', `${folder}/own/dangling`);
  symlinkSync('.', `${folder}/own/loop`);
  mkdirSync(`${folder}/own/inner`);
  const before = openCount();
  for (const name of ['link', 'file', 'dangling', 'loop']) {
    t.hasStrict(openPaths([`${folder}/own/${name}`], []), {
      ok: false,
      error: `${folder}/own/${name} is a symbolic link: name its target`,
    });
  }
  t.hasStrict(openPaths([`${folder}/own/link/key`], []), {
    ok: false,
    error: `${folder}/own/link/key leads to ${folder}/secret/key by a symbolic link: name the real path`,
  });
  t.match(openPaths([`${folder}/own/loop/inner`], []), { ok: false, error: /by a symbolic link/ });
  t.equal(openCount(), before);
});

t.test('the daemon’s own folders are shown neither from above nor from below', async (t) => {
  const folder = t.testdir({ state: { keys: {} }, state2: {} });
  writeFileSync(`${folder}/state/keys/key`, '');
  for (const path of [
    folder,
    `${folder}/state`,
    `${folder}/state/keys`,
    `${folder}/state/keys/key`,
  ]) {
    t.hasStrict(openPaths([path], [`${folder}/state`]), {
      ok: false,
      error: `${path} would show ${folder}/state, which no action may see`,
    });
  }
  const beside = openPaths([`${folder}/state2`], [`${folder}/state`]);
  t.ok(beside.ok);
  if (beside.ok) beside.value[Symbol.dispose]();
});

t.test('a socket, a pipe or a device is a way out, and not shown', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'vaktrom-paths-')); // short, as sockets need it
  t.teardown(() => rmSync(folder, { recursive: true }));
  const [socket, pipe] = [join(folder, 'socket'), join(folder, 'pipe')];
  const server = createServer().listen(socket);
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(() => server.close());
  execFileSync('mkfifo', [pipe]);
  const before = openCount();
  for (const path of [socket, pipe, '/dev/null'])
    t.strictSame(openPaths([folder, path], []), {
      ok: false,
      error: `${path} is neither a file nor a folder: by it, an action could reach programs outside of the sandbox`,
    });
  t.equal(openCount(), before);
});
