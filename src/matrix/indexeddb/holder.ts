/** Which process has a file locked, as the kernel tells it: /proc/locks, proc(5). */
import { readFileSync, statSync } from 'node:fs';

/** `process 1234 (node src/main.ts run --dir ops)`; undefined where the kernel does not say. */
export function describeHolder(file: string): string | undefined {
  try {
    const pid = pidIn(readFileSync('/proc/locks', 'utf8'), statSync(file, { bigint: true }));
    if (pid === undefined) return undefined;
    const command = commandOf(pid);
    return `process ${pid}${command === undefined ? '' : ` (${command})`}`;
  } catch {
    return undefined; // no /proc, or the file is gone: nothing rests on it
  }
}

interface Inode {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** A lock names its file by the numbers of its device, in hex, and its inode. */
export function pidIn(locks: string, { dev, ino }: Inode): number | undefined {
  for (const line of locks.split('\n')) {
    const [, kind, pid, major, minor, inode] =
      /^\d+: (\w+) +\w+ +WRITE (\d+) ([0-9a-f]+):([0-9a-f]+):(\d+) /.exec(line) ?? [];
    if (kind !== 'POSIX' || BigInt(inode ?? 0) !== ino) continue;
    if (deviceOf(`0x${major}`, `0x${minor}`) === dev) return Number(pid);
  }
  return undefined;
}

/** As glibc's makedev(3) puts them together. */
function deviceOf(major: string, minor: string): bigint {
  const [high, low] = [BigInt(major), BigInt(minor)];
  return (
    ((high & 0xfffff000n) << 32n) |
    ((high & 0xfffn) << 8n) |
    ((low & 0xffffff00n) << 12n) |
    (low & 0xffn)
  );
}

function commandOf(pid: number): string | undefined {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
    return words.length === 0 ? undefined : words.join(' ');
  } catch {
    return undefined; // it has ended meanwhile
  }
}
