/** Three users of one host: the daemon's, a person's, an attacker's. Only root can be all of them. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t from 'tap';
import { openOwnFolder } from '../../src/demo/folder.ts';
import { eventually } from '../people/eventually.ts';
import { asRoot } from '../support/as-root.ts';
import { DIES_WITH_US } from '../support/child-env.ts';
import { PATIENCE_MS } from '../support/patience.ts';

const [DAEMON, VICTIM, ATTACKER] = [61_234, 61_235, 61_236];

/** Without what tap hangs on every child: it writes where only the user of the tests may. */
const CLEAN = ['-i', process.execPath];

const script = (name: string) => join(import.meta.dirname, 'fixtures', `${name}.ts`);

function as(uid: number, name: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync('env', [...CLEAN, script(name), ...args], {
    ...{ uid, gid: uid, cwd: '/', encoding: 'utf8', timeout: PATIENCE_MS },
  });
  return { status, stdout: stdout.trim(), stderr: stderr.trim() };
}

t.test('the kernel says who is asking', asRoot('only root can be three users'), async (t) => {
  const own = await openOwnFolder('strangers');
  t.teardown(() => own[Symbol.asyncDispose]());
  const place = own.path;
  chmodSync(place, 0o711);
  const home = (name: string, uid: number) => {
    mkdirSync(join(place, name), { mode: 0o711 });
    chownSync(join(place, name), uid, uid);
    return join(place, name);
  };
  const folder = join(home('daemon', DAEMON), 'run');
  const door = spawn('setpriv', [...DIES_WITH_US, 'env', ...CLEAN, script('door'), folder], {
    ...{ uid: DAEMON, gid: DAEMON, cwd: '/', stdio: ['ignore', 'pipe', 'inherit'] },
  });
  t.teardown(() => door.kill());
  const said: string[] = [];
  const lines = createInterface({ input: door.stdout });
  lines.on('line', (line) => void said.push(line));
  await once(lines, 'line');

  t.hasStrict(as(VICTIM, 'knock', folder, 'who'), { status: 0, stdout: String(VICTIM) });
  t.hasStrict(as(ATTACKER, 'knock', folder, 'who'), { status: 0, stdout: String(ATTACKER) });
  t.hasStrict(as(0, 'knock', folder, 'who'), { status: 0, stdout: '0' });
  t.match(as(VICTIM, 'knock', folder, 'host'), { status: 1, stderr: /for root/ });
  t.match(as(DAEMON, 'knock', folder, 'host'), { status: 0 });
  t.match(as(0, 'knock', folder, 'host'), { status: 0 });

  const theirs = join(home('attacker', ATTACKER), 'theirs');
  writeFileSync(theirs, 'what the victim has written', { mode: 0o644 });
  chownSync(theirs, VICTIM, VICTIM);
  const { stdout, stderr } = as(ATTACKER, 'impostor', folder, theirs);
  t.equal(stderr, '');
  t.equal(stdout.split('You did not prove who you are').length, 5, 'four times no');
  t.notMatch(stdout, /output/);
  const refusals = () => said.filter((line) => line.startsWith('unproven')).length;
  await eventually(() => (refusals() === 4 ? true : undefined));
  t.match(as(VICTIM, 'knock', folder, 'who'), { status: 0 }, 'and it goes on');
});
