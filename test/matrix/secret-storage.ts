import { randomBytes } from 'node:crypto';
import { createClient } from 'matrix-js-sdk';
import { decodeRecoveryKey } from 'matrix-js-sdk/lib/crypto-api/recovery-key.js';
import t, { type Test } from 'tap';
import { openHomeserver } from '../../src/demo/homeserver/homeserver.ts';
import { formatRecoveryKey } from '../../src/matrix/recovery-key.ts';
import {
  fetchIdentity,
  openAccountData,
  publicKeyOf,
  storeIdentity,
} from '../../src/matrix/secret-storage.ts';
import { bringKept, bringStored } from '../../src/matrix/sign-in/sign-in.ts';
import { openCryptoClient } from '../support/crypto-client.ts';
import { user } from '../support/ids.ts';

const BOT = user('@bot:localhost');
const account = { user: BOT, password: "bot's password" };
const key = randomBytes(32);

/** A bot whose identity is stored under `key`, and what else is needed. */
async function openWorld(t: Test) {
  const server = await openHomeserver({ serverName: 'localhost' });
  const join = async (crossSigned: boolean) => {
    const client = await openCryptoClient(server, { name: 'bot', crossSigned });
    t.teardown(() => client[Symbol.asyncDispose]());
    return client;
  };
  t.teardown(() => server[Symbol.asyncDispose]());
  const bot = await join(true);
  const data = openAccountData(bot.http, BOT);
  await storeIdentity(data, key, await bot.crypto.exportIdentity());
  return { server, bot, data, join };
}

t.test('the identity that was stored comes back on another device, and signs it', async (t) => {
  const { bot, join } = await openWorld(t);
  const other = await join(false);
  t.equal(await other.crypto.ownIdentity(), undefined);
  const identity = await bringStored(account, key)(other);
  t.equal(identity, bot.identity);
  t.strictSame(await other.crypto.exportIdentity(), await bot.crypto.exportIdentity());
  // Only what comes from a signed device is read.
  await bot.crypto.track([BOT]);
  const content = await other.say('hello', [BOT]);
  await bot.sync();
  t.hasStrict(await bot.read(content, BOT), { kind: 'decrypted' });
});

t.test('it comes back from the store of another device as well', async (t) => {
  const { bot, join } = await openWorld(t);
  const other = await join(false);
  t.equal(await bringKept(account, await bot.crypto.exportIdentity())(other), bot.identity);
});

t.test('another client opens it with the same recovery key', async (t) => {
  const { server, bot } = await openWorld(t);
  const visitor = createClient({ baseUrl: server.url });
  const { access_token } = await visitor.loginRequest({
    type: 'm.login.password',
    ...{ identifier: { type: 'm.id.user', user: BOT }, password: account.password },
  });
  const client = createClient({
    ...{ baseUrl: server.url, accessToken: access_token, userId: BOT },
    cryptoCallbacks: {
      async getSecretStorageKey({ keys }) {
        const [id = ''] = Object.keys(keys);
        return [id, decodeRecoveryKey(formatRecoveryKey(key)) as Uint8Array<ArrayBuffer>];
      },
    },
  });
  const { master, selfSigning, userSigning } = await bot.crypto.exportIdentity();
  t.equal(await client.secretStorage.get('m.cross_signing.master'), master);
  t.equal(await client.secretStorage.get('m.cross_signing.self_signing'), selfSigning);
  t.equal(await client.secretStorage.get('m.cross_signing.user_signing'), userSigning);
});

t.test('a wrong recovery key, and an account that keeps nothing, are refused', async (t) => {
  const { data, server } = await openWorld(t);
  await t.rejects(fetchIdentity(data, randomBytes(32)), { code: /^recovery_key_wrong$/ });
  const alice = await openCryptoClient(server, { name: 'alice' });
  t.teardown(() => alice[Symbol.asyncDispose]());
  await t.rejects(fetchIdentity(openAccountData(alice.http, alice.user), key), {
    code: /^recovery_key_wrong$/,
  });
});

t.test('a secret that was changed, moved or replaced is refused', async (t) => {
  const { data } = await openWorld(t);
  const kept = await data.get('m.cross_signing.master');
  const moved = await data.get('m.cross_signing.user_signing');
  for (const bad of [moved, {}, JSON.parse(JSON.stringify(kept).replace('"mac":"', '"mac":"A'))]) {
    await data.put('m.cross_signing.master', bad as object);
    await t.rejects(fetchIdentity(data, key), { code: /^recovery_key_wrong$/ });
  }
});

t.test('keys that are not the published ones are refused, and nothing is signed', async (t) => {
  const { join, server } = await openWorld(t);
  const thief = await openCryptoClient(server, { name: 'bot' }); // replaces the identity
  t.teardown(() => thief[Symbol.asyncDispose]());
  const other = await join(false);
  await t.rejects(bringStored(account, key)(other), { code: /^identity_differs$/ });
  t.equal(await other.crypto.ownIdentity(), undefined);
});

t.test('the public key of a seed is the one that the crate has', async (t) => {
  const { bot } = await openWorld(t);
  t.equal(publicKeyOf((await bot.crypto.exportIdentity()).master), bot.identity);
});
