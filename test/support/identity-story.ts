/**
 * Identities through the command line and a running daemon: compared by emoji, replaced, suspended,
 * pinned anew; and the bot's own, on a new device and on a new host. Runs unchanged against the loopback
 * homeserver and a Synapse.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { askDaemon } from '../../src/control/client.ts';
import { awaitVerification, reachEmoji } from '../people/comparing.ts';
import { eventually } from '../people/eventually.ts';
import type { Person } from '../people/person.ts';
import { type Ended, House, type Server, vaktrom } from '../story/house.ts';
import { childEnv } from './child-env.ts';
import { PATIENCE_MS } from './patience.ts';

interface Cast {
  readonly house: House;
  readonly alice: Person;
  readonly room: string;
  /** As init showed them. */
  readonly identity: string;
  readonly recoveryKey: string;
}

export function tellIdentities(open: () => Promise<Server & AsyncDisposable>): void {
  t.test('identities, end to end', async (t) => {
    await using server = await open();
    await using house = await House.open(server);
    const cast = await gather(t, house);
    await t.test('a person is verified from the host', (t) => isVerified(t, cast));
    await t.test('emoji that differ verify nobody', (t) => isMismatched(t, cast));
    await t.test('a replaced identity is suspended until it is pinned', (t) => isPinned(t, cast));
    await t.test('the device is rotated under the same identity', (t) => isRotated(t, cast));
    await t.test('the bot comes back on a new host', (t) => isRecovered(t, cast));
  });
}

async function gather(t: Test, house: House): Promise<Cast> {
  const alice = await house.person('alice');
  const room = await alice.createRoom([house.bot]);
  const made = await house.init(
    `version: 1
# a remark that stays
people:
  alice: { roles: [ops], accounts: [ { id: "${alice.userId}", identity: "${await alice.masterKey()}" } ] }
rooms: { ops: { id: "${room}" } }
actions: {}
`,
    '--json',
  );
  t.equal(made.code, 0, made.stderr);
  const { identity, recovery_key: recoveryKey } = JSON.parse(made.stdout) as Record<string, string>;
  if (identity === undefined || recoveryKey === undefined) throw new Error(made.stdout);
  await house.run();
  await alice.waitForMembership(room, { userId: house.bot, membership: 'join' });
  return { house, alice, room, identity, recoveryKey };
}

/** What the bot answers, in one piece. */
async function whoami({ house, alice, room }: Cast): Promise<string> {
  const thread = await alice.say(room, '!whoami');
  const isAnswer = (heard: { sender: string; thread: string | undefined }) =>
    heard.sender === house.bot && heard.thread === thread;
  return (await alice.waitFor(room, isAnswer)).body;
}

/** Somebody at the host, who looks at the emoji and says yes or no. */
function atTheHost({ house, alice }: Cast, answer: string) {
  const seen: string[] = [];
  const notes: string[] = [];
  const code = askDaemon(
    { folder: join(house.dir, 'run'), verb: 'verify', fields: { account: alice.userId } },
    {
      note: (text) => void notes.push(text),
      output: (text) => void seen.push(text),
      ask: async () => answer,
    },
  );
  return { seen, notes, code };
}

/** As somebody at the host would: asks once more when the command says that it did not work. */
async function askFromTheHost(t: Test, cast: Cast) {
  const asked = awaitVerification(cast.alice);
  for (let attempt = 1; ; attempt++) {
    const host = atTheHost(cast, 'yes');
    const late = AbortSignal.timeout(PATIENCE_MS);
    const request = await Promise.race([
      asked,
      host.code.then(() => undefined),
      once(late, 'abort').then(() => undefined),
    ]);
    if (request) return { host, request };
    const why = `attempt ${attempt}: she was not asked${late.aborted ? ' in time' : ''}`;
    t.comment(`${why}: ${host.notes.join('; ')}`);
    if (late.aborted || attempt === 3) throw new Error(`${why}: ${host.notes.join('; ')}`);
  }
}

async function isVerified(t: Test, cast: Cast): Promise<void> {
  const { house, alice } = cast;
  t.match(await whoami(cast), /pinned in the policy · never compared by emoji/);
  const { host, request } = await askFromTheHost(t, cast);
  const theirs = await reachEmoji(request);
  await theirs.confirm();
  await theirs.done;
  t.equal(await host.code, 0, host.notes.join('\n'));
  t.equal(host.seen.slice(0, 7).join(', ').replaceAll(/ +/g, ' '), theirs.emoji);
  t.equal(host.seen[7], theirs.decimals);
  t.equal(host.seen[8], `- { id: "${alice.userId}", identity: "${await alice.masterKey()}" }`);
  t.hasStrict(await house.entries(), [{ type: 'boot' }, { type: 'identity.pinned' }]);
  t.hasStrict(
    (await house.entries()).find((e) => e.type === 'identity.verified'),
    { person: 'alice', account: alice.userId, identity: await alice.masterKey() },
  );
  t.match(await whoami(cast), /compared by emoji on \d{4}-\d\d-\d\d/);
}

