/**
 * System calls that no action gets, by their number on x86-64 and arm64 (`undefined`: not there).
 * The reference is flatpak's block-list (common/flatpak-run.c); the last two groups are ours. The
 * numbers are those of <asm/unistd_64.h> and <asm-generic/unistd.h>; they never change.
 */
export type SyscallNumbers = readonly [x64: number, arm64: number | undefined];

/** A call that gives a file its mode. */
export interface ModeCall {
  readonly call: SyscallNumbers;
  /** Which argument is the mode. */
  readonly mode: number;
  /** Which argument says whether a file is made, and so whether the mode counts. */
  readonly flags?: number;
  /** The mode also says of what kind the file is. */
  readonly makesNodes?: true;
}

export const REFUSED_SYSCALLS = {
  // The kernel's log, accounting and quotas of the host.
  syslog: [103, 116],
  acct: [163, 89],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],

  // The keyring is not part of any namespace.
  add_key: [248, 217],
  keyctl: [250, 219],
  request_key: [249, 218],

  // Placement of memory, at times of other processes.
  move_pages: [279, 239],
  mbind: [237, 235],
  get_mempolicy: [239, 236],
  set_mempolicy: [238, 237],
  set_mempolicy_home_node: [450, 450],
  migrate_pages: [256, 238],

  // Namespaces and mounts (CVE-2021-41133). `clone` and `clone3` have rules of their own.
  unshare: [272, 97],
  setns: [308, 268],
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  open_tree: [428, 428],
  open_tree_attr: [467, 467],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],

  // Looking into other processes.
  perf_event_open: [298, 241],
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  pidfd_getfd: [438, 438],
  kcmp: [312, 272],

  // Relics of other systems.
  uselib: [134, undefined],
  personality: [135, 92],
  modify_ldt: [154, undefined],
  iopl: [172, undefined],
  ioperm: [173, undefined],

  // Large parts of the kernel with a history of escapes; io_uring also walks past this filter.
  bpf: [321, 280],
  userfaultfd: [323, 282],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  open_by_handle_at: [304, 265], // "shocker": opens files outside of the mounts
  name_to_handle_at: [303, 264],

  // The machine. Refused for want of a capability as well.
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  reboot: [169, 142],
  swapon: [167, 224],
  swapoff: [168, 225],
} as const satisfies Readonly<Record<string, SyscallNumbers>>;

/** Calls that are refused or not by what they are asked to do. */
export const JUDGED_SYSCALLS = {
  ioctl: [16, 29],
  clone: [56, 220],
  clone3: [435, 435],
  openat2: [437, 437],
  renameat2: [316, 276],
  socket: [41, 198],
  socketpair: [53, 199],
} as const satisfies Readonly<Record<string, SyscallNumbers>>;

/** Every call that can set the mode of a file. `openat2` can too, and is refused as a whole. */
export const MODE_SYSCALLS = {
  chmod: { call: [90, undefined], mode: 1 },
  fchmod: { call: [91, 52], mode: 1 },
  fchmodat: { call: [268, 53], mode: 2 },
  fchmodat2: { call: [452, 452], mode: 2 },
  mkdir: { call: [83, undefined], mode: 1 },
  mkdirat: { call: [258, 34], mode: 2 },
  mknod: { call: [133, undefined], mode: 1, makesNodes: true },
  mknodat: { call: [259, 33], mode: 2, makesNodes: true },
  creat: { call: [85, undefined], mode: 1 },
  open: { call: [2, undefined], flags: 1, mode: 2 },
  openat: { call: [257, 56], flags: 2, mode: 3 },
} as const satisfies Readonly<Record<string, ModeCall>>;
