/** What a homeserver does to keep a request from being looked at: none of it lets the request start. */
import t from 'tap';
import { Fatal, Fault } from '../../src/base/errors.ts';
import { type RequesterParts, requesterChanges } from '../../src/matrix/requester.ts';
import { device } from '../support/ids.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { RecordingChat, TIDY } from '../support/recording-chat.ts';
import { frozen } from '../support/requests.ts';
import { ALICE, ALICES_KEY, BOB, OPS } from '../support/sightings.ts';

const SILENT = 'the homeserver does not say who is in the room';

function parts(change: Partial<RequesterParts['crypto']> = {}) {
  const chat = new RecordingChat();
  chat.facts.set(OPS, { ...TIDY, members: [{ user: ALICE, isPinned: true }] });
  const crypto = {
    identityOf: async () => ({ masterKey: ALICES_KEY, changed: false }),
    deviceOf: async () => ({
      ...{ id: device('PHONE'), key: 'curve', crossSigned: true, deleted: false },
    }),
    ...change,
  };
  return { chat, crypto, clock: new ManualClock(0) };
}

t.test('a homeserver that fails says nothing, and so nothing starts', async (t) => {
  const away = parts();
  away.chat.isAway = true;
  t.strictSame(await requesterChanges(away, frozen()), [SILENT]);
  const broken = parts({
    identityOf: async () => {
      throw new Fault('homeserver_refused', 'no');
    },
  });
  t.strictSame(await requesterChanges(broken, frozen()), [SILENT]);
});

t.test('what is fatal is not taken for that', async (t) => {
  const lost = parts({
    deviceOf: async () => {
      throw new Fatal('crypto_store_failed', 'the store is gone');
    },
  });
  await t.rejects(requesterChanges(lost, frozen()), { code: /^crypto_store_failed$/ });
});

t.test('a homeserver that never answers is not waited for longer than its time', async (t) => {
  const slow = parts();
  slow.chat.hold();
  let said: readonly string[] | undefined;
  const looking = requesterChanges(slow, frozen()).then((changes) => {
    said = changes;
  });
  await slow.clock.advance(19_999);
  t.equal(said, undefined);
  await slow.clock.advance(1);
  await looking;
  t.strictSame(said, [SILENT]);
});

t.test('who or what cannot be looked up is not as it was', async (t) => {
  const { actor, source } = frozen();
  for (const asked of [
    { actor: { ...actor, account: '' }, source },
    { actor: { ...actor, device: '' }, source },
    { actor, source: { ...source, room: 'local' } },
  ])
    t.strictSame(await requesterChanges(parts(), asked), ['the requester cannot be looked up']);
});

t.test('the others in the room are not the requester', async (t) => {
  const left = parts();
  left.chat.facts.set(OPS, { ...TIDY, members: [{ user: BOB, isPinned: true }] });
  t.strictSame(await requesterChanges(left, frozen()), ['alice has left the room']);
});
