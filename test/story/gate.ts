/**
 * The gate, end to end, with three people on clients of somebody else's making: what a one-time code and
 * the sign-off of another person open, and what does not count as either. Runs unchanged against the
 * loopback homeserver and a real Synapse. Passkeys are in passkeys.ts.
 */
import t, { type Test } from 'tap';
import type { Authenticator } from '../people/authenticator.ts';
import type { Heard } from '../people/hearing.ts';
import type { Person } from '../people/person.ts';
import { House, type Server, vaktrom } from './house.ts';

interface Cast {
  readonly house: House;
  readonly danger: string;
  readonly alice: Person;
  /** A second account of Alice's. */
  readonly alice2: Person;
  readonly bob: Person;
  /** May look, and sign nothing off. */
  readonly carol: Person;
  readonly direct: string;
  readonly codes: Authenticator;
}

export function tellGate(open: () => Promise<Server & AsyncDisposable>): void {
  t.test('the gate, end to end', async (t) => {
    await using server = await open();
    await using house = await House.open(server);
    const cast = await gather(house);
    await t.test('a deployment waits for a code and for another person', (t) => opens(t, cast));
    await t.test('nobody else can stand in for them', (t) => standsIn(t, cast));
    await t.test('what does not count as a code', (t) => miscounts(t, cast));
    await t.test('a no ends it, and so does time', (t) => ends(t, cast));
    await t.test('a freeze stops it', (t) => freezes(t, cast));
    await t.test('break-glass goes ahead, and is looked into', (t) => breaksGlass(t, cast));
    await t.test('runs that were agreed to in advance are counted down', (t) =>
      countsDown(t, cast),
    );
    await t.test('a drifted room is closed', (t) => drifts(t, cast));
    await t.test('the log proves all of it', (t) => proves(t, cast));
  });
}

async function gather(house: House): Promise<Cast> {
  const alice = await house.person('alice');
  const alice2 = await house.person('alice2');
  const bob = await house.person('bob');
  const carol = await house.person('carol');
  const others = [alice2, bob, carol];
  const danger = await alice.createRoom([house.bot, ...others.map((p) => p.userId)]);
  for (const person of others) await person.join(danger);
  const deploy = await house.script('deploy', 'echo "deploying $1 $2"');
  const account = async (p: Person) => `{ id: "${p.userId}", identity: "${await p.masterKey()}" }`;
  const made = await house.init(`version: 1
people:
  alice: { roles: [ops], accounts: [ ${await account(alice)}, ${await account(alice2)} ] }
  bob: { roles: [ops, dba], accounts: [ ${await account(bob)} ] }
  carol: { roles: [audit], accounts: [ ${await account(carol)} ] }
rooms:
  danger: { id: "${danger}", posture: { encrypted: true, invite_only: true, members: policy } }
freeze: { roles: [dba] }
actions:
  deploy:
    summary: Deploy a release
    run: ["${deploy}", "{service}", "{version}"]
    params:
      service: { enum: [web, api] }
      version: { pattern: "[0-9]{1,4}\\\\.[0-9]{1,4}\\\\.[0-9]{1,4}", max_length: 14 }
    effect: change
    allow: { roles: [ops], rooms: [danger] }
    require: { step_up: totp, approvals: { count: 1, roles: [ops, dba], within: 30m } }
    break_glass: { roles: [ops] }
    allowance: { times: 3, for: 1h }
  hurry:
    summary: Something that must be agreed to at once
    run: ["${deploy}", "web", "0.0.1"]
    effect: change
    allow: { roles: [ops], rooms: [danger] }
    require: { approvals: { count: 1, roles: [dba], within: 5s } }
`);
  if (made.code !== 0) throw new Error(made.stderr);
  await house.run();
  await alice.waitForMembership(danger, { userId: house.bot, membership: 'join' });
  const codes = await house.enrolTotp('alice');
  await alice.say(danger, '!direct');
  const invited = await alice.waitForAny(
    (h) => h.sender === house.bot && h.stateKey === alice.userId && h.roomId !== danger,
  );
  await alice.join(invited.roomId);
  return { house, danger, alice, alice2, bob, carol, direct: invited.roomId, codes };
}

/** Says it, and resolves with the first answer in its thread (or the newest edit of it) that matches. */
async function ask(
  { danger, house }: Cast,
  person: Person,
  text: string,
  match: RegExp = /./,
  room = danger,
): Promise<Heard> {
  const event = await person.say(room, text);
  return cardOf(house, person, event, match, room);
}

/** The person is told why not, and the log tells only that they asked. */
async function isRefused(
  t: Test,
  cast: Cast,
  person: Person,
  command: string,
  why: string,
): Promise<void> {
  const before = (await cast.house.entries()).length;
  t.equal((await ask(cast, person, command)).body, why);
  const added = (await cast.house.entries()).slice(before);
  t.strictSame(
    added.map(({ type }) => type),
    ['asked'],
  );
}

