/**
 * The seccomp filter of every action: a classic BPF program over `struct seccomp_data`, assembled
 * from the tables in syscalls.ts. Pure. It stands behind the namespaces: it makes the kernel
 * smaller, and refuses what namespaces do not cover (pushing input into a terminal, sockets to the
 * hypervisor, set-user-id files in folders that outlive the action).
 *
 * Layout of seccomp_data, little endian: nr at 0, arch at 4, instruction pointer at 8, args[i] at
 * 16 + 8 i. Only the low half of an argument is compared: the kernel reads these arguments as 32
 * bits, and a filter that looks at all 64 is passed by setting a high bit (CVE-2019-10063).
 */
import {
  JUDGED_SYSCALLS,
  MODE_SYSCALLS,
  type ModeCall,
  REFUSED_SYSCALLS,
  type SyscallNumbers,
} from './syscalls.ts';

/** As in `process.arch`. */
export type Architecture = 'x64' | 'arm64';

/** `struct sock_filter`; jumps count the instructions that are passed over. */
export interface Instruction {
  readonly code: number;
  readonly ifTrue: number;
  readonly ifFalse: number;
  readonly k: number;
}

/** Undefined where the architecture has no such call. */
export const numberOf = (architecture: Architecture, [x64, arm64]: SyscallNumbers) =>
  architecture === 'x64' ? x64 : arm64;

/** Allows what it does not know: the filter is a block-list, see the head of this file. */
export function assembleFilter(architecture: Architecture): readonly Instruction[] {
  const on = (syscall: SyscallNumbers, body: readonly Instruction[]) => {
    const number = numberOf(architecture, syscall);
    return number === undefined ? [] : [...equal(number, 0, body.length), ...body];
  };
  const { ioctl, clone, clone3, openat2, renameat2, socket, socketpair } = JUDGED_SYSCALLS;
  return [
    ...load(ARCH_OFFSET),
    ...equal(AUDIT_ARCH[architecture], 1, 0),
    ...end(KILL_PROCESS),
    ...load(NUMBER_OFFSET),
    ...(architecture === 'x64' ? [...atLeast(X32_BIT, 0, 1), ...end(refuse(ENOSYS))] : []),
    ...Object.values(REFUSED_SYSCALLS).flatMap((syscall) => on(syscall, end(refuse(EPERM)))),
    // Its flags lie in memory, where no filter can look; callers fall back to clone
    // (CVE-2021-41133).
    ...on(clone3, end(refuse(ENOSYS))),
    ...on(clone, refuseFlag(0, CLONE_NEWUSER)),
    ...on(ioctl, refuseValues(1, [TIOCSTI, TIOCLINUX, TIOCSETD], EPERM)),
    ...on(renameat2, refuseFlag(4, RENAME_WHITEOUT)),
    // Its mode lies in memory as well; callers fall back to openat.
    ...on(openat2, end(refuse(ENOSYS))),
    ...Object.values(MODE_SYSCALLS).flatMap(({ call, ...at }) => on(call, refuseModes(at))),
    ...on(socket, allowValues(0, SOCKET_FAMILIES, EAFNOSUPPORT)),
    ...on(socketpair, allowValues(0, SOCKET_FAMILIES, EAFNOSUPPORT)),
    ...end(ALLOW),
  ];
}

/**
 * The bytes that the kernel takes: eight for each instruction, little endian on both architectures.
 */
export function formatFilter(program: readonly Instruction[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(program.length * 8));
  for (const [index, { code, ifTrue, ifFalse, k }] of program.entries()) {
    bytes.setUint16(index * 8, code, true);
    bytes.setUint8(index * 8 + 2, ifTrue);
    bytes.setUint8(index * 8 + 3, ifFalse);
    bytes.setUint32(index * 8 + 4, k, true);
  }
  return new Uint8Array(bytes.buffer);
}

const NUMBER_OFFSET = 0;
const ARCH_OFFSET = 4;
const argumentOffset = (index: number) => 16 + 8 * index;

const AUDIT_ARCH = { x64: 0xc000003e, arm64: 0xc00000b7 }; // <linux/audit.h>
const X32_BIT = 0x40000000;

const ALLOW = 0x7fff0000; // <linux/seccomp.h>
const KILL_PROCESS = 0x80000000;
const refuse = (errno: number) => 0x00050000 | errno;
const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

export const CLONE_NEWUSER = 0x10000000;
/** Leaves a character device where the file was. */
export const RENAME_WHITEOUT = 4;
export const TIOCSTI = 0x5412; // types into a terminal (CVE-2017-5226)
const TIOCLINUX = 0x541c; // pastes into a console (CVE-2023-28100)
const TIOCSETD = 0x5423; // loads a line discipline into the kernel (CVE-2017-2636)

/**
 * Unspecified, Unix, IPv4, IPv6, netlink: what a network namespace holds in. AF_VSOCK (to the
 * hypervisor) and Bluetooth, for two, belong to no namespace.
 */
const SOCKET_FAMILIES = [0, 1, 2, 10, 16];

// Instruction codes of <linux/bpf_common.h>: class | size or operation | operand.
const step = (code: number, k: number, ifTrue = 0, ifFalse = 0) => [{ code, ifTrue, ifFalse, k }];
const load = (offset: number) => step(0x20, offset);
const equal = (k: number, ifTrue: number, ifFalse: number) => step(0x15, k, ifTrue, ifFalse);
const atLeast = (k: number, ifTrue: number, ifFalse: number) => step(0x35, k, ifTrue, ifFalse);
const anyBit = (k: number, ifTrue: number, ifFalse: number) => step(0x45, k, ifTrue, ifFalse);
const end = (action: number) => step(0x06, action);

const refuseFlag = (argument: number, flag: number) => [
  ...load(argumentOffset(argument)),
  ...anyBit(flag, 0, 1),
  ...end(refuse(EPERM)),
  ...end(ALLOW),
];

/**
 * Files of an action belong to the daemon's user on the host. If one had such a bit, every user who ran
 * it there would get the rights of the daemon's user. Kernel: `umode_t`, the low 16 bits.
 */
const SET_ID_BITS = 0o6000; // S_ISUID, S_ISGID
/** Set in S_IFCHR and S_IFBLK, and in neither S_IFREG, S_IFIFO nor S_IFSOCK. */
const DEVICE_BIT = 0o020000;
/** O_CREAT and __O_TMPFILE: without them the kernel does not read the mode, which may hold anything. */
const CREATING = 0o100 | 0o20_000_000;

const refuseModes = ({ mode, flags, makesNodes }: Omit<ModeCall, 'call'>) => {
  const judgeMode = [
    ...load(argumentOffset(mode)),
    ...anyBit(makesNodes ? SET_ID_BITS | DEVICE_BIT : SET_ID_BITS, 0, 1),
    ...end(refuse(EPERM)),
  ];
  if (flags === undefined) return [...judgeMode, ...end(ALLOW)];
  const skipUnlessCreating = anyBit(CREATING, 0, judgeMode.length);
  return [...load(argumentOffset(flags)), ...skipUnlessCreating, ...judgeMode, ...end(ALLOW)];
};

const refuseValues = (argument: number, values: readonly number[], errno: number) => [
  ...load(argumentOffset(argument)),
  ...values.flatMap((value) => [...equal(value, 0, 1), ...end(refuse(errno))]),
  ...end(ALLOW),
];

const allowValues = (argument: number, values: readonly number[], errno: number) => [
  ...load(argumentOffset(argument)),
  ...values.flatMap((value) => [...equal(value, 0, 1), ...end(ALLOW)]),
  ...end(refuse(errno)),
];
