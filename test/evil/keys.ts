/** What the homeserver says of devices, identities and keys. */
import { sendToDevices } from '../../src/demo/homeserver/inbox.ts';
import { isObject, type JsonObject, objectAt } from '../../src/demo/homeserver/json.ts';
import { Reply } from '../../src/demo/homeserver/request.ts';
import type { CryptoClient } from '../support/crypto-client.ts';
import { openCryptoClient } from '../support/crypto-client.ts';
import { openUnsignedDevice } from '../support/unsigned-device.ts';
import { type Group, tell } from './fixtures/case.ts';
import { accountOf, type Forgery, forgeIdentity, forgeSignature } from './fixtures/forged-keys.ts';
import { BOT, type Stage } from './fixtures/stage.ts';

const PATIENCE_MS = 11_000;
const nameOf = ({ user }: CryptoClient): string => user.slice(1, user.indexOf(':'));

/** The server signs in as somebody, has that device vouched for somehow, and gives a command. */
async function impersonate(
  stage: Stage,
  victim: CryptoClient,
  vouch: (forgery: Forgery) => void = () => {},
): Promise<void> {
  const { server, ops } = stage;
  await using evil = await openUnsignedDevice(server.homeserver, nameOf(victim));
  const said = await evil.say('!status web', [BOT], ops);
  vouch({ user: victim.user, device: evil.device });
  stage.noteSealed(victim.user, { ...said });
  server.deliver(victim.user, { ...said }, ops);
  await server.heardUpTo(server.position);
}

/** Takes the keys that somebody sends to the bot; returns how to hand them over. */
function withholdKeys(stage: Stage, from: CryptoClient): () => void {
  const { server } = stage;
  const held: JsonObject[] = [];
  server.lie(({ path, body }, next) => {
    if (!path.includes('/sendToDevice/')) return next();
    held.push(JSON.parse(Buffer.from(body).toString()) as JsonObject);
    return new Reply(200, {});
  }, from.user);
  const handOver = (): void => {
    for (const body of held.splice(0)) {
      const messages = objectAt(body, 'messages');
      sendToDevices(server.state, { sender: from.user, type: 'm.room.encrypted', messages });
    }
  };
  stage.onWithdraw(handOver);
  return handOver;
}

/** Answers so when somebody asks for a one-time key of the bot, and has them give a command. */
async function giveOneTimeKey(
  stage: Stage,
  victim: CryptoClient,
  change: (claimed: JsonObject) => JsonObject,
): Promise<void> {
  stage.server.lie(async ({ path }, next) => {
    const reply = await next();
    return path.endsWith('/keys/claim') ? new Reply(200, change(reply.body as JsonObject)) : reply;
  }, victim.user);
  await stage.say(victim, '!status web');
  await stage.caughtUp();
  stage.pass(PATIENCE_MS);
}

/** Shows the bot another list of devices of somebody, now and until `stopLying`. */
async function showDevices(
  stage: Stage,
  { user }: CryptoClient,
  change: (devices: JsonObject) => JsonObject,
): Promise<void> {
  const { server } = stage;
  server.lie(async ({ path }, next) => {
    const reply = await next();
    if (!path.endsWith('/keys/query') || !isObject(reply.body as JsonObject)) return reply;
    const body = reply.body as JsonObject;
    const devices = objectAt(body, 'device_keys');
    const changed = { ...devices, [user]: change(objectAt(devices, user)) };
    return new Reply(200, { ...body, device_keys: changed });
  });
  const told = () => server.state.accounts.devicesChanged(accountOf(server.state, user));
  stage.onWithdraw(told);
  told();
  await stage.caughtUp();
}

/** Devices as they are before their owner has verified them. */
const withoutSignatures = (devices: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(devices).map(([id, device]) => {
      const signatures = Object.entries(objectAt(device as JsonObject, 'signatures')).map(
        ([user, all]) => [
          user,
          Object.fromEntries(Object.entries(all as JsonObject).filter(([by]) => by.endsWith(id))),
        ],
      );
      return [id, { ...(device as JsonObject), signatures: Object.fromEntries(signatures) }];
    }),
  );

