import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  BackupDecryptionKey,
  initAsync,
  RoomId,
  StoreHandle,
} from '@matrix-org/matrix-sdk-crypto-wasm';
import t, { type Test } from 'tap';
import { Fatal, Fault } from '../../../src/base/errors.ts';
import { type Calls, openCalls } from '../../../src/matrix/crypto/calls.ts';
import { openIndexedDb, serveIndexedDb } from '../../../src/matrix/indexeddb/open.ts';
import { openStorage } from '../../../src/matrix/indexeddb/sqlite-file.ts';
import { eventually } from '../../people/eventually.ts';
import { KeyServer } from './fixtures/key-server.ts';
import { OlmClient } from './fixtures/olm-client.ts';

const BOT = '@bot:x';
const ALICE = '@alice:x';
const KEY = new Uint8Array(32).fill(7);

// Imported and instantiated before any store is open: the globals are looked up later.
await initAsync();

const onFatal = (error: Fatal): void => {
  throw error;
};

/** Bot over the store that is open, Alice in memory; both known to one server. */
async function openPair() {
  const server = new KeyServer();
  const openBot = async (since = 0, store?: StoreHandle, calls?: Calls) =>
    OlmClient.open({
      user: BOT,
      device: 'BOTDEVICE',
      since,
      ...(calls ? { calls } : {}),
      store: store ?? (await StoreHandle.openWithKey('bot', KEY)),
      call: async (call) => server.answer(BOT, 'BOTDEVICE', call),
    });
  const alice = await OlmClient.open({
    user: ALICE,
    device: 'ALICEDEVICE',
    store: await StoreHandle.open(undefined, undefined),
    call: async (call) => server.answer(ALICE, 'ALICEDEVICE', call),
  });
  return { server, alice, openBot };
}

t.test('identity and sessions survive closing and opening again', async (t) => {
  const file = join(t.testdir(), 'crypto.db');
  const { server, alice, openBot } = await openPair();
  const first = await openIndexedDb({ file, onFatal });
  const bot = await openBot();
  await bot.share([BOT, ALICE]);
  await alice.sync();
  t.equal(await alice.decrypt(BOT, await bot.encrypt('from the bot')), 'from the bot');
  await alice.share([BOT, ALICE]);
  await bot.sync();
  t.equal(await bot.decrypt(ALICE, await alice.encrypt('from alice')), 'from alice');
  const { identity, since } = bot;
  bot.machine.close();
  await first[Symbol.asyncDispose]();

  await using _second = await openIndexedDb({ file, onFatal });
  const again = await openBot(since);
  t.equal(again.identity, identity);
  t.equal(
    await again.decrypt(ALICE, await alice.encrypt('to the second run')),
    'to the second run',
  );
  await again.share([BOT, ALICE]);
  await alice.sync();
  t.equal(await alice.decrypt(BOT, await again.encrypt('same session')), 'same session');
  t.same(server.conflicts, []);
  again.machine.close();
});

t.test('a process that dies at any moment of a sync loses no room key', async (t) => {
  const dir = t.testdir();
  const { alice, openBot } = await openPair();
  const storage = openStorage(join(dir, 'crypto.db'));
  const store = serveIndexedDb(storage, onFatal);
  const { atomically } = store;
  const bot = await openBot(0, undefined, openCalls(atomically));
  await alice.sync();
  await alice.share([BOT, ALICE]);
  const message = await alice.encrypt('from alice');

  // What the disk holds after each statement is what a process would find that was killed there.
  const { sql } = storage;
  const exec = sql.exec.bind(sql);
  const copies: string[] = [];
  sql.exec = (statement) => {
    exec(statement);
    const copy = join(dir, `after-${copies.length}`);
    for (const end of ['', '-wal']) copyFileSync(`${storage.file}${end}`, `${copy}${end}`);
    copies.push(copy);
  };
  await bot.sync();
  t.equal(await bot.decrypt(ALICE, message), 'from alice');
  sql.exec = exec;
  bot.machine.close();
  await store[Symbol.asyncDispose]();

  t.ok(copies.length > 10, 'several transactions');
  for (const file of copies) {
    await using next = await openIndexedDb({ file, onFatal });
    const again = await openBot(0, undefined, openCalls(next.atomically));
    await again.sync();
    t.equal(await again.decrypt(ALICE, message), 'from alice', file.slice(dir.length));
    again.machine.close();
  }
});

