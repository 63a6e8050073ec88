/** Whole conversations of third-party clients in an encrypted room. */
import type { Test } from 'tap';
import { utf8 } from '../../../src/base/bytes.ts';
import { eventually } from '../../people/eventually.ts';
import { openPerson, type Person } from '../../people/person.ts';
import { newAccount, type ServerUnderTest } from '../raw.ts';

export async function testEncryption(t: Test, server: ServerUnderTest): Promise<void> {
  const [alice, bob] = await Promise.all([newPerson(server), newPerson(server)]);
  t.teardown(() => Promise.all([alice, bob].map((person) => person[Symbol.asyncDispose]())));
  const roomId = await alice.createRoom([bob.userId]);
  await bob.join(roomId);

  await t.test('messages are decrypted on both sides', async (t) => {
    await alice.say(roomId, 'ping');
    const ping = await bob.waitFor(roomId, ({ body }) => body === 'ping');
    t.hasStrict(ping, { sender: alice.userId, type: 'm.room.message', encrypted: true });
    await bob.say(roomId, 'pong');
    const pong = await alice.waitFor(roomId, ({ body }) => body === 'pong');
    t.hasStrict(pong, { sender: bob.userId, encrypted: true });
  });

  await t.test('an edit, a thread and a reaction point to their message', async (t) => {
    const root = await alice.say(roomId, 'deploy?');
    await bob.waitFor(roomId, ({ eventId }) => eventId === root);
    await alice.edit(roomId, root, 'deploy!');
    const edit = await bob.waitFor(roomId, ({ body }) => body === 'deploy!');
    t.hasStrict(edit, { edits: root, encrypted: true });
    await alice.say(roomId, 'in thread', root);
    t.hasStrict(await bob.waitFor(roomId, ({ thread }) => thread === root), { body: 'in thread' });
    await bob.react(roomId, root, '👍');
    const reaction = await alice.waitFor(roomId, ({ type }) => type === 'm.reaction');
    t.hasStrict(reaction.content, { 'm.relates_to': { event_id: root, key: '👍' } });
  });

  await t.test('an attachment travels encrypted and arrives whole', async (t) => {
    const output = utf8('full output\n'.repeat(10_000));
    await alice.attach(roomId, 'output.txt', output);
    const heard = await bob.waitFor(roomId, ({ body }) => body === 'output.txt');
    t.hasStrict(heard, { encrypted: true, content: { msgtype: 'm.file' } });
    t.same(await bob.fetchAttachment(heard), output);
  });

  await t.test('a redaction takes the message away', async (t) => {
    const eventId = await alice.say(roomId, 'wrong room');
    await bob.waitFor(roomId, (heard) => heard.eventId === eventId);
    await alice.session.client.redactEvent(roomId, eventId);
    await bob.waitFor(roomId, ({ type }) => type === 'm.room.redaction');
    const event = bob.session.client.getRoom(roomId)?.findEventById(eventId);
    t.equal(event?.isRedacted(), true);
  });

  await t.test(
    'a second device that nobody signed reads on, and is seen as unsigned',
    async (t) => {
      await using phone = await openPerson({
        baseUrl: server.baseUrl,
        name: bob.userId,
        password: bob.session.password,
        crossSigned: false,
      });
      const crypto = alice.session.client.getCrypto();
      const seen = (deviceId: string) =>
        eventually(
          async () =>
            (await crypto?.getDeviceVerificationStatus(bob.userId, deviceId)) ?? undefined,
        );
      t.match(await seen(bob.session.deviceId), { signedByOwner: true });
      t.match(await seen(phone.session.deviceId), { signedByOwner: false });
      await alice.say(roomId, 'to all devices');
      await phone.waitFor(roomId, ({ body }) => body === 'to all devices');
      await phone.say(roomId, 'from the phone');
      const heard = await alice.waitFor(roomId, ({ body }) => body === 'from the phone');
      t.equal(heard.sender, bob.userId);
      await phone.session.client.logout();
    },
  );

  await t.test('a person who makes a new identity is seen with the new one', async (t) => {
    const before = await bob.masterKey();
    t.equal(await masterKeySeenBy(alice, bob), before);
    await bob.resetIdentity();
    t.not(await bob.masterKey(), before);
    t.equal(await masterKeySeenBy(alice, bob), await bob.masterKey());
    await bob.say(roomId, 'still me');
    await alice.waitFor(roomId, ({ body }) => body === 'still me');
  });

  await t.test('who joins later reads what comes later', async (t) => {
    await using carol = await newPerson(server);
    await alice.session.client.invite(roomId, carol.userId);
    await carol.join(roomId);
    await alice.waitForMembership(roomId, { userId: carol.userId, membership: 'join' });
    await alice.say(roomId, 'hello carol');
    const heard = await carol.waitFor(roomId, ({ body }) => body === 'hello carol');
    t.equal(heard.encrypted, true);
    await carol.session.client.leave(roomId);
    await alice.waitForMembership(roomId, { userId: carol.userId, membership: 'leave' });
  });
}

const newPerson = async (server: ServerUnderTest): Promise<Person> =>
  openPerson({ baseUrl: server.baseUrl, ...(await newAccount(server)) });

async function masterKeySeenBy(asker: Person, { userId }: Person): Promise<string | undefined> {
  const { client } = asker.session;
  const answer = await client.downloadKeysForUsers([userId]);
  return Object.values(answer.master_keys?.[userId]?.keys ?? {})[0];
}
