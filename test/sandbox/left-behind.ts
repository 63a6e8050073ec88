/** What an action leaves in a folder that outlives it gives nobody the rights of the daemon's user. */
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import t from 'tap';
import { exited, openStage } from './fixtures/stage.ts';

t.test('an action leaves no set-user-id or set-group-id file behind', async (t) => {
  const { playScript } = openStage(t);
  const folder = t.testdir();
  // cp -p and install fall back to another call or give up; each has to end without the bit.
  const script = `cd "$1"; cp /bin/sh s; cp /bin/sh g; umask 0
    chmod 4755 s 2>/dev/null; echo "chmod u+s: $?"
    chmod 2755 g 2>/dev/null; echo "chmod g+s: $?"
    install -m 4755 /bin/sh i 2>/dev/null; echo "install: $?"
    mkdir -m 2777 d 2>/dev/null; echo "mkdir: $?"
    chmod 0755 s; echo "chmod 0755: $?"`;
  const { end, text } = await playScript(script, { sandbox: { write: [folder] } }, folder);
  t.strictSame(end, exited(0));
  t.equal(text, 'chmod u+s: 1\nchmod g+s: 1\ninstall: 1\nmkdir: 1\nchmod 0755: 0\n');
  const setId = readdirSync(folder).filter((n) => (lstatSync(`${folder}/${n}`).mode & 0o6000) > 0);
  t.strictSame(setId, []);
});

t.test('an action leaves no file capability behind', async (t) => {
  const { play } = openStage(t);
  const folder = t.testdir({ file: '' });
  // setxattr: cap_setuid=ep as in <linux/capability.h>, revision 2. perl-base is part of every Debian.
  const script = `my $value = pack('V5', 0x02000001, 0x80, 0, 0, 0);
    my ($path, $number, $name) = (@ARGV, 'security.capability');
    my $done = syscall($number + 0, $path, $name, $value, length $value, 0);
    print $done == 0 ? 'done' : $! + 0;`;
  const number = process.arch === 'arm64' ? '5' : '188';
  const argv = ['/usr/bin/perl', '-e', script, `${folder}/file`, number] as const;
  const { text } = await play(argv, { sandbox: { write: [folder] } });
  t.equal(text, '1', 'EPERM');
});

t.test('an action leaves no device behind', async (t) => {
  const { playScript } = openStage(t);
  const folder = t.testdir();
  const script = `cd "$1"; cp /bin/sh s
    mknod null c 1 3 2>/dev/null; echo "device: $?"
    mknod whiteout c 0 0 2>/dev/null; echo "whiteout: $?"
    mkfifo pipe; echo "pipe: $?"`;
  const { text } = await playScript(script, { sandbox: { write: [folder] } }, folder);
  t.equal(text, 'device: 1\nwhiteout: 1\npipe: 0\n');
  t.notOk(existsSync(`${folder}/null`));
  t.notOk(existsSync(`${folder}/whiteout`));
});

t.test('an action leaves no device where a file was', async (t) => {
  const { play } = openStage(t);
  const folder = t.testdir({ file: 'kept' });
  const script = `my ($from, $to, $number, $flags) = @ARGV;
    my $done = syscall($number + 0, -100, $from, -100, $to, $flags + 0);
    print $done == 0 ? 'done' : $! + 0;`;
  const number = process.arch === 'arm64' ? '276' : '316';
  const rename = (flags: string) => {
    const paths = [`${folder}/file`, `${folder}/moved`];
    const argv = ['/usr/bin/perl', '-e', script, ...paths, number, flags] as const;
    return play(argv, { sandbox: { write: [folder] } });
  };
  t.equal((await rename('4')).text, '1', 'RENAME_WHITEOUT: EPERM');
  t.ok(lstatSync(`${folder}/file`).isFile());
  t.equal((await rename('1')).text, 'done', 'RENAME_NOREPLACE');
  t.strictSame(readdirSync(folder), ['moved']);
});
