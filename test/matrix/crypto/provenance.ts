/**
 * What is said of a decryption, and of the sender as the crypto store knows them now: each fact from
 * where it comes, none made up. The store is a stand-in here, so that it can say what the real one says
 * only to an attacker; the real one is in device.ts.
 */
import * as wasm from '@matrix-org/matrix-sdk-crypto-wasm';
import t from 'tap';
import {
  type Decrypted,
  describeDecrypted,
  liveDevice,
  liveIdentity,
  masterKeyOf,
  reasonOf,
} from '../../../src/matrix/crypto/provenance.ts';
import { device, user } from '../../support/ids.ts';

await wasm.initAsync();

const ALICE = user('@alice:example.org');
const MASTER = JSON.stringify({ keys: { 'ed25519:KEY': 'KEY' } });
const PHONE = new wasm.DeviceId('PHONE');

interface Store {
  readonly isKnown?: boolean;
  readonly isSigned?: boolean;
  readonly isDeleted?: boolean;
  readonly key?: string | undefined;
  readonly masterKey?: string;
  readonly isViolated?: boolean;
  readonly needsApproval?: boolean;
  /** It is the daemon's own, about which nobody is asked. */
  readonly isOwn?: boolean;
}

const nothing = () => {};

/** A crypto store that knows one device and one identity, of whomever it is asked about. */
function machineOf(store: Store): wasm.OlmMachine {
  const { isKnown = true, isSigned = true, isDeleted = false, key = 'curve' } = store;
  const found = {
    curve25519Key: 'key' in store && store.key === undefined ? undefined : { toBase64: () => key },
    isCrossSignedByOwner: () => isSigned,
    isDeleted: () => isDeleted,
    [Symbol.dispose]: nothing,
  };
  const kind = store.isOwn ? wasm.OwnUserIdentity : wasm.OtherUserIdentity;
  const identity = Object.create(kind.prototype, {
    masterKey: { value: store.masterKey ?? MASTER },
    hasVerificationViolation: { value: () => store.isViolated ?? false },
    identityNeedsUserApproval: { value: () => store.needsApproval ?? false },
    [Symbol.dispose]: { value: nothing },
  });
  const machine = {
    getDevice: async () => (isKnown ? found : undefined),
    getIdentity: async () => (isKnown ? identity : undefined),
  };
  return machine as unknown as wasm.OlmMachine;
}

const KNOWN = { id: device('PHONE'), key: 'curve', crossSigned: true, deleted: false };

t.test('a device is as the store has it', async (t) => {
  const live = (store: Store, id: wasm.DeviceId | undefined = PHONE) =>
    liveDevice(machineOf(store), ALICE, id);
  t.strictSame(await live({}), KNOWN);
  t.strictSame(await live({ isSigned: false }), { ...KNOWN, crossSigned: false });
  t.strictSame(await live({ isDeleted: true }), { ...KNOWN, deleted: true });
  t.equal(await live({ isKnown: false }), undefined, 'not known');
  t.equal(await live({ key: undefined }), undefined, 'without a key');
  t.equal(await live({}, new wasm.DeviceId('evil\nname')), undefined, 'not to be shown');
  t.equal(await liveDevice(machineOf({}), ALICE, undefined), undefined, 'not named');
});

t.test('an identity has changed when the store says so in either way', async (t) => {
  const changed = async (store: Store) => (await liveIdentity(machineOf(store), ALICE))?.changed;
  t.strictSame(await liveIdentity(machineOf({}), ALICE), { masterKey: 'KEY', changed: false });
  t.equal(await changed({ isViolated: true }), true, 'it was verified once and replaced');
  t.equal(await changed({ needsApproval: true }), true, 'nobody has approved another one');
  t.equal(await changed({ needsApproval: true, isOwn: true }), false, 'nobody has to approve ours');
  t.equal(await liveIdentity(machineOf({ isKnown: false }), ALICE), undefined);
  t.equal(await liveIdentity(machineOf({ masterKey: '{"keys":{}}' }), ALICE), undefined);
});

t.test('a master key is the only one, under its own name', async (t) => {
  const of = (keys: object) => masterKeyOf(JSON.stringify({ keys }));
  t.equal(of({ 'ed25519:KEY': 'KEY' }), 'KEY');
  t.equal(of({}), undefined);
  t.equal(of({ 'ed25519:KEY': 'KEY', 'ed25519:MORE': 'MORE' }), undefined);
  t.equal(of({ 'ed25519:OTHER': 'KEY' }), undefined);
  t.equal(of({ 'curve25519:KEY': 'KEY' }), undefined);
});

/** Version 3, then the position in the session. */
const AT_SEVEN = Buffer.from([3, 0x08, 7, 0x12, 0]).toString('base64');

interface Result {
  readonly event?: string;
  readonly forwarder?: object;
  readonly ciphertext?: string;
}

const describe = ({ event, forwarder, ciphertext = AT_SEVEN }: Result, store: Store = {}) =>
  describeDecrypted(
    machineOf(store),
    { sender: ALICE, content: { session_id: 'session', ciphertext } },
    {
      event: event ?? '{"type":"m.room.message","content":{"body":"hello"}}',
      senderCurve25519Key: 'curve of the session',
      senderDevice: PHONE,
      forwarder,
    } as unknown as wasm.DecryptedRoomEvent,
  );

const DESCRIBED: Decrypted = {
  ...{ kind: 'decrypted', type: 'm.room.message', content: { body: 'hello' } },
  ...{ session: 'session', index: 7, senderKey: 'curve of the session', forwarded: false },
  device: KNOWN,
  identity: { masterKey: 'KEY', changed: false },
};
const DAMAGED = { kind: 'undecryptable', because: 'damaged', session: 'session' };

t.test('a decryption is described with all that it proves', async (t) => {
  t.strictSame(await describe({}), DESCRIBED);
  t.strictSame(await describe({ forwarder: {} }), { ...DESCRIBED, forwarded: true });
  t.strictSame(await describe({}, { isKnown: false }), {
    ...{ ...DESCRIBED, device: undefined, identity: undefined },
  });
  t.strictSame(await describe({ event: '{"content":{}}' }), DAMAGED, 'of no type');
  t.strictSame(await describe({ ciphertext: '' }), DAMAGED, 'at no position');
});

t.test('each reason not to decrypt is told apart', async (t) => {
  const { DecryptionErrorCode: Code } = wasm;
  const because = (code: number) =>
    reasonOf(Object.create(wasm.MegolmDecryptionError.prototype, { code: { value: code } }));
  for (const [code, reason] of [
    [Code.MissingRoomKey, 'missing_key'],
    [Code.UnknownMessageIndex, 'missing_key'],
    [Code.UnsignedSenderDevice, 'unsigned_device'],
    [Code.UnknownSenderDevice, 'unknown_device'],
    [Code.MismatchedSender, 'sender_mismatch'],
    [Code.MismatchedIdentityKeys, 'sender_mismatch'],
    [Code.SenderIdentityVerificationViolation, 'identity_violation'],
    [Code.UnableToDecrypt, 'damaged'],
    [99, 'damaged'],
  ] as const)
    t.equal(because(code), reason);
  t.throws(
    () => reasonOf(new RangeError('a bug')),
    { name: /^RangeError$/ },
    'a bug is none of them',
  );
});
