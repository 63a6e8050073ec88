/**
 * The whole house: a homeserver, the daemon as it is installed, people in their own clients, and a
 * browser. A passkey is enrolled by the host's ticket, and a destructive action waits for two of them.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import type { Person } from '../people/person.ts';
import { House, vaktrom } from '../story/house.ts';
import { openLoopback } from '../story/loopback-server.ts';
import { freePort } from '../support/free-port.ts';
import { Browser, type Tab } from './fixtures/browser.ts';

const policyOf = async (house: House, room: string, people: readonly Person[]): Promise<string> => {
  const lines = await Promise.all(
    people.map(async ({ userId, masterKey }, index) => {
      const key = await masterKey.call(people[index]);
      return `  ${userId.slice(1, userId.indexOf(':'))}: { roles: [ops], accounts: [{ id: "${userId}", identity: "${key}" }] }`;
    }),
  );
  return `version: 1
people:
${lines.join('\n')}
rooms: { danger: { id: "${room}" } }
actions:
  failover:
    summary: Make another database the primary
    run: ["${await house.script('failover', 'echo "$1 is the primary now"')}", "{target}"]
    params: { target: { enum: [db1, db2] } }
    effect: destructive
    allow: { roles: [ops], rooms: [danger] }
    require: { step_up: webauthn, approvals: { count: 1, roles: [ops], step_up: webauthn } }
`;
};

/** With a ticket that whoever runs the host has made. */
async function enrol(house: House, tab: Tab, name: string): Promise<string> {
  const { stdout, stderr } = await vaktrom('enrol', 'passkey', name, '--dir', house.dir);
  const [link = ''] = /http:\S+\/p\/\S+/.exec(`${stdout}${stderr}`) ?? [];
  await tab.page.goto(link);
  await tab.page.getByLabel('One-time code or ticket').fill(stdout.trim().split('\n')[0] ?? '');
  return tab.press(/Make the passkey/);
}

/** Goes where the bot's last message in this person's direct room leads. */
async function follow(house: House, person: Person, tab: Tab, match: RegExp): Promise<void> {
  const { body } = await person.waitForAny((h) => h.sender === house.bot && match.test(h.body));
  const [link = ''] = /http:\S+\/p\/[\w-]{43}/.exec(body) ?? [];
  await tab.page.goto(link);
  const words = (await tab.page.locator('.words').textContent()) ?? '';
  if (words === '' || !body.includes(words)) throw new Error(`"${words}" is not in: ${body}`);
}

t.test('two passkeys, from the room to the sandbox and into the log', async (t) => {
  await using server = await openLoopback();
  await using house = await House.open(server);
  await using browser = await Browser.open();
  const alice = await house.person('alice');
  const bob = await house.person('bob');
  const room = await alice.createRoom([house.bot, bob.userId]);
  await bob.join(room);
  const made = await house.init(await policyOf(house, room, [alice, bob]));
  t.equal(made.code, 0, made.stderr);
  const settings = join(house.dir, 'vaktrom.yaml');
  const port = await freePort();
  const web = `web: { listen: "127.0.0.1:${port}", origin: "http://localhost:${port}", rp_id: localhost }\n`;
  await writeFile(settings, `${await readFile(settings, 'utf8')}${web}`);
  await house.run();
  await alice.waitForMembership(room, { userId: house.bot, membership: 'join' });

  const [alices, bobs] = [await browser.tab(), await browser.tab()];
  t.match(await enrol(house, alices, 'alice'), /^✓/);
  t.match(await enrol(house, bobs, 'bob'), /^✓/);
  for (const person of [alice, bob]) {
    const invited = (h: { stateKey: string | undefined; roomId: string; content: object }) =>
      h.stateKey === person.userId && h.roomId !== room && 'membership' in h.content;
    await person.join((await person.waitForAny(invited)).roomId);
  }
  await alice.say(room, '!failover db2');
  await follow(house, alice, alices, /prove yourself with your passkey/);
  t.match(await alices.press(/Prove it is you/), /^✓ You proved that it was you\. It still needs/);
  await follow(house, bob, bobs, /To sign it off:/);
  t.match(await bobs.press(/Sign off/), /^✓ You signed it off/);
  await alice.waitFor(room, (h) => /exit 0.*db2 is the primary now/s.test(h.body));

  const verified = await vaktrom('audit', 'verify', '--receipts', '--dir', house.dir);
  t.equal(verified.code, 0, verified.stderr);
  t.match(verified.stdout, /receipts: 2 signatures of passkeys, all good/);
});
