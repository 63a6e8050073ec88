/**
 * Passkeys, end to end, with three people on clients of somebody else's making: a failover of the
 * database that asks for the requester's passkey and for those of two out of three. Runs unchanged
 * against the loopback homeserver and a real Synapse; test/chromium/ has the page in a real browser.
 */
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Heard } from '../people/hearing.ts';
import { readPage, usePage } from '../people/page.ts';
import type { Person } from '../people/person.ts';
import { freePort } from '../support/free-port.ts';
import { SoftPasskey } from '../support/soft-passkey.ts';
import { House, type Server, vaktrom } from './house.ts';

interface Cast {
  readonly house: House;
  readonly danger: string;
  readonly alice: Holder;
  readonly bob: Holder;
  readonly carol: Holder;
}

/** Somebody with a passkey. */
interface Holder {
  readonly name: string;
  readonly person: Person;
  readonly passkey: SoftPasskey;
}

export function tellPasskeys(open: () => Promise<Server & AsyncDisposable>): void {
  t.test('passkeys, end to end', async (t) => {
    await using server = await open();
    await using house = await House.open(server);
    const cast = await gather(t, house);
    await t.test('a failover waits for three passkeys, and then runs', (t) => failsOver(t, cast));
    await t.test('what is no passkey of the right person counts for nothing', (t) =>
      forges(t, cast),
    );
    await t.test('a passkey can say no', (t) => denies(t, cast));
    await t.test('the receipts prove it, and a forged one is found', (t) => proves(t, cast));
  });
}

async function gather(t: Test, house: House): Promise<Cast> {
  const people = [
    await house.person('alice'),
    await house.person('bob'),
    await house.person('carol'),
  ];
  const [alice, bob, carol] = people;
  if (!alice || !bob || !carol) throw new Error('somebody is missing');
  const danger = await alice.createRoom([house.bot, bob.userId, carol.userId]);
  for (const person of [bob, carol]) await person.join(danger);
  const failover = await house.script('failover', 'echo "now on $1"');
  const account = async (p: Person) => `{ id: "${p.userId}", identity: "${await p.masterKey()}" }`;
  const made = await house.init(`version: 1
people:
  alice: { roles: [dba], accounts: [ ${await account(alice)} ] }
  bob: { roles: [dba], accounts: [ ${await account(bob)} ] }
  carol: { roles: [dba], accounts: [ ${await account(carol)} ] }
rooms: { danger: { id: "${danger}" } }
actions:
  db-failover:
    summary: Make another database the first
    run: ["${failover}", "{to}"]
    params: { to: { enum: [db2, db3] } }
    effect: destructive
    allow: { roles: [dba], rooms: [danger] }
    require: { step_up: webauthn, approvals: { count: 2, roles: [dba], step_up: webauthn } }
`);
  t.equal(made.code, 0, made.stderr);
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const web = `web: { listen: "localhost:${port}", origin: "${origin}", rp_id: localhost }\n`;
  await appendFile(join(house.dir, 'vaktrom.yaml'), web);
  await house.run();
  await alice.waitForMembership(danger, { userId: house.bot, membership: 'join' });
  const holder = async (name: string, person: Person): Promise<Holder> => {
    const passkey = new SoftPasskey({ origin, id: 'localhost' });
    const { stdout, stderr } = await vaktrom('enrol', 'passkey', name, '--dir', house.dir);
    const [link = ''] = /http:\S+/.exec(`${stdout}${stderr}`) ?? [];
    const said = await usePage(link, passkey, { act: 'enrol', typed: stdout.trim() });
    t.equal(said.kind, 'done', `${name}: ${JSON.stringify(said)}`);
    t.equal(
      Buffer.from(passkey.madeFor, 'base64url').length,
      32,
      'the handle does not name its person',
    );
    return { name, person, passkey };
  };
  return {
    ...{ house, danger },
    alice: await holder('alice', alice),
    bob: await holder('bob', bob),
    carol: await holder('carol', carol),
  };
}

interface Asked {
  readonly event: string;
  readonly id: string;
}

