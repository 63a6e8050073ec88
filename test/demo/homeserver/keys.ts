import t from 'tap';
import { Accounts } from '../../../src/demo/homeserver/accounts.ts';
import {
  claimKey,
  claimKeys,
  countOneTimeKeys,
  unusedFallbackKeys,
  uploadKeys,
} from '../../../src/demo/homeserver/keys.ts';
import { Stream } from '../../../src/demo/homeserver/stream.ts';

function server() {
  const accounts = new Accounts('localhost', new Stream());
  const { device } = accounts.signIn(accounts.register('alice', 'pw'), { deviceId: 'A' });
  return { accounts, device };
}

const SIGNED = 'signed_curve25519';

t.test('one-time keys are handed out in the order in which they came, each once', async (t) => {
  const { accounts, device } = server();
  uploadKeys(accounts, device, {
    one_time_keys: { [`${SIGNED}:2`]: 'two', [`${SIGNED}:1`]: 'one' },
  });
  t.strictSame(claimKey(device, SIGNED), { [`${SIGNED}:2`]: 'two' });
  t.strictSame(countOneTimeKeys(device), { [SIGNED]: 1 });
  t.strictSame(claimKey(device, SIGNED), { [`${SIGNED}:1`]: 'one' });
  t.equal(claimKey(device, SIGNED), undefined);
  t.strictSame(countOneTimeKeys(device), { [SIGNED]: 0 });
});

t.test('keys of another algorithm are neither handed out nor counted together', async (t) => {
  const { accounts, device } = server();
  uploadKeys(accounts, device, { one_time_keys: { 'other:1': 'one' } });
  t.equal(claimKey(device, SIGNED), undefined);
  t.strictSame(countOneTimeKeys(device), { [SIGNED]: 0, other: 1 });
});

t.test('the fallback key comes last, stays, and counts as used until it is replaced', async (t) => {
  const { accounts, device } = server();
  uploadKeys(accounts, device, {
    one_time_keys: { [`${SIGNED}:1`]: 'one' },
    fallback_keys: { [`${SIGNED}:F`]: 'fallback' },
  });
  claimKey(device, SIGNED);
  t.same(unusedFallbackKeys(device), [SIGNED]);
  t.strictSame(claimKey(device, SIGNED), { [`${SIGNED}:F`]: 'fallback' });
  t.strictSame(claimKey(device, SIGNED), { [`${SIGNED}:F`]: 'fallback' });
  t.same(unusedFallbackKeys(device), []);
  uploadKeys(accounts, device, { fallback_keys: { [`${SIGNED}:G`]: 'fresh' } });
  t.same(unusedFallbackKeys(device), [SIGNED]);
});

t.test('an upload with one key id used for two keys changes nothing', async (t) => {
  const { accounts, device } = server();
  uploadKeys(accounts, device, { one_time_keys: { [`${SIGNED}:1`]: 'one' } });
  const clash = { one_time_keys: { [`${SIGNED}:9`]: 'nine', [`${SIGNED}:1`]: 'other' } };
  t.throws(() => uploadKeys(accounts, device, clash), { message: /M_UNKNOWN/ });
  t.strictSame(countOneTimeKeys(device), { [SIGNED]: 1 });
});

t.test('the same device keys again are no change, others are', async (t) => {
  const { accounts, device } = server();
  const keys = { user_id: '@alice:localhost', device_id: 'A', keys: { a: '1' } };
  const changedAfter = (device_keys: typeof keys) => {
    const before = device.account.devicesChangedAt;
    uploadKeys(accounts, device, { device_keys });
    return device.account.devicesChangedAt > before;
  };
  t.equal(changedAfter(keys), true);
  t.equal(changedAfter({ ...keys }), false);
  t.equal(changedAfter({ ...keys, keys: { a: '2' } }), true);
});

t.test('device ids that are names of methods are nothing special', async (t) => {
  const { accounts } = server();
  const wanted = { '@alice:localhost': JSON.parse(`{"__proto__": "${SIGNED}", "constructor": 1}`) };
  t.strictSame(claimKeys(accounts, wanted), { one_time_keys: {}, failures: {} });
});
