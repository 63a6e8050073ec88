/**
 * From a plan to the exact command line of bubblewrap. What an action can see, reach and change is
 * decided here: "the level of protection … is entirely determined by the arguments" (bubblewrap's
 * README). All of it is an allow-list: a path that these arguments do not name does not exist
 * inside.
 *
 * What could be swapped between our check and its use (the plan's paths), and what must not be seen
 * (the filter, the environment, generated files), reaches bubblewrap as descriptors 3, 4, 5 …, never
 * by path or in the process list.
 */
import { err, ok, type Result } from '../base/result.ts';
import { type Destination, findFlaw, type Plan } from './plan.ts';

/** The action's working directory and home: empty, private, in memory. */
export const HOME = '/home/sandbox';

/** Beside /usr: symbolic links into it on merged hosts, folders elsewhere. */
export const SYSTEM_FOLDERS = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];

/**
 * Where programs find libraries, alternatives, the time zone, certificates and the names of ports.
 */
export const SYSTEM_FILES = [
  '/etc/alternatives',
  '/etc/ca-certificates',
  '/etc/crypto-policies',
  '/etc/ld.so.cache',
  '/etc/localtime',
  '/etc/pki/ca-trust/extracted',
  '/etc/pki/tls/certs',
  '/etc/pki/tls/openssl.cnf',
  '/etc/protocols',
  '/etc/services',
  '/etc/ssl/certs', // not /etc/ssl: that holds the host's private keys too
  '/etc/ssl/openssl.cnf',
];

/** Which of the optional parts of a system this host has. */
export interface Host {
  /** Those of `SYSTEM_FOLDERS` that exist, with its target where one is a symbolic link. */
  readonly folders: readonly { readonly path: string; readonly link?: string }[];
  /** Those of `SYSTEM_FILES` that exist. */
  readonly files: readonly string[];
}

/** A place inside where connections are taken and carried to that destination. */
export interface Forward {
  readonly address: string;
  readonly port: number;
  readonly destination: Destination;
}

/** A file that is open already. */
export interface HeldPath {
  /** By which it was opened. */
  readonly asked: string;
  /** Where it was then, without a symbolic link in it. */
  readonly path: string;
}

export interface BwrapCommand {
  /** The arguments after `bwrap`. Every user of the host can read them in the process list. */
  readonly args: readonly string[];
  /** What it reads from descriptor `DESCRIPTORS.options`: environment and mounts, for nobody else to see. */
  readonly options: readonly string[];
  /** The contents that it reads from descriptors `DESCRIPTORS.files` and up. */
  readonly files: readonly string[];
  /** The paths of the host that the descriptors after those have to name. */
  readonly paths: readonly string[];
  readonly forwards: readonly Forward[];
}

/** What the descriptors of bubblewrap above the standard three are. */
export const DESCRIPTORS = {
  /** Written by bubblewrap: how the start and the end went. */
  status: 3,
  /** The seccomp program. It is read last of all, so handing it over is what starts the action. */
  filter: 4,
  /** Further options, each ended by a NUL. */
  options: 5,
  files: 6,
} as const;

type Option = readonly string[];

/**
 * The same plan and host give the same command. The error is a sentence about the plan. What is
 * `held` gets a descriptor of its own, if the action sees it at all: by it, it is mounted over whatever
 * lies there.
 */
export function planBwrap(
  plan: Plan,
  host: Host,
  held: readonly HeldPath[] = [],
): Result<BwrapCommand, string> {
  const flaw = findFlaw(plan) ?? findPathFlaw(plan) ?? findHeldFlaw(plan, host, held);
  if (flaw !== undefined) return err(flaw);

  const forwards = planForwards(plan.sandbox.network);
  const files = generatedFiles(forwards);
  const paths = boundPaths(plan, host, held);
  const options: readonly Option[] = [
    ...systemOptions(host),
    ...files.map(({ path }, i) => [
      '--perms',
      '0444',
      '--ro-bind-data',
      `${DESCRIPTORS.files + i}`,
      path,
    ]),
    ...privateOptions(plan.limits.memoryBytes),
    ...paths.map(({ path, option }, i) => [
      option,
      `${DESCRIPTORS.files + files.length + i}`,
      path,
    ]),
    ['--remount-ro', '/'],
    ['--chdir', HOME],
    ...environmentOptions(plan.env),
  ];
  return ok({
    // bubblewrap takes the program and its arguments from the command line only.
    args: [...SEPARATION, '--args', `${DESCRIPTORS.options}`, '--', ...plan.argv],
    options: options.flat(),
    files: files.map(({ text }) => text),
    paths: paths.map(({ path }) => path),
    forwards,
  });
}

const NOBODY = '65534';

/** The first arguments of every command: by them a sandbox of ours is told from anybody else's. */
export const SEPARATION: readonly string[] = [
  '--unshare-user --unshare-ipc --unshare-pid --unshare-net --unshare-uts --unshare-cgroup',
  '--disable-userns --die-with-parent --new-session --cap-drop ALL',
  `--uid ${NOBODY} --gid ${NOBODY} --hostname sandbox`,
  `--json-status-fd ${DESCRIPTORS.status} --seccomp ${DESCRIPTORS.filter}`,
].flatMap((options) => options.split(' '));

function systemOptions({ folders, files }: Host): readonly Option[] {
  return [
    ['--ro-bind', '/usr', '/usr'],
    ...folders.map(({ path, link }) =>
      link === undefined ? ['--ro-bind', path, path] : ['--symlink', link, path],
    ),
    ...files.map((path) => ['--ro-bind', path, path]),
  ];
}

/**
 * Every place to write is private, in memory and bounded: no rlimit counts the pages of a tmpfs.
 */
