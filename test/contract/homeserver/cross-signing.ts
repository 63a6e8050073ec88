/** Cross-signing keys: who may set them, and who sees which signature. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { Test } from 'tap';
import { canonicalJson, toBase64, utf8 } from '../../../src/base/bytes.ts';
import { type JsonObject, listAt, objectAt, textAt } from '../../../src/demo/homeserver/json.ts';
import { newDevice, type RawDevice, refused, roomOf, type ServerUnderTest } from '../raw.ts';

interface Key {
  readonly secret: KeyObject;
  /** Base64 without padding: how Matrix names a key. */
  readonly name: string;
}

function makeKey(): Key {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
  return { secret: privateKey, name: unpadded(raw) };
}

const unpadded = (data: Uint8Array): string => toBase64(data).replaceAll('=', '');

interface Signer {
  readonly userId: string;
  readonly key: Key;
  /** The key's id if it is not its name: a device's. */
  readonly keyId?: string;
}

/** `object` with a signature of the Matrix specification, appendix "Signing JSON". */
function signed(object: JsonObject, { userId, key, keyId = key.name }: Signer): JsonObject {
  const { signatures: _signatures, unsigned: _unsigned, ...bare } = object;
  const signature = unpadded(sign(null, utf8(canonicalJson(bare)), key.secret));
  const own = objectAt(objectAt(object, 'signatures'), userId);
  const merged = { ...own, [`ed25519:${keyId}`]: signature };
  return { ...object, signatures: { ...objectAt(object, 'signatures'), [userId]: merged } };
}

/** A whole identity as a client would make it; Synapse checks the signatures. */
function makeIdentity({ userId }: RawDevice) {
  const [master, self, user] = [makeKey(), makeKey(), makeKey()];
  const publish = ({ name }: Key, usage: string): JsonObject => ({
    user_id: userId,
    usage: [usage],
    keys: { [`ed25519:${name}`]: name },
  });
  const masterKey = publish(master, 'master');
  return {
    master,
    self,
    user,
    masterKey,
    upload: {
      master_key: masterKey,
      self_signing_key: signed(publish(self, 'self_signing'), { userId, key: master }),
      user_signing_key: signed(publish(user, 'user_signing'), { userId, key: master }),
    },
  };
}

async function uploadDevice(device: RawDevice) {
  const { userId, deviceId } = device;
  const key = makeKey();
  const bare = {
    user_id: userId,
    device_id: deviceId,
    algorithms: ['m.megolm.v1.aes-sha2'],
    keys: { [`ed25519:${deviceId}`]: key.name, [`curve25519:${deviceId}`]: makeKey().name },
  };
  const keys = signed(bare, { userId, key, keyId: deviceId });
  await device.get('POST /keys/upload', { device_keys: keys });
  return { key, keys };
}

const UPLOAD = 'POST /keys/device_signing/upload';
const SIGN = 'POST /keys/signatures/upload';

async function masterKeySeenBy(asker: RawDevice, userId: string): Promise<JsonObject> {
  const answer = await asker.get('POST /keys/query', { device_keys: { [userId]: [] } });
  return objectAt(objectAt(answer, 'master_keys'), userId);
}

const signersOf = (object: JsonObject, userId: string): readonly string[] =>
  Object.keys(objectAt(objectAt(object, 'signatures'), userId));

