/** The conversation, spoken by hand: what a client may do, and what ends it. */
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';
import { askDaemon } from '../../src/control/client.ts';
import { makeControlFolder } from '../../src/control/folder.ts';
import type { Peer } from '../../src/control/peer.ts';
import { hostAnswer, proofContent } from '../../src/control/proof.ts';
import { openControl } from '../../src/control/server.ts';
import { forTheHost, onRecord, type Verbs } from '../../src/control/verbs.ts';
import { openOwnFolder } from '../../src/demo/folder.ts';
import { eventually } from '../people/eventually.ts';
import { ManualClock } from '../support/manual-clock.ts';

const ASK = '{"v":1,"verb":"echo","fields":{"text":"hello"}}';

async function open(t: Test, verbs: Verbs = {}) {
  // Not below the checkout: the name of a socket that is dialled by hand has to be short.
  const place = await openOwnFolder('control');
  t.teardown(() => place[Symbol.asyncDispose]());
  const folder = await makeControlFolder(join(place.path, 'run'));
  const unproven: string[] = [];
  const clock = new ManualClock();
  const control = await openControl({
    ...{ folder, clock },
    onError: (error) => t.fail(String(error)),
    userOf: async (uid) => `user${uid}`,
    onUnproven: async (why) => void unproven.push(why),
    verbs: {
      async echo(peer, { text = '' }) {
        peer.print(`${peer.user}: ${text}`);
        return 7;
      },
      ...verbs,
    },
  });
  t.teardown(() => control[Symbol.asyncDispose]());
  return { folder, unproven, clock };
}

/** A connection, and what comes out of it, line by line; undefined at its end. */
function dial(folder: string) {
  const socket = connect(join(folder, 'socket'));
  socket.on('error', () => {}); // the end says it
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const next = async () => {
    const { value } = await lines.next();
    return value === undefined ? undefined : (JSON.parse(value) as Record<string, unknown>);
  };
  return { socket, next };
}

/** Makes the file, and the line that says so: these tests run as the user of the daemon. */
function prove(folder: string, name: unknown, ask = ASK): string {
  const path = join(folder, 'proofs', String(name));
  writeFileSync(path, proofContent(folder, String(name), ask));
  chmodSync(path, 0o644);
  const secret = readFileSync(join(folder, 'host/secret'), 'utf8');
  return JSON.stringify({ kind: 'proven', answer: hostAnswer(folder, String(name), ask, secret) });
}

const send = (socket: Socket, line: string) => socket.write(`${line}\n`);

t.test('a question, a proof, an answer', async (t) => {
  const { folder } = await open(t);
  t.equal(statSync(folder).mode & 0o777, 0o711);
  t.equal(statSync(join(folder, 'socket')).mode & 0o777, 0o666);
  const { socket, next } = dial(folder);
  send(socket, ASK);
  const challenge = await next();
  t.match(challenge, { kind: /^challenge$/, name: /^[0-9a-f]{32}$/ });
  send(socket, prove(folder, challenge?.['name']));
  t.strictSame(await next(), { kind: 'output', text: `user${process.getuid?.()}: hello` });
  t.strictSame(await next(), { kind: 'end', code: 7 });
  t.equal(await next(), undefined, 'and that was it');
});

t.test('without a proof nothing is answered', async (t) => {
  const { folder, unproven } = await open(t);
  const { socket, next } = dial(folder);
  send(socket, ASK);
  await next();
  send(socket, '{"kind":"proven"}');
  t.hasStrict(await next(), { kind: 'note', text: 'You did not prove who you are.' });
  t.hasStrict(await next(), { kind: 'end', code: 1 });
  t.strictSame(unproven, ['there is no such file']);
});

t.test('the proof of one connection is none for another', async (t) => {
  const { folder, unproven } = await open(t);
  const [one, two] = [dial(folder), dial(folder)];
  send(one.socket, ASK);
  send(two.socket, ASK);
  const [first] = [await one.next(), await two.next()];
  const proven = prove(folder, first?.['name']);
  send(two.socket, proven);
  t.hasStrict(await two.next(), { text: 'You did not prove who you are.' });
  send(one.socket, proven);
  t.hasStrict(await one.next(), { kind: 'output' }, 'whose it is can use it still');
  t.equal(unproven.length, 1);
});

t.test('who takes too long, says too much or something else is cut off', async (t) => {
  const { folder, clock } = await open(t);
  const slow = dial(folder);
  send(slow.socket, ASK);
  await slow.next();
  clock.advance(10_000);
  t.equal(await slow.next(), undefined, 'too long');
  const loud = dial(folder);
  loud.socket.write('x'.repeat(40_000));
  t.equal(await loud.next(), undefined, 'too much');
  const chatty = dial(folder);
  for (let i = 0; i < 5; i++) send(chatty.socket, ASK);
  const said = [];
  for (let line = await chatty.next(); line; line = await chatty.next()) said.push(line['kind']);
  t.notOk(said.includes('output'), 'too many');
  const rude = dial(folder);
  send(rude.socket, 'GET / HTTP/1.1');
  t.hasStrict(await rude.next(), { text: 'That is no question: not a message of version 1.' });
  t.hasStrict(await rude.next(), { kind: 'end', code: 2 });
});