function cardOf(
  { bot }: House,
  person: Person,
  event: string,
  match: RegExp,
  room: string,
): Promise<Heard> {
  return person.waitFor(
    room,
    ({ sender, thread, edits, body }) =>
      sender === bot &&
      (thread === event || person.heard.some((h) => h.eventId === edits && h.thread === event)) &&
      match.test(body),
  );
}

interface Asked {
  readonly event: string;
  readonly id: string;
  readonly card: Heard;
}

async function request(cast: Cast, text: string, person = cast.alice): Promise<Asked> {
  const event = await person.say(cast.danger, text);
  const card = await cardOf(cast.house, person, event, /⏸/, cast.danger);
  const [, id = ''] = / · request (\w{4}-\w{2})/.exec(card.body) ?? [];
  return { event, id, card };
}

const becomes = ({ house, alice, danger }: Cast, { event }: Asked, match: RegExp) =>
  cardOf(house, alice, event, match, danger);

/** In the direct room no prefix is needed. */
const tell = (cast: Cast, text: string, match?: RegExp) =>
  ask(cast, cast.alice, text, match, cast.direct);

async function opens(t: Test, cast: Cast): Promise<void> {
  const { alice, bob, codes } = cast;
  const asked = await request(cast, '!deploy web 1.2.3');
  t.match(asked.card.body, /runs \["[^"]*deploy","web","1.2.3"\] in sandbox, no network/);
  t.match(
    asked.card.body,
    /needs alice: a one-time code · 1 sign-off from ops or dba \(not alice\) · within 30 min/,
  );
  t.match((await ask(cast, bob, '!pending')).body, new RegExp(asked.id));
  await tell(cast, `otp ${asked.id} ${await codes.next()}`, /✓ alice: totp/);
  t.match((await becomes(cast, asked, /✓ alice: totp/)).body, /1 sign-off from ops or dba/);
  t.match((await ask(cast, bob, `!approve ${asked.id}`)).body, /✓ bob signed off/);
  const end = await becomes(cast, asked, /exit 0/);
  t.match(end.body, /✓ deploy web 1\.2\.3.*deploying web 1\.2\.3/s);
  t.match(
    (await ask(cast, alice, `!log ${asked.id}`)).body,
    /request .*stepup .*approval .*start .*end /s,
  );
}

async function standsIn(t: Test, cast: Cast): Promise<void> {
  const { alice, alice2, bob, carol, danger, house } = cast;
  const asked = await request(cast, '!deploy web 1.2.4');
  t.match((await ask(cast, alice, `!approve ${asked.id}`)).body, /needs somebody else/);
  t.match(
    (await ask(cast, alice2, `!approve ${asked.id}`)).body,
    /needs somebody else/,
    'nor from a second account',
  );
  t.match((await ask(cast, carol, `!approve ${asked.id}`)).body, /no request .* open for you/);
  await bob.react(danger, asked.card.eventId, '👍');
  await bob.react(danger, asked.event, '✅');
  const talk = await bob.say(danger, 'looks fine to me');
  await bob.edit(danger, talk, `!approve ${asked.id}`);
  await bob.waitFor(danger, (h) => h.thread === talk && /edit is never a command/.test(h.body));
  const signed = (await house.entries()).filter(
    (e) => e.type === 'approval' && e.request === asked.id,
  );
  t.strictSame(signed, [], 'a reaction or an edit is no sign-off');
  t.match((await ask(cast, alice, `!cancel ${asked.id}`)).body, /withdrawn/);
  await becomes(cast, asked, /✗ .*Withdrawn/s);
  t.match((await ask(cast, bob, `!approve ${asked.id}`)).body, /no request|not alive|ended|over/i);
}

async function miscounts(t: Test, cast: Cast): Promise<void> {
  const { alice, bob, codes, danger, house } = cast;
  const asked = await request(cast, '!deploy web 1.2.5');
  const [notACode, used] = [/does not count/, /was used already/];
  await tell(cast, `otp ${asked.id} ${codes.again()}`, used);
  t.pass('a code that was used before');
  await tell(cast, `otp ${asked.id} 000000`, notACode);
  const seen = await codes.next();
  const typed = await alice.say(danger, `!otp ${asked.id} ${seen}`);
  await cardOf(house, alice, typed, /alice, that was a one-time code of yours/, danger);
  await tell(cast, `otp ${asked.id} ${seen}`, used);
  t.pass('a code that was typed in a shared room is spent');
  const clumsy = await (await house.enrolTotp('bob')).next();
  await ask(cast, bob, `!otp ${clumsy}`, /bob, that was a one-time code of yours/);
  await ask(cast, bob, `!why otp ${asked.id} ${clumsy}`);
  const burnt = (await house.entries()).filter(
    (e) => e.type === 'code.burnt' && e.person === 'bob',
  );
  t.hasStrict(burnt.at(-1), { why: 'typed in a shared room' }, 'however clumsily it was typed');
  const log = JSON.stringify(await house.entries());
  t.notMatch(log, new RegExp(`\\b${clumsy}\\b`), 'and no code is in the log');
  t.notOk((await house.entries()).some((e) => e.type === 'stepup' && e.request === asked.id));
  t.match((await ask(cast, alice, `!cancel ${asked.id}`)).body, /withdrawn/);
}

async function ends(t: Test, cast: Cast): Promise<void> {
  const { bob } = cast;
  const asked = await request(cast, '!deploy web 1.2.6');
  t.match((await ask(cast, bob, `!deny ${asked.id} not on a Friday`)).body, /bob denied/);
  t.match((await becomes(cast, asked, /✗/)).body, /Denied by bob: not on a Friday/);
  const late = await request(cast, '!hurry');
  t.match((await becomes(cast, late, /✗/)).body, /Expired/);
  await isRefused(
    t,
    cast,
    bob,
    `!approve ${late.id}`,
    `There is no request ${late.id} open for you.`,
  );
}

async function freezes(t: Test, cast: Cast): Promise<void> {
  const { alice, bob, carol } = cast;
  const no = 'The policy does not let you freeze anything.';
  await isRefused(t, cast, carol, '!freeze all because I can', no);
  t.match(
    (await ask(cast, bob, '!freeze all "the database is being moved"')).body,
    /frozen|Frozen/,
  );
  t.match(
    (await ask(cast, alice, '!deploy web 1.2.7', /✗/)).body,
    /frozen.*the database is being moved/is,
  );
  t.match((await ask(cast, alice, '!help')).body, /the database is being moved/);
  t.match((await ask(cast, alice, '!why deploy web 1.2.7')).body, /refused.*being moved/s);
  t.match((await ask(cast, bob, '!unfreeze all')).body, /The freeze of all is lifted/);
}

async function breaksGlass(t: Test, cast: Cast): Promise<void> {
  const { alice, bob, codes, danger, house } = cast;
  const urgent = '!break-glass "the site is down" deploy web 1.2.8';
  const event = await alice.say(danger, urgent);
  const card = await cardOf(house, alice, event, /request/, danger);
  const [, id = ''] = / · request (\w{4}-\w{2})/.exec(card.body) ?? [];
  if (/one-time code/.test(card.body))
    await tell(cast, `otp ${id} ${await codes.next()}`, /✓ alice: totp/);
  await cardOf(house, alice, event, /exit 0/, danger);
  t.match(
    (await ask(cast, alice, urgent, /✗|review/i)).body,
    /review/i,
    'not again before a review',
  );
  const notByOneself = 'Somebody else has to review what you did.';
  await isRefused(t, cast, alice, `!review ${id} all fine`, notByOneself);
  t.match((await ask(cast, bob, `!review ${id} the site was down indeed`)).body, /✓|closed/i);
}

async function countsDown(t: Test, cast: Cast): Promise<void> {
  const { alice, bob, codes } = cast;
  const asked = await request(cast, '!allow 2 1h deploy service=api');
  if (/one-time code/.test(asked.card.body))
    await tell(cast, `otp ${asked.id} ${await codes.next()}`, /✓ alice: totp/);
  await ask(cast, bob, `!approve ${asked.id}`, /signed off/);
  await becomes(cast, asked, /✓/);
  for (const version of ['2.0.0', '2.0.1'])
    t.match((await ask(cast, alice, `!deploy api ${version}`, /exit 0/)).body, /deploying api/);
  const third = await request(cast, '!deploy api 2.0.2');
  t.match(third.card.body, /1 sign-off/, 'the third one is not covered');
  await ask(cast, alice, `!cancel ${third.id}`);
  const other = await request(cast, '!deploy web 2.0.0');
  t.match(other.card.body, /1 sign-off/, 'nor another service');
  await ask(cast, alice, `!cancel ${other.id}`);
}

async function drifts(t: Test, cast: Cast): Promise<void> {
  const { alice, danger, house } = cast;
  const mallory = await house.person('mallory');
  await alice.session.client.invite(danger, mallory.userId);
  await mallory.join(danger);
  t.match((await ask(cast, alice, '!deploy web 3.0.0', /✗/)).body, /mallory/);
  await mallory.session.client.leave(danger);
  const asked = await request(cast, '!deploy web 3.0.0');
  t.match(asked.card.body, /1 sign-off/, 'open again once she has left');
  await ask(cast, alice, `!cancel ${asked.id}`);
}

async function proves(t: Test, { house }: Cast): Promise<void> {
  t.equal(await house.stop(), 0);
  const verified = await vaktrom('audit', 'verify', '--dir', house.dir);
  t.equal(verified.code, 0, verified.stdout);
  const starts = (await house.entries()).filter((e) => e.type === 'start').length;
  t.equal(starts, 4, 'and nothing else was started');
}