export async function testCrossSigning(t: Test, server: ServerUnderTest): Promise<void> {
  await t.test('the first keys need no password, others in their place do', async (t) => {
    const alice = await newDevice(server);
    const [first, second] = [makeIdentity(alice), makeIdentity(alice)];
    await alice.get(UPLOAD, first.upload);
    await alice.get(UPLOAD, first.upload);
    const asked = await alice.ask(UPLOAD, second.upload);
    t.hasStrict(asked, {
      status: 401,
      body: { flows: [{ stages: ['m.login.password'] }], params: {} },
    });
    t.match(asked, { body: { session: String } });
    const auth = {
      type: 'm.login.password',
      session: textAt(asked.body, 'session') ?? '',
      identifier: { type: 'm.id.user', user: alice.userId },
      password: alice.account.password,
    };
    const wrong = await alice.ask(UPLOAD, { ...second.upload, auth: { ...auth, password: 'no' } });
    t.hasStrict(wrong, { status: 401, body: { errcode: 'M_FORBIDDEN' } });
    t.match(wrong, { body: { session: String } });
    t.hasStrict(await masterKeySeenBy(alice, alice.userId), { keys: first.masterKey['keys'] });
    const unknown = { ...second.upload, auth: { ...auth, session: 'none' } };
    refused(t, await alice.ask(UPLOAD, unknown), { status: 400, errcode: 'M_UNKNOWN' });
    await alice.get(UPLOAD, { ...second.upload, auth });
    t.hasStrict(await masterKeySeenBy(alice, alice.userId), { keys: second.masterKey['keys'] });
  });

  await t.test("nobody else's password will do", async (t) => {
    const [alice, mallory] = [await newDevice(server), await newDevice(server)];
    await alice.get(UPLOAD, makeIdentity(alice).upload);
    const auth = {
      type: 'm.login.password',
      identifier: { type: 'm.id.user', user: mallory.userId },
      password: mallory.account.password,
    };
    const answer = await alice.ask(UPLOAD, { ...makeIdentity(alice).upload, auth });
    refused(t, answer, { status: 403, errcode: 'M_FORBIDDEN' });
  });

  await t.test('everybody sees the keys, but the user-signing key only its owner', async (t) => {
    const [alice, bob] = [await newDevice(server), await newDevice(server)];
    const { upload } = makeIdentity(alice);
    await alice.get(UPLOAD, upload);
    const query = { device_keys: { [alice.userId]: [] } };
    const own = await alice.get('POST /keys/query', query);
    t.hasStrict(own, { user_signing_keys: { [alice.userId]: upload.user_signing_key } });
    const seen = await bob.get('POST /keys/query', query);
    t.hasStrict(seen, {
      master_keys: { [alice.userId]: upload.master_key },
      self_signing_keys: { [alice.userId]: upload.self_signing_key },
    });
    t.strictSame(seen['user_signing_keys'], {});
  });

  await t.test(
    'a signature on an own device is seen by everybody, who are told of it',
    async (t) => {
      const [alice, bob] = [await newDevice(server), await newDevice(server)];
      await roomOf(alice, bob);
      const { self, upload } = makeIdentity(alice);
      const { keys } = await uploadDevice(alice);
      await alice.get(UPLOAD, upload);
      const since = await bob.now();
      const ownDevice = signed(keys, { userId: alice.userId, key: self });
      const signatures = { [alice.userId]: { [alice.deviceId]: ownDevice } };
      t.strictSame(await alice.get(SIGN, signatures), { failures: {} });
      const told = objectAt(await bob.sync(since), 'device_lists');
      t.same(listAt(told, 'changed'), [alice.userId]);
      const seen = await bob.get('POST /keys/query', { device_keys: { [alice.userId]: [] } });
      const device = objectAt(
        objectAt(objectAt(seen, 'device_keys'), alice.userId),
        alice.deviceId,
      );
      t.same(
        signersOf(device, alice.userId).toSorted(),
        [`ed25519:${alice.deviceId}`, `ed25519:${self.name}`].toSorted(),
      );
    },
  );

  await t.test('a signature on a master key is seen by its maker only, who is told', async (t) => {
    const [alice, bob] = [await newDevice(server), await newDevice(server)];
    await roomOf(alice, bob);
    const [ours, theirs] = [makeIdentity(alice), makeIdentity(bob)];
    const device = await uploadDevice(alice);
    await alice.get(UPLOAD, ours.upload);
    await bob.get(UPLOAD, theirs.upload);
    const [since, bobSince] = [await alice.now(), await bob.now()];
    const byDevice = { userId: alice.userId, key: device.key, keyId: alice.deviceId };
    const byUser = { userId: alice.userId, key: ours.user };
    await alice.get(SIGN, {
      [alice.userId]: { [ours.master.name]: signed(ours.masterKey, byDevice) },
      [bob.userId]: { [theirs.master.name]: signed(theirs.masterKey, byUser) },
    });
    const told = (answer: JsonObject) => listAt(objectAt(answer, 'device_lists'), 'changed');
    t.ok(told(await alice.sync(since)).includes(bob.userId));
    t.notOk(told(await bob.sync(bobSince)).includes(bob.userId));
    const seenByAlice = await masterKeySeenBy(alice, bob.userId);
    t.same(signersOf(seenByAlice, alice.userId), [`ed25519:${ours.user.name}`]);
    t.same(signersOf(await masterKeySeenBy(bob, bob.userId), alice.userId), []);
    const ownByAlice = await masterKeySeenBy(alice, alice.userId);
    t.same(signersOf(ownByAlice, alice.userId), [`ed25519:${alice.deviceId}`]);
    t.same(signersOf(await masterKeySeenBy(bob, alice.userId), alice.userId), []);
  });

  await t.test('a signature on something that is not there is a failure', async (t) => {
    const alice = await newDevice(server);
    const { upload, self } = makeIdentity(alice);
    await alice.get(UPLOAD, upload);
    const none = signed(
      { user_id: alice.userId, device_id: 'NONE', keys: {} },
      {
        userId: alice.userId,
        key: self,
      },
    );
    const answer = await alice.get(SIGN, { [alice.userId]: { NONE: none } });
    t.hasStrict(answer, { failures: { [alice.userId]: { NONE: { errcode: 'M_NOT_FOUND' } } } });
  });
}
