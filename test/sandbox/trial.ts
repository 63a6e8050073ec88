import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import t from 'tap';
import { assembleTrial, READABLE, type Trial } from '../../src/sandbox/trial.ts';

const architecture = process.arch === 'arm64' ? 'arm64' : 'x64';
const numbers = {
  x64: { getpid: 39, close: 3, access: 269, mmap: 9 },
  arm64: { getpid: 172, close: 57, access: 48, mmap: 222 },
}[architecture];

t.test('a trial exits with what the kernel answered', async (t) => {
  const file = `${t.testdir()}/trial`;
  const answer = (trial: Trial) => {
    writeFileSync(file, assembleTrial(architecture, trial), { mode: 0o755 });
    return spawnSync(file).status;
  };
  t.equal(answer({ number: numbers.getpid }), 0, 'a result above zero is no error');
  t.equal(answer({ number: 1999 }), 38, 'ENOSYS');
  t.equal(answer({ number: numbers.close, args: [99] }), 9, 'EBADF');
  t.equal(answer({ number: numbers.close, args: [(1n << 32n) | 99n] }), 9, 'high bits are loaded');
  t.equal(answer({ number: numbers.access, args: [-100n, 16] }), 14, 'EFAULT');
  t.equal(answer({ number: numbers.access, args: [-100n, READABLE] }), 2, 'ENOENT: it was read');
  // mmap(0, 1 page, PROT_READ, MAP_PRIVATE, fd, 0) looks at the fifth and sixth argument too.
  t.equal(answer({ number: numbers.mmap, args: [0, 4096, 1, 2, 99, 0] }), 9, 'EBADF');
  t.equal(answer({ number: numbers.mmap, args: [0, 4096, 1, 0x22, -1n, 1] }), 22, 'EINVAL');
});

t.test('the program for each architecture is these bytes', async (t) => {
  const code = (arch: 'x64' | 'arm64', trial: Trial) =>
    Buffer.from(assembleTrial(arch, trial)).subarray(120).toString('hex');
  t.equal(
    code('x64', { number: 0x27, args: [0x0102030405060708n] }),
    `48b82700000000000000${'48bf0807060504030201'}${['48be', '48ba', '49ba', '49b8', '49b9']
      .map((load) => `${load}0000000000000000`)
      .join('')}0f0531c985c00f49c1f7d889c7b83c0000000f05`,
  );
  const arm = code('arm64', { number: 0xac, args: [0xffff0001000200a0n] });
  t.equal(arm.slice(0, 32), '881580d20800a0f20800c0f20800e0f2', 'movz, movk: x8 = 0xac');
  t.equal(arm.slice(32, 64), '001480d24000a0f22000c0f2e0fffff2', 'x0');
  t.ok(arm.endsWith('a80b80d20800a0f20800c0f20800e0f2010000d4'), 'x8 = 93; svc');
});

t.test('the headers name one machine and one readable, executable segment', async (t) => {
  for (const [arch, machine] of [
    ['x64', 62],
    ['arm64', 183],
  ] as const) {
    const elf = Buffer.from(assembleTrial(arch, { number: 0 }));
    t.equal(elf.subarray(0, 7).toString('latin1'), '\x7fELF\x02\x01\x01');
    t.equal(elf.readUInt16LE(18), machine);
    t.equal(elf.readBigUInt64LE(24), BigInt(READABLE + 120), 'entry');
    t.equal(elf.readUInt32LE(68), 5, 'r-x');
    t.equal(elf.readBigUInt64LE(96), BigInt(elf.length), 'the whole file');
  }
});
