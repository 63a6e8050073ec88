/**
 * The main job, end to end, with a client of somebody else's making: what makes a command and what
 * does not. Runs unchanged against the loopback homeserver and a real Synapse.
 */
import t, { type Test } from 'tap';
import type { Entry } from '../../src/audit/entry.ts';
import type { Heard } from '../people/hearing.ts';
import type { Person } from '../people/person.ts';
import { House, type Server, vaktrom } from './house.ts';

interface Cast {
  readonly house: House;
  readonly room: string;
  readonly alice: Person;
  readonly bob: Person;
  readonly mallory: Person;
}

export function tellCommands(open: () => Promise<Server & AsyncDisposable>): void {
  t.test('commands, end to end', async (t) => {
    await using server = await open();
    await using house = await House.open(server);
    const cast = await gather(house);
    await t.test('a person is answered in the thread of their command', (t) => isAnswered(t, cast));
    await t.test('what is not a command runs nothing and is on record', (t) => isRefused(t, cast));
    await t.test('a long run is shown live, and can be cancelled', (t) => isCancelled(t, cast));
    await t.test('long output comes along as an encrypted file', (t) => isAttached(t, cast));
    await t.test('what was said while the daemon was away is not run', (t) => isMissed(t, cast));
    await t.test('a replaced identity is heard no more', (t) => isReplaced(t, cast));
    await t.test('the log proves all of it', (t) => isProven(t, cast));
  });
}

async function gather(house: House): Promise<Cast> {
  const alice = await house.person('alice');
  const bob = await house.person('bob');
  const mallory = await house.person('mallory');
  const room = await alice.createRoom([house.bot, bob.userId, mallory.userId]);
  await bob.join(room);
  await mallory.join(room);
  const made = await house.init(await policyOf(house, room, alice, bob));
  if (made.code !== 0) throw new Error(made.stderr);
  await house.run();
  await alice.waitForMembership(room, { userId: house.bot, membership: 'join' });
  return { house, room, alice, bob, mallory };
}

async function policyOf(house: House, room: string, alice: Person, bob: Person): Promise<string> {
  const status = await house.script(
    'status',
    'echo "$2 is fine"; touch /tmp/x && echo "as $(id -u)"',
  );
  const slow = await house.script(
    'slow',
    'trap "echo caught; exit 7" TERM; i=0; while :; do i=$((i+1)); echo "tick $i"; sleep 0.2; done',
  );
  const long = await house.script(
    'long',
    'i=0; while [ $i -lt 500 ]; do i=$((i+1)); echo "line $i"; done',
  );
  const change = await house.script('change', 'echo changed');
  return `version: 1
people:
  alice: { roles: [ops], accounts: [ { id: "${alice.userId}", identity: "${await alice.masterKey()}" } ] }
  bob: { roles: [ops], accounts: [ { id: "${bob.userId}" } ] }
rooms: { ops: { id: "${room}" } }
actions:
  status:
    summary: Show the health of a service
    run: ["${status}", "--service", "{service}"]
    params: { service: { enum: [web, api] } }
    effect: read
    allow: { roles: [ops], rooms: [ops] }
  slow: { summary: Take long, run: ["${slow}"], effect: read, allow: { roles: [ops], rooms: [ops] } }
  long: { summary: Say much, run: ["${long}"], effect: read, allow: { roles: [ops], rooms: [ops] } }
  change: { summary: Change it, run: ["${change}"], effect: change, allow: { roles: [ops], rooms: [ops] } }
  deploy:
    summary: Deploy
    run: ["${change}"]
    effect: change
    allow: { roles: [ops], rooms: [ops] }
    require: { step_up: totp, approvals: { count: 1, roles: [ops] } }
`;
}

/** Says it, and resolves with the first answer in its thread that matches. */
async function ask(
  { room, house }: Cast,
  person: Person,
  text: string,
  match: RegExp = /./,
): Promise<Heard> {
  const event = await person.say(room, text);
  const isAnswer = ({ sender, thread, edits, body }: Heard): boolean =>
    sender === house.bot &&
    (thread === event || person.heard.some((h) => h.eventId === edits && h.thread === event)) &&
    match.test(body);
  return person.waitFor(room, isAnswer);
}

const lastOf = async ({ house }: Cast): Promise<Entry | undefined> =>
  (await house.entries()).at(-1);

const countStarts = async ({ house }: Cast): Promise<number> =>
  (await house.entries()).filter((e) => e.type === 'start').length;

async function isAnswered(t: Test, cast: Cast): Promise<void> {
  const { alice, bob } = cast;
  const answer = await ask(cast, alice, '!status web', /exit 0/);
  t.match(
    answer.body,
    /✓ status web · request \w{4}-\w{2}\nexit 0 · in .* s · 2 lines · entry \d+\n│ web is fine\n│ as 65534$/,
  );
  t.ok(answer.encrypted, 'the answer is encrypted');
  t.strictSame(answer.content['m.mentions'], {}, 'and rings nobody');
  t.match((await ask(cast, alice, '!status --service api', /exit 0/)).body, /api is fine/);
  t.match((await ask(cast, alice, '!staus web')).body, /Did you mean !status\?/);
  t.match(
    (await ask(cast, alice, '!status db')).body,
    /service cannot be "db": it is one of web, api/,
  );
  t.match((await ask(cast, alice, '!whoami')).body, /You are alice.*fully trusted/s);
  t.match((await ask(cast, alice, '!help')).body, /!status <service=web\|api>.*!version/s);
  t.match(
    (await ask(cast, alice, '!why deploy')).body,
    /wait for: alice: a one-time code · 1 sign-off from ops \(not alice\)/,
  );
  t.match(
    (await ask(cast, bob, '!status web', /exit 0/)).body,
    /web is fine/,
    'unpinned: may read',
  );
}