async function isMismatched(t: Test, cast: Cast): Promise<void> {
  const asked = awaitVerification(cast.alice);
  const host = atTheHost(cast, 'no');
  const theirs = await reachEmoji(await asked);
  await t.rejects(theirs.done);
  t.equal(await host.code, 1);
  const verified = (await cast.house.entries()).filter((e) => e.type === 'identity.verified');
  t.equal(verified.length, 1);
}

async function isPinned(t: Test, cast: Cast): Promise<void> {
  const { house, alice, room } = cast;
  const [dir, policy] = [['--dir', house.dir], join(house.dir, 'policy.yaml')];
  const first = await alice.masterKey();
  await alice.resetIdentity();
  const second = await alice.masterKey();
  await alice.say(room, '!whoami');
  await eventually(async () =>
    (await house.entries()).find((e) => e.type === 'refused' && e.identity === second),
  );
  t.match((await vaktrom('identity', 'history', ...dir)).stderr, /alice.* is suspended/);

  const before = await readFile(policy, 'utf8');
  const shown = await vaktrom('identity', 'pin', 'alice', ...dir);
  t.strictSame(
    [shown.code, shown.stdout],
    [0, `- { id: "${alice.userId}", identity: "${second}" }\n`],
  );
  t.match(shown.stderr, /^Only the homeserver says/);
  t.equal(await readFile(policy, 'utf8'), before, 'nothing is written without --write');
  t.match(await vaktrom('identity', 'pin', 'alice', '--write', ...dir), { code: 2 });
  t.match(await vaktrom('identity', 'pin', 'alice', '--write', '--yes', ...dir), { code: 0 });
  t.equal(await readFile(policy, 'utf8'), before.replace(first, second));

  process.kill(house.pid, 'SIGHUP');
  await eventually(async () =>
    (await house.entries()).find((e) => e.type === 'identity.pinned' && e.identity === second),
  );
  t.ok(
    (await whoami(cast))
      .split('\n')
      .includes(`identity ${second} · pinned in the policy · never compared by emoji`),
  );
  const { stdout, stderr } = await vaktrom('identity', 'history', '--json', ...dir);
  const history = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as object);
  t.hasStrict(history, [
    { what: 'pinned', identity: first },
    { what: 'seen', identity: first },
    { what: 'verified', identity: first },
    { what: 'refused', code: 'identity_mismatch', identity: second },
    { what: 'pinned', identity: second },
    { what: 'seen', identity: second },
  ]);
  t.equal(stderr, '');
}

async function isRotated(t: Test, cast: Cast): Promise<void> {
  const { house } = cast;
  const settings = join(house.dir, 'vaktrom.yaml');
  const rotate = () =>
    vaktrom(
      ...['device', 'rotate', '--dir', house.dir, '--json'],
      ...['--password-file', join(house.folder, 'password')],
    );
  const before = await readFile(settings, 'utf8');
  t.match(await rotate(), { code: 1, stderr: /in use|another/i }, 'not while the daemon runs');
  await house.stop();
  const rotated = await rotate();
  t.equal(rotated.code, 0, rotated.stderr);
  const devices = JSON.parse(rotated.stdout) as { before: string; now: string };
  t.equal(await readFile(settings, 'utf8'), before.replace(devices.before, devices.now));
  await house.run();
  t.match(await whoami(cast), /You are alice/);
  const seen = await cast.alice.session.client.getCrypto()?.getUserDeviceInfo([house.bot], true);
  t.strictSame([...(seen?.get(house.bot)?.keys() ?? [])], [devices.now]);
}

async function isRecovered(t: Test, { house, identity, recoveryKey }: Cast): Promise<void> {
  const recover = (dir: string, key: string) =>
    withInput(
      `${key}\n`,
      ...['recover', '--dir', join(house.folder, dir), '--homeserver', house.server.baseUrl],
      ...['--user', house.bot, '--password-file', join(house.folder, 'password'), '--json'],
    );
  const wrong = await recover(
    'wrong',
    recoveryKey.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a')),
  );
  t.match(wrong, { code: 1, stderr: /recovery key/ });
  const made = await recover('elsewhere', recoveryKey);
  t.equal(made.code, 0, made.stderr);
  t.hasStrict(JSON.parse(made.stdout), { ok: true, identity });
  t.notOk((made.stdout + made.stderr).includes(recoveryKey));
}

/** A command line that is told something on stdin. */
async function withInput(input: string, ...args: readonly string[]): Promise<Ended> {
  const script = join(import.meta.dirname, '..', '..', 'src', 'vaktrom.sh');
  const child = spawn('sh', [script, ...args], { env: childEnv() });
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}
