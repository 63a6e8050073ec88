import t from 'tap';
import { requesterChanges } from '../../src/matrix/requester.ts';
import type { SenderDevice, SenderIdentity } from '../../src/trust/sighting.ts';
import { device } from '../support/ids.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { RecordingChat, TIDY } from '../support/recording-chat.ts';
import { frozen } from '../support/requests.ts';
import { ALICE, ALICES_KEY, OPS } from '../support/sightings.ts';

interface World {
  readonly identity?: SenderIdentity | undefined;
  readonly device?: SenderDevice | undefined;
  readonly isHere?: boolean;
}

const PHONE: SenderDevice = {
  ...{ id: device('PHONE'), key: 'curve', crossSigned: true, deleted: false },
};
const HERS: SenderIdentity = { masterKey: ALICES_KEY, changed: false };

function look(world: World = {}): Promise<readonly string[]> {
  const {
    identity,
    device: phone,
    isHere,
  } = { identity: HERS, device: PHONE, isHere: true, ...world };
  const chat = new RecordingChat();
  chat.facts.set(OPS, { ...TIDY, members: isHere ? [{ user: ALICE, isPinned: true }] : [] });
  const crypto = { identityOf: async () => identity, deviceOf: async () => phone };
  return requesterChanges({ chat, crypto, clock: new ManualClock(0) }, frozen());
}

t.test('of a requester who is as they were, nothing has changed', async (t) => {
  t.strictSame(await look(), []);
});

t.test('each thing that has changed is said', async (t) => {
  const another = { masterKey: 'another', changed: true };
  t.strictSame(await look({ identity: another }), ['the identity of alice is another one']);
  t.strictSame(await look({ identity: undefined }), ['the identity of alice is another one']);
  const lost = ['the device PHONE is not one of alice any more'];
  t.strictSame(await look({ device: undefined }), lost, 'signed out');
  t.strictSame(await look({ device: { ...PHONE, deleted: true } }), lost);
  t.strictSame(await look({ device: { ...PHONE, crossSigned: false } }), lost);
  t.strictSame(await look({ isHere: false }), ['alice has left the room']);
});

t.test('what nobody says in time is not as it was', async (t) => {
  const clock = new ManualClock(0);
  const never = () => new Promise<never>(() => {});
  const crypto = { identityOf: never, deviceOf: never };
  const changes = requesterChanges({ chat: new RecordingChat(), crypto, clock }, frozen());
  await clock.advance(20_000);
  t.hasStrict(await changes, ['the homeserver does not say who is in the room']);
});
