import t from 'tap';
import { type Host, isWithin, planBwrap, SEPARATION } from '../../src/execution/bwrap.ts';
import type { Plan } from '../../src/execution/plan.ts';

const plan = (argv: Plan['argv'], change: Partial<Plan['sandbox']> = {}): Plan => ({
  argv,
  env: {},
  sandbox: { read: [], write: [], network: [], ...change },
  limits: { timeoutMs: 1000, outputBytes: 1000, memoryBytes: 536870912, processes: 10 },
});

const debian: Host = {
  folders: [
    { path: '/bin', link: 'usr/bin' },
    { path: '/lib64', link: 'usr/lib64' },
  ],
  files: ['/etc/localtime', '/etc/ssl/certs'],
};

/** The arguments one option a line, as a person would write them, with those that are handed over in place. */
function lines(plan: Plan, host: Host = debian): string {
  const planned = planBwrap(plan, host);
  if (!planned.ok) throw new Error(planned.error);
  const { args, options } = planned.value;
  const at = args.indexOf('--');
  const all = [...args.slice(0, at), ...options, ...args.slice(at)];
  return all.join(' ').replaceAll(/ (?=--)/g, '\n');
}

t.test('the process list shows no environment and no mount', async (t) => {
  const secret = { ...plan(['/bin/true', 'x'], { read: ['/srv'] }), env: { TOKEN: 'abc' } };
  const planned = planBwrap(secret, debian);
  if (!planned.ok) throw new Error(planned.error);
  t.strictSame(planned.value.args, [...SEPARATION, '--args', '5', '--', '/bin/true', 'x']);
});

const errorOf = (plan: Plan) => {
  const planned = planBwrap(plan, debian);
  return planned.ok ? undefined : planned.error;
};

t.test('the command line for a plan is exactly this', async (t) => {
  const deploy: Plan = {
    ...plan(['/opt/ops/deploy', 'web', 'two words'], {
      read: ['/opt/ops/lib'],
      write: ['/var/lib/deploy'],
      network: [{ host: 'deploy.internal', port: 443 }],
    }),
    env: { LANG: 'C.UTF-8', TOKEN_FILE: '/run/token' },
  };
  t.equal(
    lines(deploy),
    `--unshare-user
--unshare-ipc
--unshare-pid
--unshare-net
--unshare-uts
--unshare-cgroup
--disable-userns
--die-with-parent
--new-session
--cap-drop ALL
--uid 65534
--gid 65534
--hostname sandbox
--json-status-fd 3
--seccomp 4
--args 5
--ro-bind /usr /usr
--symlink usr/bin /bin
--symlink usr/lib64 /lib64
--ro-bind /etc/localtime /etc/localtime
--ro-bind /etc/ssl/certs /etc/ssl/certs
--perms 0444
--ro-bind-data 6 /etc/passwd
--perms 0444
--ro-bind-data 7 /etc/group
--perms 0444
--ro-bind-data 8 /etc/nsswitch.conf
--perms 0444
--ro-bind-data 9 /etc/hosts
--proc /proc
--remount-ro /proc
--dev /dev
--perms 1777
--size 536870912
--tmpfs /dev/shm
--remount-ro /dev
--perms 1777
--size 536870912
--tmpfs /tmp
--perms 0755
--size 1048576
--tmpfs /run
--perms 0700
--size 536870912
--tmpfs /home/sandbox
--ro-bind-fd 10 /opt/ops/deploy
--ro-bind-fd 11 /opt/ops/lib
--bind-fd 12 /var/lib/deploy
--remount-ro /
--chdir /home/sandbox
--clearenv
--setenv HOME /home/sandbox
--setenv LANG C.UTF-8
--setenv TOKEN_FILE /run/token
-- /opt/ops/deploy web two words`,
  );
});

t.test('a host that is not merged shows its folders as they are', async (t) => {
  const host = { folders: [{ path: '/bin' }, { path: '/lib' }], files: [] };
  t.match(lines(plan(['/bin/true']), host), /--ro-bind \/bin \/bin\n--ro-bind \/lib \/lib\n/);
});