t.test('work that fails is kept, of work that ends the process nothing is', async (t) => {
  const { openBot } = await openPair();
  for (const [error, kept] of [
    [new Fault('homeserver_refused', 'a bad answer'), true],
    [new Fatal('crypto_stalled', 'a panic'), false],
  ] as const) {
    const file = join(t.testdir(), `${error.code}.db`);
    const store = await openIndexedDb({ file, onFatal });
    let identity = '';
    const work = store.atomically(async () => {
      const bot = await openBot();
      identity = bot.identity;
      bot.machine.close();
      throw error;
    });
    t.has(await t.rejects(work), { code: error.code });
    await store[Symbol.asyncDispose]();
    await using _again = await openIndexedDb({ file, onFatal });
    const again = await openBot();
    t.equal(again.identity === identity, kept, error.code);
    again.machine.close();
  }
});

t.test('the store needs its key', async (t) => {
  await using _store = await openIndexedDb({ file: join(t.testdir(), 'crypto.db'), onFatal });
  const { openBot } = await openPair();
  (await openBot()).machine.close();
  await t.rejects(StoreHandle.openWithKey('bot', new Uint8Array(32).fill(8)));
});

t.test('a key backup counts sessions, walks an index and resets by cursor', async (t) => {
  await using _store = await openIndexedDb({ file: join(t.testdir(), 'crypto.db'), onFatal });
  const { alice, openBot } = await openPair();
  for (let i = 0; i < 3; i++) {
    await alice.share([ALICE]);
    await alice.machine.invalidateGroupSession(new RoomId('!the-room:x'));
  }
  const { machine } = await openBot();
  const counted = async () => {
    const { total, backedUp } = await machine.roomKeyCounts();
    return { total, backedUp };
  };
  await machine.importExportedRoomKeys(await alice.machine.exportRoomKeys(() => true), () => {});
  t.same(await counted(), { total: 3, backedUp: 0 });
  const key = BackupDecryptionKey.createRandomKey().megolmV1PublicKey.publicKeyBase64;
  await machine.enableBackupV1(key, '1');
  const request = await machine.backupRoomKeys();
  if (!request) throw new Error('there is nothing to back up');
  await machine.markRequestAsSent(request.id, request.type, '{"etag":"1","count":3}');
  t.same(await counted(), { total: 3, backedUp: 3 });
  await machine.disableBackup();
  t.same(await counted(), { total: 3, backedUp: 0 });
  machine.close();
});

t.test('with a key the file shows nothing but user ids, without one it would', async (t) => {
  const plain = await writtenBy(t, (name) => StoreHandle.open(name, undefined));
  const encrypted = await writtenBy(t, (name) => StoreHandle.openWithKey(name, KEY));
  t.ok(encrypted.stored.includes(ALICE), 'a user id is in clear');
  for (const [name, forms] of Object.entries(encrypted.hidden)) {
    for (const form of forms)
      t.notOk(encrypted.stored.includes(form), `${name} is not in the file`);
  }
  for (const name of ['room', 'device', 'session', 'curve25519', 'ed25519', 'signing key']) {
    const found = plain.hidden[name]?.some((form) => plain.stored.includes(form));
    t.ok(found, `the search finds ${name} when it is there`);
  }
});

