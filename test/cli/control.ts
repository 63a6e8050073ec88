/**
 * Vaktrom without chat, with the real daemon: users of the host ask, prove, sign off and deny at their
 * terminals, also on the day when the homeserver is down.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, chmod } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Io } from '../../src/cli/io.ts';
import { runCommandLine } from '../../src/cli/program.ts';
import { openHomeserver } from '../../src/demo/homeserver/homeserver.ts';
import { Authenticator } from '../people/authenticator.ts';
import { eventually } from '../people/eventually.ts';
import type { Person } from '../people/person.ts';
import { House } from '../story/house.ts';
import { asRoot } from '../support/as-root.ts';
import { pretendUsers } from '../support/host-users.ts';

const ME = userInfo().username;
/** Other users, whom only the daemon knows. */
const USERS = { bob: 61_237, mallory: 61_238 } as const;
const ONLY_ROOT = asRoot('only root can be other users of the host');

interface Cast {
  readonly house: House;
  readonly room: string;
  readonly alice: Person;
}

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** In this process, as ourselves: alice. `answers` are typed at the terminal, in order. */
async function me(
  { house }: Cast,
  args: readonly string[],
  answer?: (question: string) => Promise<string>,
): Promise<Said> {
  const [out, err]: [string[], string[]] = [[], []];
  const io: Io = {
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    ask: answer && ((question) => answer(`${question} ${[...out].join('\n')}`)),
  };
  const code = await runCommandLine([...args, '--dir', house.dir], io);
  return { code, out: out.join('\n'), err: err.join('\n') };
}

/** As another user of the host, like they would: by its installed command. */
async function they(
  { house }: Cast,
  user: keyof typeof USERS,
  args: readonly string[],
): Promise<Said> {
  const command = join(import.meta.dirname, '..', '..', 'src', 'vaktrom.sh');
  const control = join(house.folder, 'run');
  // Without what tap hangs on every child: it writes where only the user of the tests may.
  const clean = ['-i', `PATH=${process.env['PATH'] ?? ''}`];
  const child = spawn('env', [...clean, 'sh', command, ...args, '--control', control], {
    ...{ uid: USERS[user], gid: USERS[user], cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] },
  });
  const text = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    text.out += String(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    text.err += String(chunk);
  });
  const [code] = (await once(child, 'close')) as [number];
  return { code, ...text };
}

async function gather(house: House): Promise<Cast> {
  const alice = await house.person('alice');
  const room = await alice.createRoom([house.bot]);
  const status = await house.script('status', 'echo "$1 is fine"; exit "$2"');
  const long = await house.script(
    'long',
    'i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo "line $i"; done; sleep 0.3; echo last',
  );
  const allow = 'allow: { roles: [ops], rooms: [ops, local] }';
  const made = await house.init(`version: 1
people:
  alice: { roles: [ops], local_users: [${ME}], accounts: [ { id: "${alice.userId}", identity: "${await alice.masterKey()}" } ] }
  bob: { roles: [sre], local_users: [bob], accounts: [ { id: "@bob:localhost" } ] }
rooms: { ops: { id: "${room}" } }
actions:
  status:
    summary: Show the health
    run: ["${status}", "{service}", "{code}"]
    params: { service: { enum: [web, api] }, code: { integer: { min: 0, max: 99 }, default: "0" } }
    effect: read
    ${allow}
  long: { summary: Say much, run: ["${long}"], effect: read, ${allow} }
  peek: { summary: Look, run: ["${status}", peek, "0"], effect: read, ${allow}, sandbox: { read: ["${join(house.folder, 'run')}"] } }
  roomy: { summary: For the room, run: ["${long}"], effect: read, allow: { roles: [ops], rooms: [ops] } }
  danger: { summary: Prove it, run: ["${status}", danger, "0"], effect: change, ${allow}, require: { step_up: totp } }
  deploy: { summary: Deploy, run: ["${status}", deploy, "0"], effect: change, ${allow}, require: { approvals: { count: 1, roles: [sre] } } }
  brief: { summary: Wait, run: ["${status}", brief, "0"], effect: change, ${allow}, require: { approvals: { count: 1, roles: [sre] }, within: 2s } }
`);
  if (made.code !== 0) throw new Error(made.stderr);
  await chmod(house.folder, 0o711);
  await appendFile(join(house.dir, 'vaktrom.yaml'), `control: ${join(house.folder, 'run')}\n`);
  house.path = await pretendUsers(join(house.folder, 'bin'), USERS);
  await house.run();
  return { house, room, alice };
}