async function isRefused(t: Test, cast: Cast): Promise<void> {
  const { alice, bob, mallory, room, house } = cast;
  const before = await countStarts(cast);
  const refused = async (why: string, code: string): Promise<void> => {
    t.hasStrict(await lastOf(cast), { type: 'refused', code }, why);
  };

  const clear = await sendClear(alice, room, { msgtype: 'm.text', body: '!status web' });
  await alice.waitFor(room, (h) => h.thread === clear && /unencrypted/.test(h.body));
  await refused('in clear', 'clear_text');

  const stranger = await mallory.say(room, '!status web');
  await alice.waitFor(room, (h) => h.thread === stranger && /not named in the policy/.test(h.body));
  await refused('from an account that is not in the policy', 'unknown_account');

  const chat = await alice.say(room, 'only talking');
  await alice.edit(room, chat, '!status web');
  await alice.waitFor(room, (h) => h.thread === chat && /edit is never a command/.test(h.body));
  await refused('as an edit', 'edit');

  await alice.react(room, chat, '!status web');
  const unsigned = await house.person('alice', { crossSigned: false, isNew: false });
  await unsigned.say(room, '!status web');
  await alice.waitFor(
    room,
    (h) => h.sender === house.bot && /not verified by its owner/.test(h.body),
  );
  await refused('from an unsigned device', 'unsigned_device');

  t.match((await ask(cast, bob, '!change')).body, /identity is not pinned/);
  t.hasStrict(await lastOf(cast), { type: 'request', decision: 'deny', because: 'identity' });
  t.match(
    (await ask(cast, alice, '!deploy')).body,
    /needs alice: a one-time code · 1 sign-off from ops \(not alice\)/,
  );
  const asked = (await house.entries()).findLast(({ type }) => type === 'request');
  t.hasStrict(asked, {
    decision: 'pending',
    missing: ['totp', '1 approval'],
  });
  t.equal(await countStarts(cast), before, 'and nothing was started');
}

async function sendClear(person: Person, room: string, content: object): Promise<string> {
  const { client, accessToken } = person.session;
  const path = `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/send/m.room.message/${Date.now()}`;
  const response = await fetch(`${client.getHomeserverUrl()}${path}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(content),
  });
  return ((await response.json()) as { event_id: string }).event_id;
}

async function isCancelled(t: Test, cast: Cast): Promise<void> {
  const { alice } = cast;
  const card = await ask(cast, alice, '!slow', /tick 1/);
  const shown = card.edits ?? card.eventId; // its first output may have come after its first card
  const [, id = ''] = / · request (\w{4}-\w{2})/.exec(card.body) ?? [];
  t.match((await ask(cast, alice, '!jobs')).body, new RegExp(`${id} slow · alice · running for`));
  await alice.waitFor(cast.room, (h) => h.edits === shown && /tick [5-9]/.test(h.body));
  t.match((await ask(cast, alice, `!cancel ${id}`)).body, /Stopping/);
  const end = await alice.waitFor(cast.room, (h) => h.edits === shown && /cancelled/.test(h.body));
  t.match(end.body, /cancelled by alice · in .*caught$/s, 'SIGTERM reached the action itself');
  t.match(
    (await ask(cast, alice, `!log ${id}`)).body,
    /request .*\n.*start .*\n.*cancel .*\n.*end .*cancelled/,
  );
}

async function isAttached(t: Test, cast: Cast): Promise<void> {
  const { alice, room } = cast;
  const card = await ask(cast, alice, '!long', /exit 0/);
  t.match(card.body, /500 lines · full output attached.*line 500$/s);
  const file = await alice.waitFor(room, (h) => h.content['msgtype'] === 'm.file');
  const lines = Buffer.from(await alice.fetchAttachment(file))
    .toString()
    .trimEnd()
    .split('\n');
  t.strictSame([lines.length, lines[0], lines.at(-1)], [500, 'line 1', 'line 500']);
}

async function isMissed(t: Test, cast: Cast): Promise<void> {
  const { alice, room, house } = cast;
  const second = await vaktrom('run', '--dir', house.dir);
  t.match(second.stderr, /in use/, 'a second daemon on the same directory is refused');
  t.not(second.code, 0);
  await cast.house.stop();
  const before = await countStarts(cast);
  const missed = await alice.say(room, '!status web');
  await house.run();
  await alice.waitFor(room, (h) => h.thread === missed && /I was away/.test(h.body));
  t.equal(await countStarts(cast), before);
  t.match((await ask(cast, alice, '!status web', /exit 0/)).body, /web is fine/, 'and it goes on');
}

async function isReplaced(t: Test, cast: Cast): Promise<void> {
  const { alice, house, room } = cast;
  const before = await countStarts(cast);
  await alice.resetIdentity();
  await alice.say(room, '!status web');
  await cast.bob.waitFor(
    room,
    (h) => h.sender === house.bot && /not the one that the policy pins/.test(h.body),
  );
  t.hasStrict(await lastOf(cast), { type: 'refused', code: 'identity_mismatch', person: 'alice' });
  t.equal(await countStarts(cast), before);
}

async function isProven(t: Test, { house }: Cast): Promise<void> {
  t.equal(await house.stop(), 0, 'SIGTERM ends it cleanly');
  const verified = await vaktrom('audit', 'verify', '--dir', house.dir);
  t.equal(verified.code, 0, verified.stdout);
  t.match(verified.stdout, /^intact: \d+ entries/);
}
