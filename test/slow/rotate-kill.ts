/**
 * `vaktrom device rotate`, killed in the midst of putting the new device in place: typed again it goes on,
 * and until it is done the daemon does not start. KILLS_OF_ROTATION sets how often (12).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { House, vaktrom } from '../story/house.ts';
import { openLoopback } from '../story/loopback-server.ts';
import { childEnv, DIES_WITH_US } from '../support/child-env.ts';

const KILLS = Number(process.env['KILLS_OF_ROTATION'] ?? 12);
const SCRIPT = join(import.meta.dirname, '..', '..', 'src', 'vaktrom.sh');
/** From the moment when what is to be done is on disk; all of it takes about as long. */
const LONGEST_MS = 30;

t.test(`a rotation survives ${KILLS} kills`, async (t) => {
  await using server = await openLoopback();
  await using house = await House.open(server);
  const alice = await house.person('alice');
  const room = await alice.createRoom([house.bot]);
  const made = await house.init(
    `version: 1
people: { alice: { roles: [ops], accounts: [ { id: "${alice.userId}", identity: "${await alice.masterKey()}" } ] } }
rooms: { ops: { id: "${room}" } }
actions: {}
`,
    '--json',
  );
  const { identity } = JSON.parse(made.stdout) as { identity: string };
  const state = join(house.dir, 'state');
  const journal = join(state, 'rotation.json');
  const args = [
    ...['device', 'rotate', '--dir', house.dir, '--json'],
    ...['--password-file', join(house.folder, 'password')],
  ];
  const deviceOf = async () =>
    /^device: "(.*)"$/m.exec(await readFile(join(house.dir, 'vaktrom.yaml'), 'utf8'))?.[1];

  let cutOff = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const before = await deviceOf();
    const child = spawn('setpriv', [...DIES_WITH_US, 'sh', SCRIPT, ...args], {
      env: childEnv(),
      stdio: 'ignore',
    });
    const ended = once(child, 'exit');
    while (!existsSync(journal) && child.exitCode === null) await sleep(1);
    await sleep((LONGEST_MS * kill) / KILLS);
    child.kill('SIGKILL');
    await ended;
    if (existsSync(journal)) {
      cutOff++;
      const refused = await vaktrom('run', '--dir', house.dir);
      t.match(refused, { code: 5, stderr: /device rotate was cut off/ });
    }
    const again = await vaktrom(...args);
    t.equal(again.code, 0, again.stderr);
    t.not(await deviceOf(), before);
    t.strictSame((await readdir(state)).sort(), ['.gitignore', 'audit', 'crypto', 'state.json']);
  }
  t.ok(cutOff > 0, `${cutOff} were cut off`);

  await house.run();
  await alice.waitForMembership(room, { userId: house.bot, membership: 'join' });
  const thread = await alice.say(room, '!whoami');
  await alice.waitFor(room, (h) => h.sender === house.bot && h.thread === thread);
  const shown = await vaktrom('identity', 'show', house.bot, '--dir', house.dir, '--json');
  t.strictSame(JSON.parse(shown.stdout), { id: house.bot, identity });
  const seen = await alice.session.client.getCrypto()?.getUserDeviceInfo([house.bot], true);
  t.ok([...(seen?.get(house.bot)?.keys() ?? [])].includes((await deviceOf()) ?? ''));
});
