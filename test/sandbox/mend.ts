import t from 'tap';
import { explainComplaint } from '../../src/sandbox/mend.ts';

t.test('each complaint of bubblewrap comes with its mend', async (t) => {
  const cases: [string, RegExp][] = [
    ['bwrap: Unknown option --disable-userns\r\n', /0\.8\.0 with the fix.*apt install bubblewrap/],
    ['bwrap: Unknown option --bind-fd\n', /too old/],
    ['bwrap: setting up uid map: Permission denied', /AppArmor.*\/etc\/apparmor\.d\/bwrap/],
    ['bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted', /AppArmor/],
    [
      'bwrap: Creating new namespace failed: nesting depth or /proc/sys/user/max_*_namespaces exceeded (ENOSPC)',
      /sysctl -w user\.max_user_namespaces=15000/,
    ],
    [
      "bwrap: No permissions to creating new namespace, likely because the kernel does not allow non-privileged user namespaces. On e.g. debian this can be enabled with 'sysctl kernel.unprivileged_userns_clone=1'.",
      /sysctl -w kernel\.unprivileged_userns_clone=1.*RestrictNamespaces/,
    ],
    [
      "bwrap: Can't mount proc on /newroot/proc: Operation not permitted",
      /ProtectKernelTunables=yes or ProtectKernelLogs=yes.*unmask=ALL/,
    ],
    [
      "bwrap: Can't set hostname to sandbox: Operation not permitted",
      /ProtectHostname=yes.*sethostname in SystemCallFilter=/,
    ],
    ["bwrap: Can't open source /usr: Function not implemented", /RestrictSUIDSGID=yes/],
    [
      'bwrap: loopback: Failed to create NETLINK_ROUTE socket: Address family not supported by protocol',
      /AF_NETLINK in RestrictAddressFamilies=/,
    ],
    ['bwrap: Failed to make / slave: Permission denied', /@mount/],
    ['bwrap: cannot open /proc/sys/user/max_user_namespaces: No such file', /ProcSubset/],
    [
      'bwrap: cannot open /proc/sys/user/max_user_namespaces: Read-only file system',
      /written to.*ProtectKernelTunables=yes/,
    ],
    ["bwrap: Can't read /proc/sys/kernel/overflowuid: No such file or directory", /ProcSubset/],
    ['bwrap: … prctl(PR_SET_SECCOMP) reported EINVAL.', /CONFIG_SECCOMP_FILTER/],
  ];
  for (const [complaint, mend] of cases) {
    const explained = explainComplaint(complaint);
    t.match(explained, mend);
    t.ok(explained.startsWith(complaint.trim()), 'its own words come first');
    t.notMatch(explained, /[\r\n]/);
  }
});

t.test('a complaint that is not known stays as it is, on one line', async (t) => {
  t.equal(explainComplaint('bwrap: execvp /x: No such file\r\n'), 'bwrap: execvp /x: No such file');
  t.equal(explainComplaint('one\r\ntwo\n'), 'one; two');
});
