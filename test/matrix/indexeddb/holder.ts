import t from 'tap';
import { describeHolder, pidIn } from '../../../src/matrix/indexeddb/holder.ts';

// proc(5), with what stands around the line that counts.
const LOCKS = `1: POSIX  ADVISORY  WRITE 3568 fe:01:1842 1073741826 1073742335
2: FLOCK  ADVISORY  WRITE 3 fe:00:1842 0 EOF
3: POSIX  ADVISORY  READ  4 fe:00:1842 128 128
4: POSIX  ADVISORY  WRITE 5 fe:00:184 0 EOF
5: POSIX  ADVISORY  WRITE 2548 fe:00:1842 0 EOF
6: -> POSIX  ADVISORY  WRITE 6 fe:00:1842 0 EOF
`;
const DEVICE = 0xfe00n;

t.test('the process is found by device, inode and kind of lock', async (t) => {
  t.equal(pidIn(LOCKS, { dev: DEVICE, ino: 1842n }), 2548);
  t.equal(pidIn(LOCKS, { dev: DEVICE + 1n, ino: 1842n }), 3568);
  t.equal(pidIn(LOCKS, { dev: DEVICE, ino: 185n }), undefined);
  t.equal(pidIn('nonsense\n', { dev: DEVICE, ino: 1842n }), undefined);
});

t.test('large device numbers are put together as the C library does it', async (t) => {
  const line = '1: POSIX  ADVISORY  WRITE 7 103:100001:9 0 EOF';
  t.equal(pidIn(line, { dev: 0x100010301n, ino: 9n }), 7);
});

t.test('where the kernel does not say, nobody is named', async (t) => {
  t.equal(describeHolder(t.testdir()), undefined);
  t.equal(describeHolder('/nowhere/at/all'), undefined);
});
