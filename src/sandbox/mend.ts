/** bubblewrap's complaints in its own words, and what to do about each. */

const MENDS: readonly (readonly [complaint: RegExp, mend: string])[] = [
  [
    /Unknown option/,
    'this bubblewrap is too old: it needs 0.8.0 with the fix for CVE-2024-42472 (Debian 12: apt install bubblewrap), or 0.10 and later',
  ],
  [
    /setting up uid map: Permission denied|RTM_NEWADDR|RTM_NEWLINK/,
    'AppArmor keeps user namespaces from bubblewrap (Ubuntu 23.10 and later): write "profile bwrap /usr/bin/bwrap flags=(unconfined) { userns, }" with a first line "abi <abi/4.0>, include <tunables/global>" to /etc/apparmor.d/bwrap and run apparmor_parser -r on it',
  ],
  [
    /max_\*_namespaces exceeded|unshare user ns: No space left/,
    'no more user namespaces are allowed: sysctl -w user.max_user_namespaces=15000',
  ],
  [
    /No permissions to creat\w* new namespace|Creating new namespace failed: Operation not permitted/,
    'user namespaces are off for ordinary users: sysctl -w kernel.unprivileged_userns_clone=1 where that exists; in a container allow them (Docker: --security-opt seccomp=unconfined), in a systemd unit do not set RestrictNamespaces=yes',
  ],
  [
    /mount proc|mounting proc/,
    '/proc is masked: in a systemd unit do not set ProtectKernelTunables=yes or ProtectKernelLogs=yes; in a container unmask it (Docker: --security-opt systempaths=unconfined, Podman: --security-opt unmask=ALL) or run on the host',
  ],
  [
    /Failed to make \/ slave|pivot_root|Failed to mount/,
    'mounting is forbidden here: in a systemd unit SystemCallFilter= must hold @mount; in a container run with --security-opt seccomp=unconfined',
  ],
  [
    /set hostname/,
    'in a systemd unit do not set ProtectHostname=yes, and list sethostname in SystemCallFilter=',
  ],
  [
    /open source .*Function not implemented/,
    'bubblewrap 0.11 and later need openat2: in a systemd unit do not set RestrictSUIDSGID=yes',
  ],
  [
    /loopback: Failed to create NETLINK_ROUTE socket/,
    'in a systemd unit list AF_NETLINK in RestrictAddressFamilies=',
  ],
  [
    /max_user_namespaces: Read-only/,
    '/proc/sys cannot be written to: in a systemd unit do not set ProtectKernelTunables=yes',
  ],
  [
    /overflow[ug]id|max_user_namespaces/,
    '/proc/sys is out of sight: no ProcSubset=pid in the systemd unit',
  ],
  [
    /Can't find source path \/proc\/self\/fd\//,
    'a file or folder of this action was replaced or removed just now: ask for it again',
  ],
  [
    /PR_SET_SECCOMP/,
    'the kernel has no seccomp filters (CONFIG_SECCOMP_FILTER), or the start was broken off',
  ],
];

/** The complaint as one line, with its mend if there is one. */
export function explainComplaint(complaint: string): string {
  const line = complaint.trim().replaceAll(/\s*[\r\n]+\s*/g, '; ');
  const mend = MENDS.find(([pattern]) => pattern.test(line))?.[1];
  return mend === undefined ? line : `${line} (${mend})`;
}