t.test('the generated files name nobody, and only the destinations', async (t) => {
  const network = [
    { host: 'Db.internal', port: 5432 },
    { host: 'api.internal', port: 443 },
    { host: 'db.INTERNAL', port: 22 },
    { host: 'localhost', port: 8080 },
    { host: 'api.internal', port: 443 },
  ];
  const planned = planBwrap(plan(['/bin/true'], { network }), debian);
  if (!planned.ok) throw new Error(planned.error);
  t.strictSame(planned.value.files, [
    'nobody:x:65534:65534:nobody:/home/sandbox:/usr/sbin/nologin\n',
    'nogroup:x:65534:\n',
    'passwd: files\ngroup: files\nhosts: files\n',
    '127.0.0.1 localhost sandbox\n127.0.0.2 db.internal\n127.0.0.3 api.internal\n127.0.0.1 localhost\n',
  ]);
  t.strictSame(
    planned.value.forwards.map(({ address, port, destination }) => [address, port, destination]),
    [
      ['127.0.0.2', 5432, network[0]],
      ['127.0.0.3', 443, network[4]],
      ['127.0.0.2', 22, network[2]],
      ['127.0.0.1', 8080, network[3]],
    ],
  );
});

t.test('the program is shown unless something else shows it', async (t) => {
  const paths = (plan: Plan) => {
    const planned = planBwrap(plan, debian);
    return planned.ok && planned.value.paths;
  };
  t.strictSame(paths(plan(['/opt/tool'])), ['/opt/tool']);
  t.strictSame(paths(plan(['/usr/bin/true'])), []);
  t.strictSame(paths(plan(['/bin/true'])), []);
  t.strictSame(paths(plan(['/sbin/init'])), ['/sbin/init'], 'this host has no /sbin');
  t.strictSame(paths(plan(['/opt/a/tool'], { read: ['/opt/a'] })), ['/opt/a']);
  t.strictSame(paths(plan(['/opt/a/tool'], { write: ['/opt/a'] })), ['/opt/a']);
  t.strictSame(paths(plan(['/opt/ab'], { read: ['/opt/a'] })), ['/opt/a', '/opt/ab']);
});

t.test('parents are mounted before children, and writable wins', async (t) => {
  const text = lines(
    plan(['/bin/true'], {
      read: ['/srv/a/b', '/srv/a', '/srv/c'],
      write: ['/srv/c', '/srv/a/b/c'],
    }),
  );
  t.strictSame(
    text.split('\n').filter((line) => line.includes(' /srv/')),
    [
      '--ro-bind-fd 10 /srv/a',
      '--ro-bind-fd 11 /srv/a/b',
      '--bind-fd 12 /srv/a/b/c',
      '--bind-fd 13 /srv/c',
    ],
  );
});

t.test('HOME is the plan’s if it has one', async (t) => {
  const own = lines({ ...plan(['/bin/true']), env: { HOME: '/srv/home' } });
  t.strictSame(own.split('\n').slice(-3), [
    '--clearenv',
    '--setenv HOME /srv/home',
    '-- /bin/true',
  ]);
});

t.test('a path that is not spelt in the one way is refused', async (t) => {
  const spellings = [
    '',
    'a',
    './a',
    '/a/',
    '//a',
    '/a//b',
    '/a/./b',
    '/a/../b',
    '/..',
    '/a/.',
    '/a/..',
  ];
  for (const path of spellings) {
    t.match(errorOf(plan([path])), /not an absolute path in its shortest form/, path);
    t.match(errorOf(plan(['/bin/true'], { read: [path] })), /shortest form/, path);
    t.match(errorOf(plan(['/bin/true'], { write: [path] })), /shortest form/, path);
  }
  for (const path of ['/a', '/a/.b', '/a/..b', '/a/...', '/a b/c\nd'])
    t.equal(errorOf(plan([path])), undefined);
});

