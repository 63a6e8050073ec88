import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { planBwrap } from '../../src/execution/bwrap.ts';
import { findEquipment, requireArchitecture } from '../../src/sandbox/host.ts';
import { openPaths } from '../../src/sandbox/paths.ts';
import { SandboxRun } from '../../src/sandbox/run.ts';
import {
  assembleFilter,
  CLONE_NEWUSER,
  formatFilter,
  numberOf,
  TIOCSTI,
} from '../../src/sandbox/seccomp.ts';
import {
  JUDGED_SYSCALLS,
  MODE_SYSCALLS,
  type ModeCall,
  REFUSED_SYSCALLS,
  type SyscallNumbers,
} from '../../src/sandbox/syscalls.ts';
import { assembleTrial, READABLE, type Trial } from '../../src/sandbox/trial.ts';
import { runFilter, seccompData } from './fixtures/bpf.ts';
import { exited, launchOf, openStage, planOf } from './fixtures/stage.ts';

const ARCH = { x64: 0xc000003e, arm64: 0xc00000b7 };
const HOST = requireArchitecture();
const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
const errno = (code: number) => 0x50000 + code;
const [EPERM, ENOSYS, EAFNOSUPPORT] = [errno(1), errno(38), errno(97)];

const word = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const args = fc.array(word, { minLength: 6, maxLength: 6 });
/** The same low half under any high half. */
const widened = (low: number) => word.map((value) => ((value >> 32n) << 32n) | BigInt(low));

for (const architecture of ['x64', 'arm64'] as const) {
  const program = assembleFilter(architecture);
  const judge = (number: number, values: readonly bigint[] = []) =>
    runFilter(program, seccompData(ARCH[architecture], number, values));
  const refused = Object.values(REFUSED_SYSCALLS).map((call) => numberOf(architecture, call));
  const judged = Object.values(JUDGED_SYSCALLS).map((call) => numberOf(architecture, call));
  const modal = Object.values<ModeCall>(MODE_SYSCALLS).flatMap(({ call, ...at }) => {
    const number = numberOf(architecture, call);
    return number === undefined ? [] : [{ number, ...at }];
  });
  const modalNumbers = modal.map(({ number }) => number);
  const numbers = Object.fromEntries(
    Object.entries(JUDGED_SYSCALLS).map(([name, call]) => [name, numberOf(architecture, call)]),
  );
  const call = (name: keyof typeof JUDGED_SYSCALLS, values: readonly bigint[]) =>
    judge(numbers[name] ?? -1, values);

  t.test(`${architecture}: every listed call is refused, whatever its arguments`, async (t) => {
    const listed = refused.filter((number) => number !== undefined);
    t.ok(listed.length >= 45);
    fc.assert(fc.property(fc.constantFrom(...listed), args, (n, v) => judge(n, v) === EPERM));
    for (const number of listed) t.equal(judge(number), EPERM, `${number}`);
  });

  t.test(`${architecture}: every other call is allowed, whatever its arguments`, async (t) => {
    const other = fc.nat(2000).filter((n) => ![...refused, ...judged, ...modalNumbers].includes(n));
    fc.assert(fc.property(other, args, (n, v) => judge(n, v) === ALLOW));
    const all = Array.from({ length: 2000 }, (_, n) => n).filter((n) => judge(n) === ALLOW);
    t.equal(
      all.length,
      2000 -
        new Set([...refused, numbers['clone3'], numbers['openat2']].filter((n) => n !== undefined))
          .size,
    );
  });

  t.test(`${architecture}: an ioctl is judged by the low half of its request`, async () => {
    const forbidden = [0x5412, 0x541c, 0x5423];
    fc.assert(
      fc.property(fc.constantFrom(...forbidden).chain(widened), word, (request, other) => {
        return call('ioctl', [other, request, other]) === EPERM;
      }),
    );
    fc.assert(
      fc.property(
        word.filter((r) => !forbidden.includes(Number(r & 0xffffffffn))),
        (request) => {
          return call('ioctl', [0n, request, 0x5412n]) === ALLOW;
        },
      ),
    );
  });

  t.test(`${architecture}: a clone may make anything but a user namespace`, async () => {
    const NEWUSER = 0x10000000n;
    fc.assert(fc.property(word, (flags) => call('clone', [flags | NEWUSER]) === EPERM));
    fc.assert(fc.property(word, (flags) => call('clone', [flags & ~NEWUSER, NEWUSER]) === ALLOW));
    fc.assert(fc.property(args, (values) => call('clone3', values) === ENOSYS));
  });

  t.test(`${architecture}: no call sets a set-id bit or makes a device`, async (t) => {
    t.strictSame(
      modalNumbers,
      architecture === 'x64'
        ? [90, 91, 268, 452, 83, 258, 133, 259, 85, 2, 257]
        : [52, 53, 452, 34, 33, 56],
    );
    const CREATING = [0o100, 0o20_000_000];
    for (const { number, mode, flags, makesNodes } of modal) {
      const modes = fc.nat(0xffff).filter((m) => !makesNodes || (m & 0o020000) === 0);
      const asked = fc.tuple(args, modes.chain(widened), fc.constantFrom(...CREATING));
      const judgeMode = (bits: number, clear: number) => (values: readonly bigint[], m: bigint) =>
        judge(
          number,
          values.map((v, i) => (i === mode ? (m & ~BigInt(clear)) | BigInt(bits) : v)),
        );
      const creating = (values: readonly bigint[], flag: number) =>
        values.map((v, i) => (i === flags ? v | BigInt(flag) : v));
      for (const bits of [0o4000, 0o2000, 0o6000, ...(makesNodes ? [0o020000, 0o060000] : [])])
        fc.assert(
          fc.property(asked, ([v, m, f]) => judgeMode(bits, 0)(creating(v, f), m) === EPERM),
        );
      fc.assert(
        fc.property(asked, ([v, m, f]) => judgeMode(0, 0o6000)(creating(v, f), m) === ALLOW),
      );
      if (flags === undefined) continue;
      const notCreating = (values: readonly bigint[]) =>
        values.map((v, i) => (i === flags ? v & ~0o20_000_100n : v));
      const judgeAny = ([v, m]: readonly [bigint[], bigint, number]) =>
        judgeMode(0o6000, 0)(notCreating(v), m);
      fc.assert(
        fc.property(asked, (a) => judgeAny(a) === ALLOW),
        { verbose: 0 },
      );
    }
    fc.assert(fc.property(args, (values) => call('openat2', values) === ENOSYS));
  });

  t.test(`${architecture}: sockets are of the families that a namespace holds in`, async (t) => {
    const allowed = [0, 1, 2, 10, 16];
    for (const name of ['socket', 'socketpair'] as const) {
      for (let family = 0; family < 100; family++) {
        const expected = allowed.includes(family) ? ALLOW : EAFNOSUPPORT;
        fc.assert(
          fc.property(widened(family), (value) => call(name, [value]) === expected),
          {
            numRuns: 5,
          },
        );
      }
      t.equal(call(name, [0xffffffffn]), EAFNOSUPPORT);
    }
  });

  t.test(`${architecture}: the numbers of any other architecture are deadly`, async (t) => {
    const foreign = fc.nat(0xffffffff).filter((arch) => arch !== ARCH[architecture]);
    const someArch = fc.oneof(foreign, fc.constantFrom(0x40000003, 0x40000028, 0xc0000015));
    fc.assert(
      fc.property(someArch, fc.nat(0xffffffff), (arch, number) => {
        return runFilter(program, seccompData(arch, number)) === KILL;
      }),
    );
    t.equal(runFilter(program, seccompData(0, 0)), KILL);
  });

  t.test(`${architecture}: the bytes are what the kernel takes`, async (t) => {
    const bytes = Buffer.from(formatFilter(program));
    t.equal(bytes.length, program.length * 8);
    t.ok(program.length < 4096, 'BPF_MAXINSNS');
    t.equal(bytes.subarray(0, 8).toString('hex'), '2000000004000000', 'load the architecture');
    t.equal(bytes.readUInt32LE(12), ARCH[architecture]);
    t.equal(bytes.subarray(-8).toString('hex'), '060000000000ff7f', 'allow');
  });
}