async function request({ house, danger, alice }: Cast, text: string): Promise<Asked> {
  const { person } = alice;
  const event = await person.say(danger, text);
  const card = await person.waitFor(
    danger,
    (h) => h.sender === house.bot && h.thread === event && h.body.startsWith('⏸'),
  );
  const [, id = ''] = / · request (\S+)/.exec(card.body) ?? [];
  return { event, id };
}

const becomes = ({ house, danger, alice: { person } }: Cast, { event }: Asked, match: RegExp) =>
  person.waitFor(
    danger,
    ({ sender, edits, body }) =>
      sender === house.bot &&
      person.heard.some((h) => h.eventId === edits && h.thread === event) &&
      match.test(body),
  );

/** The link that the bot has sent this person for the request, in their direct room. */
async function linkOf({ house, danger }: Cast, { person }: Holder, { id }: Asked): Promise<string> {
  const isInvite = (h: Heard) =>
    h.sender === house.bot && h.stateKey === person.userId && h.roomId !== danger;
  const { roomId } = await person.waitForAny(isInvite);
  if (!person.heard.some((h) => h.roomId === roomId && h.sender === house.bot && h.body !== ''))
    await person.join(roomId);
  const hasLink = (h: Heard) => h.body.includes(id) && h.body.includes('/p/');
  const { body } = await person.waitFor(roomId, hasLink);
  return /http:\S+/.exec(body)?.[0] ?? '';
}

async function failsOver(t: Test, cast: Cast): Promise<void> {
  const { alice, bob, carol } = cast;
  const asked = await request(cast, '!db-failover db2');
  const own = await linkOf(cast, alice, asked);
  const page = await readPage(own);
  t.match(page, /db-failover db2/);
  t.match(page, new RegExp(asked.id));
  t.hasStrict(await usePage(own, alice.passkey, { act: 'prove' }), { kind: 'done' });
  t.match(await usePage(own, alice.passkey, { act: 'prove' }), { error: /link was used/ });
  for (const signer of [bob, carol])
    t.hasStrict(
      await usePage(await linkOf(cast, signer, asked), signer.passkey, { act: 'approve' }),
      {
        kind: 'done',
      },
    );
  t.match((await becomes(cast, asked, /exit 0/)).body, /✓ db-failover db2.*now on db2/s);
}

async function forges(t: Test, cast: Cast): Promise<void> {
  const { house, danger, alice, bob } = cast;
  const asked = await request(cast, '!db-failover db3');
  const link = await linkOf(cast, bob, asked);
  const approve = { act: 'approve' };
  const refused = { error: /not accepted/ };
  t.match(await usePage(link, alice.passkey, approve), refused, 'the passkey of another person');
  t.match(
    await usePage(link, bob.passkey, approve, { isUserVerified: false }),
    refused,
    'without a look at who holds it',
  );
  const typed = await bob.person.say(danger, `!approve ${asked.id}`);
  await bob.person.waitFor(danger, (h) => h.sender === house.bot && h.thread === typed);
  const signed = (await house.entries()).filter(
    (e) => e.type === 'approval' && e.request === asked.id && e.factor === 'webauthn',
  );
  t.strictSame(signed, []);
  await alice.person.say(danger, `!cancel ${asked.id}`);
  await becomes(cast, asked, /Withdrawn/);
}

async function denies(t: Test, cast: Cast): Promise<void> {
  const { bob } = cast;
  const asked = await request(cast, '!db-failover db3');
  const said = await usePage(await linkOf(cast, bob, asked), bob.passkey, {
    act: 'deny',
    remark: 'db3 is behind',
  });
  t.equal(said.kind, 'done');
  t.match((await becomes(cast, asked, /✗/)).body, /Denied by bob: db3 is behind/);
}

async function proves(t: Test, { house }: Cast): Promise<void> {
  t.equal(await house.stop(), 0);
  const verified = await vaktrom('audit', 'verify', '--receipts', '--dir', house.dir);
  t.equal(verified.code, 0, `${verified.stdout}${verified.stderr}`);
  t.match(verified.stdout, /intact: .*/s);
  const starts = (await house.entries()).filter(({ type }) => type === 'start');
  t.equal(starts.length, 1, 'and nothing else was run');
}
