import t from 'tap';
import { type EventId, type PersonName, parseRoomId, parseUserId } from '../../src/base/ids.ts';
import { actorOf, sourceOf } from '../../src/request/entries.ts';
import { LOCAL_PLACE, localAccount, trustUser } from '../../src/trust/local.ts';

t.test('who types at the host stands in the log as such', async (t) => {
  const event = '$local-1' as EventId;
  const typed = { uid: 1000, user: 'al', event, thread: event, text: 'status web' };
  const by = trustUser(typed, 'alice' as PersonName);
  t.strictSame(actorOf(by), {
    person: 'alice',
    account: 'local:al',
    device: 'uid-1000',
    identity: '',
    pinned: true,
  });
  t.strictSame(sourceOf(by), { room: 'local', event: '$local-1' }, 'and spends no ciphertext');
});

t.test(
  'no id of Matrix can be mistaken for one of the host, nor the other way round',
  async (t) => {
    t.equal(parseUserId(localAccount('alice')).ok, false);
    t.equal(parseRoomId(LOCAL_PLACE).ok, false);
  },
);