t.test('one user has eight conversations at most', async (t) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let begun = 0;
  const wait = () => {
    begun++;
    return promise.then(() => 0);
  };
  const { folder } = await open(t, { wait });
  const screen = { note: () => {}, output: () => {}, ask: undefined };
  const ask = (verb: string) => askDaemon({ folder, verb, fields: {} }, screen);
  const waiting = Array.from({ length: 8 }, () => ask('wait'));
  // Not found out by asking: a ninth that came before the eighth would have its place.
  await eventually(() => begun === 8 || undefined);
  t.equal(await ask('echo'), 1);
  resolve();
  t.strictSame(await Promise.all(waiting), Array(8).fill(0));
  t.equal(await ask('echo'), 7);
});

t.test('the client shows, asks and passes on the code', async (t) => {
  const { folder } = await open(t, {
    async ask(peer) {
      peer.note('a note');
      return (await peer.ask('Which? ', true)) === 'this one' ? 42 : 1;
    },
  });
  const shown: string[] = [];
  const screen = {
    note: (text: string) => void shown.push(`note ${text}`),
    output: (text: string) => void shown.push(`output ${text}`),
    ask: async (question: string, hidden: boolean) => {
      shown.push(`${question}${hidden}`);
      return 'this one';
    },
  };
  t.equal(await askDaemon({ folder, verb: 'ask', fields: {} }, screen), 42);
  t.strictSame(shown, ['note a note', 'Which? true']);
  t.equal(await askDaemon({ folder, verb: 'ask', fields: {} }, { ...screen, ask: undefined }), 1);
  t.equal(await askDaemon({ folder, verb: 'constructor', fields: {} }, screen), 2);
  const nowhere = { folder: '/nonexistent', verb: 'ask', fields: {} };
  await t.rejects(askDaemon(nowhere, screen), { code: /^daemon_unreachable$/ });
});

t.test('who hangs up is known to be gone', async (t) => {
  const gone = Promise.withResolvers<void>();
  const { folder } = await open(t, {
    async wait(peer) {
      peer.print('waiting');
      if (!peer.gone.aborted) await once(peer.gone, 'abort');
      gone.resolve();
      return 0;
    },
  });
  const ask = ASK.replace('echo', 'wait');
  const { socket, next } = dial(folder);
  send(socket, ask);
  const challenge = await next();
  send(socket, prove(folder, challenge?.['name'], ask));
  await next();
  socket.destroy();
  await gone.promise;
});

t.test('however much others leave among the proofs, the door opens at once', async (t) => {
  const place = await openOwnFolder('control');
  t.teardown(() => place[Symbol.asyncDispose]());
  const folder = await makeControlFolder(join(place.path, 'run'));
  mkdirSync(join(folder, 'proofs'));
  for (let file = 0; file < 2000; file++) writeFileSync(join(folder, 'proofs', `${file}`), '');
  const options = {
    onError: console.error,
    onUnproven: async () => {},
    userOf: async () => undefined,
  };
  const control = await openControl({ folder, clock: new ManualClock(), verbs: {}, ...options });
  t.ok(readdirSync(join(folder, 'proofs')).length > 0, 'open, and not yet swept');
  await eventually(() => readdirSync(join(folder, 'proofs')).length === 0 || undefined);
  await control[Symbol.asyncDispose]();
});

t.test('what is for the host is for root and the daemon itself', async (t) => {
  const verb = forTheHost(async () => 0);
  const notes: string[] = [];
  const as = (uid: number) =>
    verb(
      {
        ...{ uid, user: 'x', print: () => {}, gone: new AbortController().signal },
        note: (text) => void notes.push(text),
        ask: async () => undefined,
      },
      {},
    );
  t.equal(await as(0), 0);
  t.equal(await as(process.getuid?.() ?? 0), 0);
  t.equal(await as(61_234), 1);
  t.strictSame(notes, ['This is for root, or for the user that the daemon runs as.']);
});

t.test('what leads to entries is not begun on a full disk', async (t) => {
  let hasRoom = true;
  let begun = 0;
  const verb = onRecord({ hasRoom: async () => hasRoom }, async () => {
    begun++;
    return 0;
  });
  const notes: string[] = [];
  const peer = { note: (text: string) => void notes.push(text) } as Peer;
  t.equal(await verb(peer, {}), 0);
  hasRoom = false;
  t.equal(await verb(peer, {}), 120);
  t.equal(begun, 1);
  t.strictSame(notes, [
    'The disk is full, so this could not be recorded and was not done. Free some space, then try again.',
  ]);
});
