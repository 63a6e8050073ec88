/**
 * Renewals of the bot's session that are killed: with what is on disk, the next command gets in, whichever
 * step of the renewal was the last. KILLS_OF_RENEWAL sets how often (12).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { House, vaktrom } from '../story/house.ts';
import { signInWith } from '../story/sign-in-by-code.ts';
import { childEnv, DIES_WITH_US } from '../support/child-env.ts';
import { type Play, SignInServer } from '../support/sign-in-server.ts';

const KILLS = Number(process.env['KILLS_OF_RENEWAL'] ?? 12);
const SCRIPT = join(import.meta.dirname, '..', '..', 'src', 'vaktrom.sh');
/** From the moment when the next tokens are asked for; keeping and using them takes about as long. */
const LONGEST_MS = 40;
const POLICY = 'version: 1\npeople: {}\nrooms: {}\nactions: {}\n';

const KINDS: Readonly<Record<string, Play>> = {
  'the homeserver': { lifetimeMs: 300_000 },
  'an authorization server': { lifetimeMs: 300_000, oauth: true },
};

for (const [who, play] of Object.entries(KINDS))
  t.test(`a session that ${who} renews survives ${KILLS} kills`, (t) => survives(t, play));

async function survives(t: Test, play: Play): Promise<void> {
  await using server = await SignInServer.open(play);
  const { accounts } = server.homeserver.state;
  await using house = await House.open({
    ...{ baseUrl: server.url, serverName: 'localhost' },
    register: async (name, password) => accounts.register(name, password),
  });
  const alice = await house.person('alice');
  if (play.oauth) {
    await house.server.register('bot', 'nobody knows it');
    const where = ['--yes', '--homeserver', server.url, '--user', house.bot];
    const { code, lines } = await signInWith(server, house, 'init', ...where);
    t.equal(code, 0, lines.join('\n'));
  } else {
    const { code, stderr } = await house.init(POLICY);
    t.equal(code, 0, stderr);
  }
  const args = ['identity', 'show', alice.userId, '--dir', house.dir];
  const renewal = play.oauth ? 'POST /oauth/token' : 'POST /_matrix/client/v3/refresh';
  const renewals = () => server.asked.filter((one) => one === renewal).length;

  let cutOff = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    server.expireAll();
    const before = renewals();
    const child = spawn('setpriv', [...DIES_WITH_US, 'sh', SCRIPT, ...args], {
      env: childEnv(),
      stdio: 'ignore',
    });
    const ended = once(child, 'exit');
    while (renewals() === before && child.exitCode === null) await sleep(1);
    await sleep((LONGEST_MS * kill) / KILLS);
    child.kill('SIGKILL');
    await ended;
    if (child.signalCode === 'SIGKILL') cutOff++;
    const again = await vaktrom(...args);
    t.strictSame([again.code, again.stderr.includes('signed')], [0, false], again.stderr);
  }
  t.ok(cutOff > 0, `${cutOff} were cut off`);
}