t.test('what would undo the sandbox is refused', async (t) => {
  const places = ['/', '/etc', '/home', '/root', '/run', '/tmp', '/usr', '/bin', '/lib64'];
  const trees = [
    '/proc',
    '/proc/1',
    '/proc/sys/kernel',
    '/sys',
    '/sys/fs/cgroup',
    '/dev',
    '/dev/sda',
  ];
  for (const path of [...places, ...trees, '/home/sandbox', '/home/sandbox/x']) {
    t.match(errorOf(plan(['/bin/true'], { read: [path] })), /cannot be shown/, path);
    t.match(errorOf(plan(['/bin/true'], { write: [path] })), /cannot be shown/, path);
    t.match(errorOf(plan([path])), /cannot be shown/, path);
  }
  for (const path of ['/home/sandbox2', '/sysx', '/tmp/x', '/run/postgresql', '/etc/haproxy']) {
    t.equal(errorOf(plan(['/bin/true'], { write: [path] })), undefined, path);
  }
});

t.test('nobody writes to the system', async (t) => {
  for (const path of ['/usr/local', '/usr/bin/x', '/bin/x', '/sbin/x', '/lib/x', '/lib64/x/y']) {
    t.match(errorOf(plan(['/bin/true'], { write: [path] })), /belongs to the system/, path);
    t.equal(errorOf(plan(['/bin/true'], { read: [path] })), undefined, path);
  }
});

t.test('a flaw of the plan itself is told', async (t) => {
  t.match(errorOf(plan(['/bin/echo', 'a\0b'])), /NUL/);
});

t.test('being within goes by whole names', async (t) => {
  t.ok(isWithin('/a/b', '/a'));
  t.ok(isWithin('/a', '/a'));
  t.ok(isWithin('/a', '/'));
  t.notOk(isWithin('/ab', '/a'));
  t.notOk(isWithin('/a', '/a/b'));
});

t.test('a path that is held is mounted by itself, if it is seen at all', (t) => {
  const argv = ['/opt/ops/deploy'] as const;
  const read = ['/srv/app'];
  const held = ['/opt/ops/deploy', '/srv/app/play.yml', '/usr/bin/dash', '/etc/shadow'].map(
    (path) => ({ asked: path, path }),
  );
  const planned = planBwrap(plan([...argv], { read }), debian, held);
  if (!planned.ok) throw new Error(planned.error);
  const paths = ['/opt/ops/deploy', '/srv/app', '/srv/app/play.yml', '/usr/bin/dash'];
  t.strictSame(planned.value.paths, paths, 'and after the folder that it is in');
  const mounts = paths.map((path, i) => `--ro-bind-fd ${10 + i} ${path}`);
  t.ok(planned.value.options.join(' ').includes(` ${mounts.join(' ')} `));
  t.end();
});

t.test('no link leads past what is held', (t) => {
  const flaw = (program: string, asked: string, path: string, read: string[] = []) => {
    const planned = planBwrap(plan([program], { read }), debian, [{ asked, path }]);
    return planned.ok ? undefined : planned.error;
  };
  const [act, real] = ['/srv/t/current/act', '/srv/t/v1/act'];
  t.match(flaw(act, act, real, ['/srv/t']), /current.* leads to .*v1.*name the real path/);
  t.match(flaw('/usr/bin/true', act, real, ['/srv/t']), /name the real path/, 'another file');
  t.equal(flaw('/usr/bin/true', act, real), undefined, 'what is not seen may be a link');
  t.equal(flaw('/bin/sh', '/bin/sh', '/usr/bin/dash'), undefined, 'those of the system are root’s');
  t.match(flaw('/usr/bin/java', '/usr/bin/java', '/opt/java/java'), /add it to read/);
  t.equal(flaw('/usr/bin/java', '/usr/bin/java', '/opt/java/java', ['/opt/java']), undefined);
  t.end();
});
