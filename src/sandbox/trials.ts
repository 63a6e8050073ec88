/** System calls that the probe makes inside the sandbox, and what the kernel must answer. */
import { type Architecture, CLONE_NEWUSER, numberOf, RENAME_WHITEOUT, TIOCSTI } from './seccomp.ts';
import {
  JUDGED_SYSCALLS,
  MODE_SYSCALLS,
  type ModeCall,
  REFUSED_SYSCALLS,
  type SyscallNumbers,
} from './syscalls.ts';
import { assembleTrial, READABLE, type Trial } from './trial.ts';

export interface NamedTrial {
  /** The sentence that the answer makes true. */
  readonly name: string;
  /** As the probe says it: `errno N`, 0 for done, or the signal that the attempt died of. One of these. */
  readonly answers: readonly string[];
  /** An executable. */
  readonly program: Uint8Array;
}

const DONE = 'errno 0';
const EPERM = 'errno 1';
const ENOSYS = 'errno 38';
const EAFNOSUPPORT = 'errno 97';
const SIGSYS = 'SIGSYS';
const SIGSEGV = 'SIGSEGV';
const SIGCHLD = 17;
const AF_ALG = 38;
const AF_VSOCK = 40;
const HIGH_BIT = 1n << 32n;
const AT_FDCWD = -100;
const O_CREAT_WRONLY = 0o101;
/** The probe is also run without a sandbox, where fchmod must find no file to change. */
const NOT_OPEN = 99;

type Attempt = readonly [
  name: string,
  answer: string,
  SyscallNumbers,
  ...args: (number | bigint)[],
];

const { ioctl, clone, clone3, openat2, renameat2, socket } = JUDGED_SYSCALLS;
const refused = REFUSED_SYSCALLS;

const ATTEMPTS: readonly Attempt[] = [
  ['a harmless system call is done', DONE, [39, 172]],
  ['an action cannot type into its terminal', EPERM, ioctl, 0, TIOCSTI, READABLE],
  [
    'it cannot type into its terminal by a longer number',
    EPERM,
    ioctl,
    0,
    HIGH_BIT | BigInt(TIOCSTI),
    READABLE,
  ],
  ['it cannot enter a new user namespace', EPERM, refused.unshare, CLONE_NEWUSER],
  ['it cannot start a process in a new user namespace', EPERM, clone, CLONE_NEWUSER | SIGCHLD],
  ['it cannot start a process by clone3', ENOSYS, clone3, READABLE, 88],
  ['it cannot mount', EPERM, refused.mount, READABLE, READABLE, READABLE],
  ['it cannot trace a process', EPERM, refused.ptrace],
  ['it cannot load a BPF program', EPERM, refused.bpf],
  ['it cannot use io_uring', EPERM, refused.io_uring_setup, 1, READABLE],
  ['it cannot use the keyring', EPERM, refused.keyctl],
  ['it cannot watch performance counters', EPERM, refused.perf_event_open],
  ['it cannot open a file by its handle', EPERM, refused.open_by_handle_at],
  ['it cannot open a file by openat2', ENOSYS, openat2, AT_FDCWD, READABLE, READABLE, 24],
  [
    'it cannot leave a device where a file was',
    EPERM,
    renameat2,
    ...[AT_FDCWD, READABLE, AT_FDCWD, READABLE, RENAME_WHITEOUT],
  ],
  [
    'it cannot make a device',
    EPERM,
    MODE_SYSCALLS.mknodat.call,
    AT_FDCWD,
    READABLE,
    0o020600,
    0x103, // /dev/null
  ],
  ['it has no sockets to the hypervisor', EAFNOSUPPORT, socket, AF_VSOCK, 1],
  ['it has no sockets to the cryptography of the kernel', EAFNOSUPPORT, socket, AF_ALG, 5],
];

/** By each call that could. The path names no file that is there. */
const attemptModes = (): readonly Attempt[] =>
  Object.entries<ModeCall>(MODE_SYSCALLS).map(([name, { call, mode, flags }]) => {
    const args = Array.from({ length: mode }, () => READABLE);
    if (/at2?$/.test(name)) args[0] = AT_FDCWD;
    if (name === 'fchmod') args[0] = NOT_OPEN;
    if (flags !== undefined) args[flags] = O_CREAT_WRONLY;
    return [`it cannot make a set-user-id file by ${name}`, EPERM, call, ...args, 0o104755];
  });

/** On x86-64 a process can call the kernel in two other ways, with other numbers. */
const ATTEMPTS_X64: readonly (readonly [name: string, answers: readonly string[], Trial])[] = [
  // systemd's SystemCallArchitectures=native comes before our filter, and kills.
  [
    'a system call by the numbers of x32 is not done',
    [ENOSYS, SIGSYS],
    { number: 0x40000000 + 39 },
  ],
  // A kernel that has no such calls (ia32_emulation=0) faults at the instruction.
  [
    'a system call by the numbers of i386 is the last',
    [SIGSYS, SIGSEGV],
    { number: 20, foreign: true },
  ],
];

export function planTrials(architecture: Architecture): readonly NamedTrial[] {
  const common = [...ATTEMPTS, ...attemptModes()].flatMap(([name, answer, call, ...args]) => {
    const number = numberOf(architecture, call);
    return number === undefined ? [] : [[name, [answer], { number, args }] as const];
  });
  const all = architecture === 'x64' ? [...common, ...ATTEMPTS_X64] : common;
  return all.map(([name, answers, trial]) => {
    return { name, answers, program: assembleTrial(architecture, trial) };
  });
}