t.test('without chat', async (t) => {
  const homeserver = await openHomeserver({ serverName: 'localhost' });
  t.teardown(() => homeserver[Symbol.asyncDispose]());
  await using house = await House.open({
    ...{ baseUrl: homeserver.url, serverName: 'localhost' },
    register: async (name, password) => homeserver.state.accounts.register(name, password),
  });
  const cast = await gather(house);
  await t.test('an action runs, and its output and exit code are ours', (t) => runs(t, cast));
  await t.test('what the policy does not allow here is refused', (t) => isRefused(t, cast));
  await t.test('one-time codes are set up and asked for', (t) => isProven(t, cast));
  await t.test('what nobody signs off expires', (t) => expires(t, cast));
  await t.test('a request can be taken back', (t) => cancels(t, cast));
  await t.test('another person signs off, or denies', ONLY_ROOT, (t) => isSignedOff(t, cast));
  await t.test('nobody else is heard', ONLY_ROOT, (t) => isStranger(t, cast));
  await cast.alice[Symbol.asyncDispose](); // whose client would go on asking
  await homeserver[Symbol.asyncDispose]();
  await t.test('the homeserver is down, and another person signs off', ONLY_ROOT, (t) =>
    isSignedOffOffline(t, cast),
  );
  await t.test('the homeserver is down, and all of it goes on', (t) => goesOn(t, cast));
});

async function runs(t: Test, cast: Cast): Promise<void> {
  const ran = await me(cast, ['request', 'status', 'service=web']);
  t.match(ran, { code: 0, out: /^web is fine$/ });
  t.match(ran.err, /^▶ status web 0 · request .*✓ status web 0 .*exit 0 · in .* · 1 line · entry/s);
  t.hasStrict(await me(cast, ['request', 'status', 'api', 'code=42']), {
    code: 42,
    out: 'api is fine',
  });
  const { code, out } = await me(cast, ['request', 'long']);
  t.equal(code, 0);
  const lines = [...Array.from({ length: 300 }, (_, i) => `line ${i + 1}`), 'last'];
  t.strictSame(out.split('\n'), lines, 'every line once, in order');
  const json = await me(cast, ['request', 'status', 'web', '--json']);
  t.strictSame(JSON.parse(json.out.split('\n')[1] ?? ''), { output: 'web is fine' });
  const entries = await cast.house.entries();
  t.match(
    entries.find((e) => e.type === 'request'),
    {
      decision: /^allow$/,
      frozen: {
        room: /^local$/,
        actor: { person: /^alice$/, account: new RegExp(`^local:${ME}$`), identity: /^$/ },
        source: { room: /^local$/, event: /^\$local-/ },
      },
    },
  );
}

async function isRefused(t: Test, cast: Cast): Promise<void> {
  const elsewhere = await me(cast, ['request', 'roomy']);
  t.match(elsewhere, {
    code: 120,
    out: /^$/,
    err: /Refused. It runs only in ops, not here \(local\)/,
  });
  t.match(await me(cast, ['request', 'staus']), { code: 120, err: /Did you mean !status\?/ });
  const bad = await me(cast, ['request', 'status', 'service=web; rm -rf /']);
  t.match(bad, { code: 120, err: /service cannot be "web; rm -rf \/"/ });
  const peek = await me(cast, ['request', 'peek']);
  t.match(peek, { code: 125, out: /^$/, err: /not started/ }, 'no action sees the socket');
  t.match(await me(cast, ['why', 'roomy']), { code: 0, out: /It would be refused/ });
  t.match(await me(cast, ['approve', 'K7QF-2M']), { code: 120, err: /no request K7QF-2M/ });
  t.hasStrict(await me(cast, ['pending']), { code: 0, out: 'Nothing waits.' });
}

