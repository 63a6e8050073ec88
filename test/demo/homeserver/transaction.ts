import t from 'tap';
import { Accounts } from '../../../src/demo/homeserver/accounts.ts';
import { Stream } from '../../../src/demo/homeserver/stream.ts';
import { once } from '../../../src/demo/homeserver/transaction.ts';

const accounts = new Accounts('localhost', new Stream());
const alice = accounts.register('alice', 'pw');
const newDevice = () => accounts.signIn(alice, {}).device;

function counter() {
  let count = 0;
  return () => ({ count: ++count });
}

t.test('the same path on the same device is done once', async (t) => {
  const [act, device] = [counter(), newDevice()];
  t.strictSame(once(device, '/send/1', act), { count: 1 });
  t.strictSame(once(device, '/send/1', act), { count: 1 });
  t.strictSame(once(device, '/send/2', act), { count: 2 });
});

t.test('two devices do not share their transaction ids', async (t) => {
  const act = counter();
  once(newDevice(), '/send/1', act);
  t.strictSame(once(newDevice(), '/send/1', act), { count: 2 });
});

t.test('what failed may be tried again', async (t) => {
  const device = newDevice();
  const fail = () => {
    throw new Error('refused');
  };
  t.throws(() => once(device, '/send/1', fail));
  t.strictSame(once(device, '/send/1', counter()), { count: 1 });
});