t.test('x64: the numbers of x32 are unknown', async (t) => {
  const program = assembleFilter('x64');
  const x32 = fc.nat(0x3fffffff).map((number) => number + 0x40000000);
  fc.assert(
    fc.property(x32, (number) => runFilter(program, seccompData(ARCH.x64, number)) === ENOSYS),
  );
  t.equal(runFilter(program, seccompData(ARCH.x64, 0xffffffff)), ENOSYS);
});

t.test('the kernel itself refuses every listed call, and no harmless one', async (t) => {
  const stage = openStage(t);
  const folder = t.testdir();
  const trials: [string, number, Trial][] = [
    ['getpid', 0, { number: HOST === 'x64' ? 39 : 172 }],
    ['close(99)', 9, { number: HOST === 'x64' ? 3 : 57, args: [99] }],
    ['unknown', 38, { number: 1999 }],
  ];
  for (const [name, call] of Object.entries(REFUSED_SYSCALLS)) {
    const number = numberOf(HOST, call);
    if (number !== undefined) trials.push([name, 1, { number }]);
  }
  for (const [name, , trial] of trials) {
    writeFileSync(`${folder}/${name}`, assembleTrial(HOST, trial), { mode: 0o755 });
  }
  const script = 'cd "$1"; for trial in *; do "./$trial"; echo "$trial $?"; done';
  const { end, text } = await stage.playScript(script, { sandbox: { read: [folder] } }, folder);
  t.strictSame(end, exited(0));
  const answers = Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => line.split(' ')),
  );
  for (const [name, expected] of trials) t.equal(answers[name], `${expected}`, name);
});

t.test('without the filter the other walls hold', async (t) => {
  const folder = t.testdir();
  const { unshare } = REFUSED_SYSCALLS;
  const allowAll = formatFilter([{ code: 0x06, ifTrue: 0, ifFalse: 0, k: ALLOW }]);
  const answer = async (call: SyscallNumbers, ...args: number[]) => {
    const number = numberOf(HOST, call) ?? -1;
    writeFileSync(`${folder}/trial`, assembleTrial(HOST, { number, args }), { mode: 0o755 });
    const plan = planOf([`${folder}/trial`]);
    const command = planBwrap(plan, findEquipment());
    const paths = command.ok ? openPaths(command.value.paths, []) : command;
    if (!command.ok || !paths.ok) throw new Error('no way to run it');
    using opened = paths.value;
    const { descriptors } = opened;
    const run = new SandboxRun(launchOf(command.value, { filter: allowAll, paths: descriptors }));
    return run.ended;
  };
  t.strictSame(await answer([39, 172]), exited(0), 'getpid');
  t.strictSame(await answer(unshare, CLONE_NEWUSER), exited(28), '--disable-userns: ENOSPC');
  t.strictSame(await answer(unshare, 0x20000), exited(1), 'no mount namespace');
  t.strictSame(await answer([170, 161], READABLE, 1), exited(1), 'no sethostname');
  const typed = await answer(JUDGED_SYSCALLS.ioctl, 0, TIOCSTI, READABLE);
  t.ok(
    typed.kind === 'exited' && [1, 5].includes(typed.code),
    'EPERM, or EIO where it is switched off',
  );
});