const replaceStrings = (value: JsonObject, by: (text: string) => string): JsonObject =>
  JSON.parse(JSON.stringify(value), (_, one: unknown) =>
    typeof one === 'string' ? by(one) : one,
  ) as JsonObject;

export const KEYS: Group = {
  title: 'Devices, identities and keys',
  victims: 24,
  cases: [
    {
      name: 'a device added to a pinned person',
      does: 'signs in as her on a device of its own, and types a command',
      lie: (stage) => impersonate(stage, stage.victim()),
      expect: { refused: ['unsigned_device'] },
    },
    {
      name: 'a device that is signed by nobody she knows',
      does: 'signs its device of hers with a key of its own, in the name of her signing key',
      lie: (stage) =>
        impersonate(stage, stage.victim(), (forgery) =>
          forgeSignature(stage.server.state, forgery),
        ),
      expect: { refused: ['unsigned_device'] },
    },
    {
      name: 'the identity of a pinned person, replaced before she has said anything',
      does: 'publishes another master key for her, and a device that is signed under it',
      lie: (stage) =>
        impersonate(stage, stage.victim(), (forgery) => forgeIdentity(stage.server.state, forgery)),
      expect: { refused: ['identity_mismatch'] },
    },
    {
      name: 'the identity of a pinned person, replaced after she has been heard',
      does: 'lets a command of hers pass, and then replaces her master key and her device',
      async lie(stage) {
        const victim = stage.victim();
        await stage.say(victim, '!status web');
        await stage.caughtUp();
        await impersonate(stage, victim, (forgery) => forgeIdentity(stage.server.state, forgery));
      },
      expect: { ran: 1, refused: ['identity_mismatch'] },
    },
    {
      name: 'an identity that is replaced and put back',
      does: 'replaces the identity of a person, and shows the real one again',
      async lie(stage) {
        const victim = stage.victim();
        const account = accountOf(stage.server.state, victim.user);
        const real = [...account.crossSigning];
        await impersonate(stage, victim, (forgery) => forgeIdentity(stage.server.state, forgery));
        for (const [name, key] of real) account.crossSigning.set(name, key);
        stage.server.state.accounts.devicesChanged(account);
        await stage.caughtUp();
        await stage.say(victim, '!status web');
      },
      expect: { ran: 1, refused: ['identity_mismatch'] },
    },
    {
      name: 'an identity with two master keys',
      does: 'publishes a master key of its own that lists the pinned one beside it',
      async lie(stage) {
        const victim = stage.victim();
        await impersonate(stage, victim, (forgery) =>
          forgeIdentity(stage.server.state, { ...forgery, beside: victim.identity }),
        );
      },
      // Which of the two the crate takes for hers is chance, and neither makes the device hers.
      expect: { refused: [['unsigned_device', 'identity_unknown', 'identity_mismatch']] },
    },
    {
      name: 'the identity of somebody without a pin',
      does: 'replaces the identity of a person whom the policy names without pinning her',
      lie: (stage) =>
        impersonate(stage, stage.carol, (forgery) => forgeIdentity(stage.server.state, forgery)),
      expect: { refused: ['identity_changed'] },
    },
    {
      name: 'a new password of a person, and a client that makes a new identity',
      does: 'resets her password, signs in with an ordinary client and verifies it as her',
      async lie(stage) {
        const name = nameOf(stage.victim());
        await using evil = await openCryptoClient(stage.server.homeserver, { name });
        await stage.say(evil, '!status web');
        await stage.caughtUp();
      },
      expect: { refused: ['identity_mismatch'] },
    },
    {
      name: 'a room key that is withheld',
      does: 'delivers two commands, and not the key of their session',
      async lie(stage) {
        const victim = stage.victim();
        withholdKeys(stage, victim);
        await stage.say(victim, '!status web');
        await stage.say(victim, '!status api');
        await stage.caughtUp();
        stage.pass(PATIENCE_MS);
      },
      expect: { refused: ['missing_key'], note: 'Said once per session.' },
    },
    {
      name: 'a room key that comes a moment late',
      does: 'delivers the key of a session after the command that needs it',
      async lie(stage) {
        const victim = stage.victim();
        const handOver = withholdKeys(stage, victim);
        await stage.say(victim, '!status web');
        await stage.caughtUp();
        handOver();
      },
      expect: { ran: 1 },
    },
    {
      name: 'a copy that a member makes while the room key is awaited',
      does: 'delivers a command, a damaged copy of it by a member, and then the key of its session',
      async lie(stage) {
        const victim = stage.victim();
        const handOver = withholdKeys(stage, victim);
        const { content } = await stage.say(victim, '!status web');
        const bytes = Buffer.from(content['ciphertext'] ?? '', 'base64').fill(9, 0, 1);
        const ciphertext = bytes.toString('base64').replaceAll('=', '');
        stage.server.deliver(stage.mallory.user, { ...content, ciphertext }, stage.ops);
        await stage.caughtUp();
        handOver();
      },
      expect: { ran: 1, refused: ['damaged'] },
    },
    {
      name: 'a room key that comes too late',
      does: 'delivers the key of a session once its command has been given up',
      async lie(stage) {
        const victim = stage.victim();
        const handOver = withholdKeys(stage, victim);
        await stage.say(victim, '!status web');
        await stage.caughtUp();
        stage.pass(PATIENCE_MS);
        await stage.say(stage.bob, 'good morning');
        await stage.caughtUp();
        handOver();
      },
      expect: { refused: ['missing_key'] },
    },
    {
      name: 'a command said while the daemon is away, and its key withheld',
      does: 'keeps the key of a command until the daemon is back and has given it up',
      async lie(stage) {
        const victim = stage.victim();
        withholdKeys(stage, victim);
        await stage.stop();
        await stage.say(victim, '!status web');
        await stage.start();
        stage.pass(PATIENCE_MS);
        await stage.say(stage.alice, 'good morning');
        await stage.caughtUp();
      },
      expect: { refused: ['missing_key'] },
    },
    {
      name: 'a sign-off whose key is withheld',
      does: 'keeps the key of a sign-off until it has been given up, while the request waits',
      async lie(stage) {
        const victim = stage.victim();
        const { event } = await stage.say(stage.bob, '!deploy');
        const id = await stage.requestOf(event);
        withholdKeys(stage, victim);
        await stage.say(victim, `!approve ${id}`);
        await stage.caughtUp();
        stage.pass(PATIENCE_MS);
      },
      expect: { refused: ['missing_key'] },
    },
    {
      name: 'a device shown without the signature of its owner',
      does: 'leaves the signature out of the list of devices of a person, and shows it later',
      async lie(stage) {
        const victim = stage.victim();
        await showDevices(stage, victim, withoutSignatures);
        await stage.say(victim, '!status web');
      },
      expect: { refused: ['device_unsigned'] },
    },
    {
      name: 'more refused commands of one person than are listed',
      does: 'shows her device as not signed, delivers forty commands of hers, and shows the truth',
      async lie(stage) {
        const victim = stage.victim();
        await showDevices(stage, victim, withoutSignatures);
        for (let count = 0; count < 40; count++) await stage.say(victim, '!status web');
      },
      expect: { flood: 'device_unsigned', note: 'What was only counted is as final' },
    },
    {
      name: 'one-time keys that are withheld',
      does: 'tells a person that the bot has no one-time key left',
      lie: (stage) =>
        giveOneTimeKey(stage, stage.victim(), () => ({ one_time_keys: {}, failures: {} })),
      expect: { refused: ['missing_key'] },
    },
    {
      name: 'one-time keys that are swapped',
      does: 'hands out a one-time key of its own as one of the bot',
      lie: (stage) =>
        giveOneTimeKey(stage, stage.victim(), (claimed) =>
          replaceStrings(claimed, (s) => (s.length === 43 ? `A${s.slice(1, 42)}A` : s)),
        ),
      expect: { refused: ['missing_key'] },
    },
    {
      name: 'a one-time key that is handed out twice',
      does: 'gives the same one-time key of the bot to two people',
      async lie(stage) {
        let first: JsonObject | undefined;
        const same = (claimed: JsonObject): JsonObject => (first ??= claimed);
        await giveOneTimeKey(stage, stage.victim(), same);
        await giveOneTimeKey(stage, stage.victim(), same);
      },
      expect: { ran: 1, refused: ['missing_key'] },
    },
    {
      name: 'counts of one-time keys that are not so',
      does: 'says that none, that less than none and that too many keys of the bot are left',
      async lie({ server }) {
        for (const signed_curve25519 of [0, -7, 2 ** 53])
          await server.lieInSync((answer) => ({
            ...answer,
            device_one_time_keys_count: { signed_curve25519 },
          }));
      },
      expect: {},
    },
    {
      name: 'a device list that hides a device, and one that shows it again',
      does: 'leaves the device of a person out of her list, and puts it back later',
      async lie(stage) {
        const victim = stage.victim();
        await showDevices(stage, victim, () => ({}));
        await stage.say(victim, '!status web');
        await stage.caughtUp();
        stage.server.stopLying();
        await showDevices(stage, victim, (devices) => devices);
        await stage.say(victim, '!status api');
      },
      expect: {
        ran: 1,
        refused: ['device_unknown'],
        note: 'A device that its owner has signed stays hers for as long as her identity: to be rid of a lost one, she resets it.',
      },
    },
    {
      name: 'a device list in another order, with devices that are none',
      does: 'adds devices without keys, of other people and of odd names to a list',
      async lie(stage) {
        const victim = stage.victim();
        await showDevices(stage, victim, (devices) => ({
          '': {},
          __proto__: {},
          AAAA: null,
          BBBB: { keys: 7 },
          ...Object.fromEntries(Object.entries(devices).toReversed()),
          CCCC: Object.values(devices)[0] ?? {},
        }));
        await stage.say(victim, '!status web');
      },
      expect: { ran: 1 },
    },
    {
      name: 'other keys under the name of a known device',
      does: 'replaces the keys of the device of a person by its own, under the same device id',
      async lie(stage) {
        const victim = stage.victim();
        const swap = (s: string) => (s.length === 43 ? `${s.slice(0, 20)}AAA${s.slice(23)}` : s);
        await showDevices(stage, victim, (devices) => replaceStrings(devices, swap));
        await stage.say(victim, '!status web');
      },
      expect: { ran: 1 },
    },
    {
      name: 'questions about keys that are answered with nonsense',
      does: 'answers every request for keys with lists, numbers, errors and HTML',
      async lie(stage) {
        const { server } = stage;
        const answers = [[], 5, { device_keys: [] }, { failures: { localhost: {} } }, '<html>'];
        for (const answer of answers) {
          server.answer(/\/keys\/query$/, () => new Reply(200, answer));
          server.state.accounts.devicesChanged(accountOf(server.state, stage.bob.user));
          await stage.caughtUp();
        }
        await stage.say(stage.bob, '!status web');
      },
      expect: { ran: 1, logged: /refused a request for keys/ },
    },
    {
      name: 'messages to the device that are not encrypted',
      does: 'sends the bot a room key, a forwarded key, a secret and a withheld key in clear',
      lie({ server, bob, ops }) {
        const session = { algorithm: 'm.megolm.v1.aes-sha2', room_id: ops, session_id: 'x' };
        for (const type of [
          'm.room_key',
          'm.forwarded_room_key',
          'm.secret.send',
          'm.room_key.withheld',
          'm.room_key_request',
          'm.dummy',
          '__proto__',
        ])
          sendToDevices(server.state, {
            ...{ sender: bob.user, type },
            messages: { [BOT]: { '*': { ...session, session_key: 'AQ', secret: 'x' } } },
          });
      },
      expect: {},
    },
  ],
};

if (import.meta.main) tell(KEYS);