/** What a bot's work leaves in the file, base64 in it decoded too, and what it should not show. */
async function writtenBy(t: Test, openStore: (name: string) => Promise<StoreHandle>) {
  const file = join(t.testdir(), 'crypto.db');
  const store = await openIndexedDb({ file, onFatal });
  const { alice, openBot } = await openPair();
  const bot = await openBot(0, await openStore('bot'));
  await bot.machine.bootstrapCrossSigning(true);
  await bot.share([BOT, ALICE]);
  const message = 'the figures of this quarter';
  const sent: { session_id: string } = JSON.parse(await bot.encrypt(message));
  await alice.share([BOT, ALICE]);
  await bot.sync();
  await bot.decrypt(ALICE, await alice.encrypt(message));
  const [curve25519 = '', ed25519 = ''] = bot.identity.split(' ');
  const signing = (await bot.machine.exportCrossSigningKeys())?.masterKey ?? '';
  bot.machine.close();
  const log = readFileSync(`${file}-wal`); // the file itself may be read only once it is closed
  await store[Symbol.asyncDispose]();

  const bytes = Buffer.concat([readFileSync(file), log]);
  const decoded = bytes.toString('latin1').match(/[A-Za-z0-9+/]{20,}/g) ?? [];
  const stored = Buffer.concat([bytes, ...decoded.map((text) => Buffer.from(text, 'base64'))]);
  const hidden: Record<string, Buffer[]> = {
    'store key': [Buffer.from(KEY)],
    room: formsOf('!the-room:x'),
    device: formsOf('ALICEDEVICE'),
    message: formsOf(message),
    session: formsOf(sent.session_id),
    curve25519: formsOf(curve25519),
    ed25519: formsOf(ed25519),
    'signing key': formsOf(signing),
  };
  return { stored, hidden };
}

/** A text as it is, in UTF-16, and as the bytes that it may be the base64 of. */
function formsOf(text: string): Buffer[] {
  const bytes = Buffer.from(text, 'base64');
  const list = Buffer.from(JSON.stringify([...bytes]).slice(1, -1)); // how a pickle holds bytes
  const isBase64 = bytes.toString('base64').startsWith(text);
  return [Buffer.from(text), Buffer.from(text, 'utf16le'), ...(isBase64 ? [bytes, list] : [])];
}

t.test('a store that fails is fatal once, and the machine hears nothing more', async (t) => {
  const fatal: Fatal[] = [];
  const storage = openStorage(join(t.testdir(), 'crypto.db'));
  await using store = serveIndexedDb(storage, (error) => fatal.push(error));
  const { openBot } = await openPair();
  const limitMs = 5000;
  const bot = await openBot(0, undefined, openCalls(store.atomically, limitMs));
  await bot.share([BOT, ALICE]);
  storage.sql.exec('PRAGMA query_only = ON');
  const outcomes: string[] = [];
  const note = (outcome: string) => () => outcomes.push(outcome);
  bot.encrypt('never sent').then(note('encrypted'), note('refused'));
  await eventually(() => fatal.length > 0 || undefined);
  await new Promise((resolve) => setTimeout(resolve, 300));
  bot.machine.close();
  t.same(outcomes, []);
  t.has(fatal, [
    { code: 'crypto_store_failed', message: `the crypto store ${storage.file} failed` },
  ]);
  t.equal(fatal.length, 1);
});

t.test('one store at a time, and the globals go with it', async (t) => {
  const [a, b] = [join(t.testdir(), 'a.db'), join(t.testdir(), 'b.db')];
  const first = await openIndexedDb({ file: a, onFatal });
  await t.rejects(openIndexedDb({ file: b, onFatal }), { code: /^crypto_store_failed$/ });
  await first[Symbol.asyncDispose]();
  await first[Symbol.asyncDispose]();
  t.notOk('indexedDB' in globalThis);
  t.notOk('IDBKeyRange' in globalThis);
  await using _second = await openIndexedDb({ file: b, onFatal });
  t.ok('indexedDB' in globalThis);
});

t.test('a file that cannot be opened is a rejection', async (t: Test) => {
  const file = join(t.testdir({ 'crypto.db': 'no SQLite file'.repeat(100) }), 'crypto.db');
  await t.rejects(openIndexedDb({ file, onFatal }), { code: /^crypto_store_damaged$/ });
});
