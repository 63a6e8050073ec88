/**
 * A program that makes one system call and exits with its errno (0: it was done). Assembled here,
 * byte by byte, so that what the kernel really answers can be tried with no compiler at hand. Pure.
 */
import type { Architecture } from './seccomp.ts';

export interface Trial {
  readonly number: number;
  readonly args?: readonly (number | bigint)[];
  /** By `int 0x80`, the way of 32-bit programs (x64 only). */
  readonly foreign?: boolean;
}

/** An address that can be read (the program's own first byte), for arguments that are pointers. */
export const READABLE = 0x400000;

/** A static ELF executable. */
export function assembleTrial(architecture: Architecture, trial: Trial): Uint8Array {
  const code = architecture === 'x64' ? x64Code(trial) : arm64Code(trial);
  return Uint8Array.from([...elfHead(architecture, code.length), ...code]);
}

const HEAD_BYTES = 64 + 56;
/** "\\x7fELF", 64 bits, little endian. */
const IDENTITY = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/** An ELF header and one loadable segment, readable and executable, of the whole file. */
function elfHead(architecture: Architecture, codeBytes: number): readonly number[] {
  const machine = architecture === 'x64' ? 62 : 183;
  const size = HEAD_BYTES + codeBytes;
  return [
    ...IDENTITY,
    ...le(2, 2, machine), // an executable for
    ...le(4, 1), // version
    ...le(8, READABLE + HEAD_BYTES, 64, 0), // entry, place of the segments, no sections
    ...le(4, 0), // flags
    ...le(2, 64, 56, 1, 64, 0, 0), // sizes and counts of all these
    ...le(4, 1, 5), // the segment: loadable, readable and executable
    ...le(8, 0, READABLE, READABLE, size, size, 0x1000), // the whole file
  ];
}

/** Registers of the call, in order: number, then six arguments. */
function registersOf({ number, args = [] }: Trial): readonly bigint[] {
  return [number, ...args, 0, 0, 0, 0, 0, 0].slice(0, 7).map(BigInt);
}

const X64_LOADS = [
  [0x48, 0xb8], // mov rax, imm64
  [0x48, 0xbf], // rdi
  [0x48, 0xbe], // rsi
  [0x48, 0xba], // rdx
  [0x49, 0xba], // r10
  [0x49, 0xb8], // r8
  [0x49, 0xb9], // r9
];

function x64Code(trial: Trial): readonly number[] {
  const values = registersOf(trial);
  return [
    X64_LOADS.flatMap((load, i) => [...load, ...le(8, values[i] ?? 0n)]),
    trial.foreign ? [0xcd, 0x80] : [0x0f, 0x05], // int 0x80, or syscall
    [0x31, 0xc9, 0x85, 0xc0, 0x0f, 0x49, 0xc1], // if eax >= 0: eax = 0
    [0xf7, 0xd8, 0x89, 0xc7], // edi = -eax
    [0xb8, 0x3c, 0, 0, 0, 0x0f, 0x05], // exit(edi)
  ].flat();
}

const ARM64_REGISTERS = [8, 0, 1, 2, 3, 4, 5];

function arm64Code(trial: Trial): readonly number[] {
  const values = registersOf(trial);
  const words = [
    ARM64_REGISTERS.flatMap((register, i) => arm64Load(register, values[i] ?? 0n)),
    0xd4000001, // svc #0
    [0x7100001f, 0x1a80a3e0, 0x4b0003e0], // if w0 >= 0: w0 = 0; w0 = -w0
    [arm64Load(8, 93n), 0xd4000001].flat(), // exit(w0)
  ];
  return words.flat().flatMap((word) => le(4, word));
}

/** movz, then movk for each of the higher three quarters. */
const arm64Load = (register: number, value: bigint) =>
  [0, 1, 2, 3].map((quarter) => {
    const bits = Number((value >> BigInt(16 * quarter)) & 0xffffn);
    return (quarter === 0 ? 0xd2800000 : 0xf2800000) + quarter * 0x200000 + bits * 32 + register;
  });

/** Each value in that many bytes, little endian. */
const le = (bytes: number, ...values: readonly (number | bigint)[]): number[] =>
  values.flatMap((value) =>
    Array.from({ length: bytes }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 0xffn)),
  );
