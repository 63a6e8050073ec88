/**
 * The homeserver's administrator as an attacker, with what Synapse's own admin API gives to every one of
 * them: a device in somebody's name, their password, their cross-signing identity.
 */
import t from 'tap';
import type { Entry } from '../../src/audit/entry.ts';
import { openPerson, type Person } from '../people/person.ts';
import { House, vaktrom } from '../story/house.ts';
import { openSynapse, type Synapse } from './server.ts';

t.test('the administrator of Synapse cannot be Alice', async (t) => {
  await using synapse = await openSynapse();
  await using house = await House.open({ ...synapse, baseUrl: synapse.url });
  const alice = await house.person('alice');
  const bob = await house.person('bob');
  const room = await alice.createRoom([house.bot, bob.userId]);
  await bob.join(room);
  const identity = await alice.masterKey();
  const status = await house.script('status', 'echo "all is well"');
  const made = await house.init(`version: 1
people:
  alice: { roles: [ops], accounts: [ { id: "${alice.userId}", identity: "${identity}" } ] }
rooms: { ops: { id: "${room}" } }
actions:
  status: { summary: Show it, run: ["${status}"], effect: read, allow: { roles: [ops], rooms: [ops] } }
`);
  t.equal(made.code, 0, made.stderr);
  await house.run();
  await alice.waitForMembership(room, { userId: house.bot, membership: 'join' });

  const isRun = async (): Promise<void> => {
    const event = await alice.say(room, '!status');
    const isEnd = (body: string) => /exit 0.*all is well/s.test(body);
    await alice.waitFor(room, (h) => h.sender === house.bot && isEnd(h.body) && of(h, event));
  };
  const of = (
    { thread, edits }: { thread?: string | undefined; edits?: string | undefined },
    event: string,
  ) => thread === event || alice.heard.some((h) => h.eventId === edits && h.thread === event);
  const isRefused = async (impostor: Person, code: string, why: string): Promise<void> => {
    const before = (await starts(house)).length;
    const event = await impostor.say(room, '!status');
    const told = await bob.waitFor(room, (h) => h.sender === house.bot && h.thread === event);
    t.equal(told.body, why);
    t.hasStrict((await house.entries()).at(-1), { type: 'refused', code, sender: alice.userId });
    t.equal((await starts(house)).length, before, 'nothing was run');
  };

  await t.test('her own client is heard', isRun);
  const password = 'chosen by the administrator';
  await t.test('a device that was added, and her password reset', async () => {
    await asAdmin(synapse, 'POST', `v2/users/${alice.userId}/devices`, { device_id: 'ADDED' });
    await asAdmin(synapse, 'POST', `v1/reset_password/${alice.userId}`, {
      new_password: password,
      logout_devices: false,
    });
    await using impostor = await openPerson({
      ...{ baseUrl: synapse.url, name: 'alice', password, crossSigned: false },
    });
    const why =
      'I cannot trust the device that sent this: it is not verified by its owner. Verify the session in your client, then send it again.';
    await isRefused(impostor, 'unsigned_device', why);
  });
  await t.test('her own client is still heard', isRun);
  await t.test('her identity replaced by another one', async () => {
    await asAdmin(
      synapse,
      'POST',
      `v1/users/${alice.userId}/_allow_cross_signing_replacement_without_uia`,
      {},
    );
    await using impostor = await openPerson({ baseUrl: synapse.url, name: 'alice', password });
    t.not(await impostor.masterKey(), identity);
    const why =
      "The sender's identity is not the one that the policy pins. If it was reset, an administrator has to pin the new one.";
    await isRefused(impostor, 'identity_mismatch', why);
  });
  t.equal(await house.stop(), 0);
  t.equal((await vaktrom('audit', 'verify', '--dir', house.dir)).code, 0);
});

const starts = async (house: House): Promise<readonly Entry[]> =>
  (await house.entries()).filter(({ type }) => type === 'start');

async function asAdmin(
  { url, adminToken }: Synapse,
  method: string,
  path: string,
  body: object,
): Promise<void> {
  const response = await fetch(`${url}/_synapse/admin/${path}`, {
    method,
    headers: { authorization: `Bearer ${adminToken}` },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
}