async function isProven(t: Test, cast: Cast): Promise<void> {
  let app: Authenticator | undefined;
  const enrolled = await me(cast, ['enrol', 'totp', 'alice'], async (seen) => {
    app ??= new Authenticator(/otpauth:\S+/.exec(seen)?.[0] ?? '');
    return app.next();
  });
  t.match(enrolled, {
    code: 0,
    out: /[█▀▄]{8}.*otpauth:\/\/totp\//s,
    err: /✓ .* of alice are set up/,
  });
  t.match(await me(cast, ['enrol', 'totp', 'nobody']), { code: 1, err: /no such person/ });
  const ticket = await me(cast, ['enrol', 'passkey', 'alice']);
  t.match(ticket, { code: 0, out: /^[0-9A-Z]{24}$/ });

  const answers = ['not a code', app?.again() ?? '', (await app?.next()) ?? ''];
  const asked: string[] = [];
  const proven = await me(cast, ['request', 'danger'], async (question) => {
    asked.push(question);
    return answers.shift() ?? '';
  });
  t.match(proven, { code: 0, out: /^danger is fine$/, err: /six digits.*used already.*exit 0/s });
  t.equal(asked.length, 3);
  t.match(asked[0], /^One-time code for \w{4}-\w{2}: /);
  const log = JSON.stringify(await cast.house.entries());
  t.notMatch(log, new RegExp(`"${app?.again()}"`), 'no code is in the log');
  t.match(log, /"by":"host".*"type":"factor.enrolled"/);
}

async function expires(t: Test, cast: Cast): Promise<void> {
  const waited = await me(cast, ['request', 'brief']);
  t.match(waited, { code: 122, out: /^$/, err: /needs 1 sign-off from sre.*Expired/s });
}

async function cancels(t: Test, cast: Cast): Promise<void> {
  t.match(await me(cast, ['cancel', 'K7QF-2M']), { code: 120, err: /no request K7QF-2M open/ });
  const { id, over } = await ask(cast);
  t.match(await me(cast, ['cancel', id]), { code: 0, err: /withdrawn/ });
  t.match(await over, { code: 123 });
}

/** Asks for it, and waits until it can be signed off. */
async function ask(cast: Cast): Promise<{ readonly id: string; readonly over: Promise<Said> }> {
  const before = new Set(
    (await cast.house.entries()).map((e) => ('request' in e ? e.request : '')),
  );
  const over = me(cast, ['request', 'deploy']);
  const id = await eventually(async () => {
    const { out } = await me(cast, ['pending']);
    return [...out.matchAll(/^\w{4}-\w{2}/gm)].map(([found]) => found).find((f) => !before.has(f));
  });
  return { id, over };
}

async function isSignedOff(t: Test, cast: Cast): Promise<void> {
  const yes = await ask(cast);
  t.match(await me(cast, ['approve', yes.id]), { code: 120, err: /needs somebody else/ });
  t.match(await they(cast, 'bob', ['pending']), { code: 0, out: new RegExp(`^${yes.id} deploy`) });
  t.match(await they(cast, 'bob', ['approve', yes.id]), { code: 0, err: /✓ bob signed off/ });
  t.hasStrict(await yes.over, { code: 0, out: 'deploy is fine' });
  const no = await ask(cast);
  const denied = await they(cast, 'bob', ['deny', no.id, 'not', 'on a Friday']);
  t.match(denied, { code: 0, err: /bob denied/ });
  t.match(await no.over, { code: 121, err: /Denied by bob: not on a Friday/ });
  const theirs = await they(cast, 'bob', ['request', 'status', 'web']);
  t.match(theirs, { code: 120, err: /It is for ops; your roles are sre/ });
  t.match(await they(cast, 'bob', ['enrol', 'totp', 'bob']), { code: 1, err: /for root/ });
}

async function isStranger(t: Test, cast: Cast): Promise<void> {
  const before = (await cast.house.entries()).length;
  const heard = await they(cast, 'mallory', ['request', 'status', 'web']);
  t.match(heard, { code: 120, out: /^$/, err: /does not name mallory/ });
  t.hasStrict((await cast.house.entries()).slice(before), [
    { type: 'refused', code: 'unknown_account', sender: 'local:mallory' },
  ]);
}

async function isSignedOffOffline(t: Test, cast: Cast): Promise<void> {
  const { id, over } = await ask(cast);
  t.match(await they(cast, 'bob', ['approve', id]), { code: 0 });
  t.hasStrict(await over, { code: 0, out: 'deploy is fine' });
}

async function goesOn(t: Test, cast: Cast): Promise<void> {
  t.hasStrict(await me(cast, ['request', 'status', 'web']), { code: 0, out: 'web is fine' });
  t.equal(await cast.house.stop(), 0, 'SIGTERM ends it cleanly');
  cast.house.start();
  const started = await eventually(async () => {
    const { code } = await me(cast, ['pending']);
    return code === 0 ? true : undefined;
  });
  t.ok(started, 'a daemon starts without a homeserver');
  t.hasStrict(await me(cast, ['request', 'status', 'web']), { code: 0, out: 'web is fine' });
  await cast.house.stop('SIGKILL');
  t.match(await me(cast, ['pending']), { code: 3, err: /no daemon listening/ });
}