function privateOptions(memoryBytes: number): readonly Option[] {
  const memory = (mode: string, bytes: number) => [
    '--perms',
    mode,
    '--size',
    `${bytes}`,
    '--tmpfs',
  ];
  return [
    // bubblewrap leaves /proc/sys writable for who owns it: to root that is the host's
    // core_pattern.
    ['--proc', '/proc', '--remount-ro', '/proc'],
    ['--dev', '/dev'],
    [...memory('1777', memoryBytes), '/dev/shm'],
    ['--remount-ro', '/dev'],
    [...memory('1777', memoryBytes), '/tmp'],
    [...memory('0755', 1 << 20), '/run'],
    [...memory('0700', memoryBytes), HOME],
  ];
}

/** Exactly the plan's, and HOME unless the plan has its own; bubblewrap adds PWD. */
function environmentOptions(env: Plan['env']): readonly Option[] {
  return [['--clearenv'], ...Object.entries({ HOME, ...env }).map((pair) => ['--setenv', ...pair])];
}

/**
 * One loopback address for each name: two names may want one port, and TLS is checked by the name.
 */
function planForwards(network: readonly Destination[]): readonly Forward[] {
  const addresses = new Map(OWN_NAMES.map((name) => [name, '127.0.0.1']));
  const forwards = new Map<string, Forward>();
  for (const destination of network) {
    const { port } = destination;
    const host = destination.host.toLowerCase();
    const address = addresses.get(host) ?? `127.0.0.${addresses.size}`;
    addresses.set(host, address);
    forwards.set(`${host}:${port}`, { address, port, destination });
  }
  return [...forwards.values()];
}

const OWN_NAMES = ['localhost', 'sandbox'];

function generatedFiles(forwards: readonly Forward[]) {
  const hosts = new Set(forwards.map((to) => `${to.address} ${to.destination.host.toLowerCase()}`));
  const user = `nobody:x:${NOBODY}:${NOBODY}:nobody:${HOME}:/usr/sbin/nologin`;
  return [
    { path: '/etc/passwd', text: `${user}\n` },
    { path: '/etc/group', text: `nogroup:x:${NOBODY}:\n` },
    { path: '/etc/nsswitch.conf', text: 'passwd: files\ngroup: files\nhosts: files\n' },
    { path: '/etc/hosts', text: [`127.0.0.1 ${OWN_NAMES.join(' ')}`, ...hosts, ''].join('\n') },
  ];
}

/**
 * The plan's paths, and the program if nothing else shows it; parents first, so that none hides
 * another.
 */
function boundPaths(plan: Plan, host: Host, held: readonly HeldPath[]) {
  const { argv, sandbox } = plan;
  const [program] = argv;
  const shown = shownBy(plan, host);
  const options = new Map(sandbox.read.map((path) => [path, '--ro-bind-fd']));
  if (!isShown(program, shown)) options.set(program, '--ro-bind-fd');
  for (const { path } of held)
    if (isShown(path, [...shown, program])) options.set(path, '--ro-bind-fd');
  for (const path of sandbox.write) options.set(path, '--bind-fd');
  return [...options.keys()].sort().map((path) => ({ path, option: options.get(path) ?? '' }));
}

const systemOf = (host: Host): readonly string[] => [
  '/usr',
  ...host.folders.map(({ path }) => path),
  ...host.files,
];

const shownBy = ({ sandbox }: Plan, host: Host): readonly string[] => [
  ...systemOf(host),
  ...sandbox.read,
  ...sandbox.write,
];

const isShown = (path: string, folders: readonly string[]): boolean =>
  folders.some((folder) => isWithin(path, folder));

/**
 * Inside, a link is followed anew: it must not lead past what is held. Those of the system are root's.
 */
function findHeldFlaw(plan: Plan, host: Host, held: readonly HeldPath[]): string | undefined {
  const [program] = plan.argv;
  const shown = [...shownBy(plan, host), program];
  for (const { asked, path } of held) {
    if (asked === path || !isShown(asked, shown)) continue;
    if (!isShown(asked, systemOf(host)))
      return `${asked} leads to ${path} by a symbolic link: name the real path`;
    if (asked === program && !isShown(path, shown))
      return `${asked} leads to ${path}, which the action does not see: add it to read`;
  }
  return undefined;
}

/** Is `path` `folder` itself or beneath it? Both absolute and in their shortest form. */
export const isWithin = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder === '/' ? folder : `${folder}/`);

const SYSTEM = ['/usr', ...SYSTEM_FOLDERS];
/** Shown whole, one of these would stand in place of the sandbox's own. */
const OWN_PLACES = ['/', '/etc', '/home', '/root', '/run', '/tmp', ...SYSTEM];
/** Of these nothing is shown: they are views of the host's kernel, or the sandbox's own. */
const OWN_TREES = ['/proc', '/sys', '/dev', HOME];

function findPathFlaw({ argv, sandbox }: Plan): string | undefined {
  for (const path of [argv[0], ...sandbox.read, ...sandbox.write]) {
    const isShortest = /^(?:\/(?!\.{0,2}(?:\/|$))[^/]+)+$/.test(path) || path === '/';
    if (!isShortest) return `${path} is not an absolute path in its shortest form`;
    if (OWN_PLACES.includes(path) || OWN_TREES.some((tree) => isWithin(path, tree))) {
      return `${path} cannot be shown to an action: name what it needs beneath`;
    }
  }
  const system = sandbox.write.find((path) => SYSTEM.some((tree) => isWithin(path, tree)));
  return system === undefined ? undefined : `${system} belongs to the system, which is read-only`;
}
