/**
 * A bot at homeservers without passwords, through the command line: signed in by a link and a code, its
 * session renewed while it runs and beside it, and a clear end when it is over.
 */
import { existsSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { eventually } from '../people/eventually.ts';
import type { Person } from '../people/person.ts';
import { SignInServer } from '../support/sign-in-server.ts';
import { House, vaktrom } from './house.ts';
import { signInWith } from './sign-in-by-code.ts';

interface Cast {
  readonly server: SignInServer;
  readonly house: House;
  readonly alice: Person;
  readonly room: string;
}

const answer = async ({ house, alice, room }: Cast, text: string): Promise<string> => {
  const thread = await alice.say(room, text);
  const isIt = (h: { sender: string; thread: string | undefined }) =>
    h.sender === house.bot && h.thread === thread;
  return (await alice.waitFor(room, isIt)).body;
};

const sessionFile = ({ house }: Cast): string => join(house.dir, 'state', 'session.json');

t.test('a bot without a password', async (t) => {
  await using server = await SignInServer.open({ oauth: true, lifetimeMs: 300_000 });
  const { accounts } = server.homeserver.state;
  await using house = await House.open({
    ...{ baseUrl: server.url, serverName: 'localhost' },
    register: async (name, password) => accounts.register(name, password),
  });
  await house.server.register('bot', 'nobody knows it');
  const alice = await house.person('alice');
  const cast = { server, house, alice, room: await alice.createRoom([house.bot]) };
  await t.test('it is set up by a link and a code', (t) => isSetUp(t, cast));
  await t.test('commands beside the daemon share its session', (t) => isShared(t, cast));
  await t.test('an expired session is renewed while it runs', (t) => isRenewed(t, cast));
  await t.test('and by a command, where no daemon runs', (t) => isRenewedWithout(t, cast));
  await t.test('one that is over ends the daemon, which says what mends it', (t) =>
    isOver(t, cast),
  );
  await t.test('a new device mends it', (t) => isMended(t, cast));
  await t.test('and mends a session that was lost', (t) => isLost(t, cast));
});

async function isSetUp(t: Test, cast: Cast): Promise<void> {
  const { house, alice, room, server } = cast;
  const policy = join(house.folder, 'policy.yaml');
  await writeFile(
    policy,
    `version: 1
people: { alice: { roles: [ops], accounts: [{ id: "${alice.userId}" }] } }
rooms: { ops: { id: "${room}" } }
actions: {}
...
`,
  );
  const where = ['--homeserver', server.url, '--user', house.bot, '--policy', policy];
  const { code, lines } = await signInWith(server, house, 'init', '--yes', ...where);
  t.equal(code, 0, lines.join('\n'));
  t.equal((await stat(sessionFile(cast))).mode & 0o777, 0o600);
  t.notOk(existsSync(join(house.dir, 'secrets', 'access-token')));
  const kept = await readFile(sessionFile(cast), 'utf8');
  t.hasStrict(Object.keys(JSON.parse(kept) as object), ['v', 'sealed']);
  await house.run();
  await alice.waitForMembership(room, { userId: house.bot, membership: 'join' });
  t.equal(await answer(cast, '!version'), 'Vaktrom 0.1.0');
}

async function isShared(t: Test, { house, alice }: Cast): Promise<void> {
  const shown = await vaktrom('identity', 'show', alice.userId, '--dir', house.dir, '--json');
  t.equal(shown.code, 0, shown.stderr);
  t.strictSame(JSON.parse(shown.stdout), {
    ...{ id: alice.userId, identity: await alice.masterKey() },
  });
}

async function isRenewed(t: Test, cast: Cast): Promise<void> {
  const { server, house, alice } = cast;
  const before = await readFile(sessionFile(cast), 'utf8');
  const renewals = () => server.asked.filter((one) => one === 'POST /oauth/token').length;
  const asked = renewals();
  server.expireAll();
  process.kill(house.pid, 'SIGSTOP');
  const beside = await vaktrom('identity', 'show', alice.userId, '--dir', house.dir);
  process.kill(house.pid, 'SIGCONT');
  t.strictSame(beside, {
    ...{ code: 3, stdout: '' },
    stderr:
      'vaktrom: the session has expired, and the daemon, which renews it, has not done so yet: try again in a minute\n',
  });
  t.equal(renewals(), asked, 'a command leaves the renewal to the daemon');
  t.equal(await answer(cast, '!version'), 'Vaktrom 0.1.0');
  t.not(await readFile(sessionFile(cast), 'utf8'), before, 'the next pair is kept');
}

async function isRenewedWithout(t: Test, cast: Cast): Promise<void> {
  const { house, alice, server } = cast;
  const show = () => vaktrom('identity', 'show', alice.userId, '--dir', house.dir);
  t.equal(await house.stop(), 0);
  server.expireAll();
  t.equal((await show()).code, 0);
  t.equal((await show()).code, 0, 'once more, with what was kept');
  await house.run();
  t.equal(await answer(cast, '!version'), 'Vaktrom 0.1.0');
}

const OVER =
  'the homeserver has signed the bot out, or its session has expired: give it a new device by vaktrom device rotate';

async function isOver(t: Test, cast: Cast): Promise<void> {
  const { house, server, alice } = cast;
  server.endAll();
  t.equal(await house.ended(), 4);
  t.ok(house.log().split('\n').includes(`vaktrom: ${OVER}`), house.log());
  const last = (await house.entries()).at(-1);
  t.hasStrict(last, { type: 'shutdown', reason: 'signed_out' });
  const doctor = await vaktrom('doctor', '--dir', house.dir);
  t.equal(doctor.code, 1);
  const [line = ''] = doctor.stdout
    .split('\n')
    .filter((one) => one.includes('homeserver knows us'));
  t.equal(
    line.slice(0, 33 + OVER.length),
    `BAD   the homeserver knows us: ${OVER}: `.slice(0, 33 + OVER.length),
  );
  const shown = await vaktrom('identity', 'show', alice.userId, '--dir', house.dir);
  t.equal(shown.code, 4);
}

async function isMended(t: Test, cast: Cast): Promise<void> {
  const { server, house } = cast;
  const { code, lines } = await signInWith(server, house, 'device', 'rotate');
  t.equal(code, 0, lines.join('\n'));
  await cast.house.run();
  t.equal(await eventually(() => answer(cast, '!version')), 'Vaktrom 0.1.0');
}

async function isLost(t: Test, cast: Cast): Promise<void> {
  const { server, house } = cast;
  t.equal(await house.stop(), 0);
  await writeFile(sessionFile(cast), 'damaged');
  const file = sessionFile(cast);
  const refused = await vaktrom('run', '--dir', house.dir);
  t.strictSame(
    [refused.code, refused.stderr],
    [5, `vaktrom: ${file} is damaged: give the bot a new device by vaktrom device rotate\n`],
  );
  const settings = await readFile(join(house.dir, 'vaktrom.yaml'), 'utf8');
  const [, old = ''] = /^device: "(.*)"$/m.exec(settings) ?? [];
  const { code, lines } = await signInWith(server, house, 'device', 'rotate');
  t.equal(code, 0, lines.join('\n'));
  t.ok(
    lines.includes(
      `${old} was not signed out: its session cannot be read any more. If the homeserver still lists it, remove it there.`,
    ),
    lines.join('\n'),
  );
  await house.run();
  t.equal(await answer(cast, '!version'), 'Vaktrom 0.1.0');
}
