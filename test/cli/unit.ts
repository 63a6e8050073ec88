/** With stand-ins for systemd; a real one is asked in test/guest. */
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Io } from '../../src/cli/io.ts';
import { asUser, findUser } from '../../src/cli/owner.ts';
import { runInUnit, withCredentialsOf } from '../../src/cli/unit.ts';
import { readSecret } from '../../src/config/directory.ts';
import { asRoot, isRoot } from '../support/as-root.ts';

const UNIT = `[Service]
User=nobody
ExecStart=/opt/vaktrom/src/vaktrom.sh run
LoadCredential=audit-key:/etc/key
Environment=HOST=%H
`;

/** `systemctl cat` knows one unit; `systemd-run` writes down what it is told, and hands over a credential. */
async function openSystemd(t: Test, unit = UNIT) {
  const folder = t.testdir({ unit, credentials: { 'audit-key': 'lent\n' }, told: '' });
  const script = async (name: string, text: string) => {
    await writeFile(join(folder, name), `#!/bin/sh\n${text}\n`);
    await chmod(join(folder, name), 0o755);
  };
  await script(
    'systemctl',
    `[ "$1 $2 $3 $4" = "cat --no-pager -- vaktrom.service" ] && { echo 'changed on disk' >&2; exec cat ${folder}/unit; }; exit 1`,
  );
  await script(
    'systemd-run',
    `printf '%s\\n' "$@" >${folder}/told
     while [ "$1" != -- ]; do shift; done; shift
     case $1 in /opt/*) exit 7 ;; esac
     CREDENTIALS_DIRECTORY=${folder}/credentials exec "$@"`,
  );
  const path = process.env['PATH'];
  process.env['PATH'] = `${folder}:${path}`;
  t.teardown(() => {
    process.env['PATH'] = path;
  });
  return async () => (await readFile(join(folder, 'told'), 'utf8')).trimEnd().split('\n');
}

function openIo() {
  const said: string[] = [];
  const io: Io = { out: () => {}, err: (line) => void said.push(line), ask: undefined };
  return { said, io };
}

t.test(
  'the same command line runs as the service does, without its --unit',
  asRoot('systemd asks only root'),
  async (t) => {
    const told = await openSystemd(t);
    const { said, io } = openIo();
    t.equal(await runInUnit(true, ['doctor', '--json', '--unit', '--dir', '/etc/x'], io), 7);
    t.strictSame(await told(), [
      ...['--quiet', '--pipe', '--wait', '--collect'],
      ...['--property=User=nobody', '--property=LoadCredential=audit-key:/etc/key'],
      '--property=RuntimeDirectoryPreserve=yes',
      '--setenv=VAKTROM_DIR=/etc/vaktrom',
      ...['--', '/opt/vaktrom/src/vaktrom.sh', 'doctor', '--json', '--dir', '/etc/x'],
    ]);
    t.strictSame(said, [
      'changed on disk',
      'not tried as vaktrom.service has it, for its specifier: Environment=HOST=%H',
    ]);
    for (const args of [
      ['doctor', '--unit', 'vaktrom'],
      ['doctor', '--unit=vaktrom'],
    ]) {
      await runInUnit('vaktrom', args, io);
      t.strictSame(
        (await told()).slice(-2),
        ['/opt/vaktrom/src/vaktrom.sh', 'doctor'],
        args.join(' '),
      );
    }
    await t.rejects(runInUnit('other', ['doctor'], io), {
      code: /^usage$/,
      message: /^systemd has no other\.service$/,
    });
  },
);

t.test(
  'a credential is lent for the time of a command',
  asRoot('systemd asks only root'),
  async (t) => {
    const told = await openSystemd(t);
    const directory = { secretsPath: '/nowhere' };
    const nobody = await findUser('nobody');
    await withCredentialsOf(true, [], async () => {
      const path = join(process.env['CREDENTIALS_DIRECTORY'] ?? '', 'audit-key');
      const { uid, gid, mode } = await stat(path);
      t.strictSame([uid, gid, mode & 0o777], [0, nobody.gid, 0o640]);
      await asUser(nobody, async () => {
        t.equal(await readSecret(directory, 'audit-key'), 'lent');
        await t.rejects(writeFile(path, 'another'), { code: /^EACCES$/ });
      });
    });
    t.strictSame((await told()).slice(4, 6), [
      '--property=LoadCredential=audit-key:/etc/key',
      '--',
    ]);
    t.equal(process.env['CREDENTIALS_DIRECTORY'], undefined);
    await t.rejects(readSecret(directory, 'audit-key'), { code: /^secret_missing$/ });
  },
);

t.test('a service without credentials lends none', asRoot('systemd asks only root'), async (t) => {
  await openSystemd(t, '[Service]\nUser=vaktrom\n');
  await t.rejects(
    withCredentialsOf(true, [], async () => t.fail('with what?')),
    {
      code: /^usage$/,
      message: /^vaktrom\.service is handed over no credentials: leave out --unit$/,
    },
  );
});

t.test('a secret that is missing comes with the command line to type', async (t) => {
  const args = ['identity', 'show', '@a:b', '--dir', 'a folder'];
  await t.rejects(
    withCredentialsOf(undefined, args, () => readSecret({ secretsPath: '/nowhere' }, 'audit-key')),
    {
      code: /^secret_missing$/,
      message:
        /^there is no secret audit-key in \/nowhere; if it is a credential of the service, type as root: vaktrom identity show @a:b --dir 'a folder' --unit$/,
    },
  );
  t.equal(await withCredentialsOf(undefined, args, async () => 'done'), 'done');
});

t.test('whoever is not root is told', async (t) => {
  if (isRoot) return;
  await t.rejects(runInUnit(true, [], openIo().io), {
    code: /^usage$/,
    message: /^--unit is for root$/,
  });
});
