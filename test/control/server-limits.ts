/** At the socket: what is not a proof, and how many may stand in line. */

import { chmodSync, chownSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';
import { makeControlFolder } from '../../src/control/folder.ts';
import { hostAnswer, proofContent } from '../../src/control/proof.ts';
import { openControl } from '../../src/control/server.ts';
import type { UserOf } from '../../src/control/users.ts';
import { openOwnFolder } from '../../src/demo/folder.ts';
import { eventually } from '../people/eventually.ts';
import { asRoot } from '../support/as-root.ts';
import { ManualClock } from '../support/manual-clock.ts';

const ASK = '{"v":1,"verb":"who","fields":{}}';
const WAIT = '{"v":1,"verb":"wait","fields":{}}';
const ONLY_ROOT = asRoot('only root can give a file to somebody else');

async function open(t: Test, userOf: UserOf = async () => 'al') {
  // Not below the checkout: the name of a socket that is dialled by hand has to be short.
  const place = await openOwnFolder('control');
  t.teardown(() => place[Symbol.asyncDispose]());
  const folder = await makeControlFolder(join(place.path, 'run'));
  const unproven: string[] = [];
  const clock = new ManualClock();
  const carriedOut: string[] = [];
  /** Who the directory was asked for. */
  const named: number[] = [];
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
  const control = await openControl({
    ...{ folder, clock },
    userOf(uid) {
      named.push(uid);
      return userOf(uid);
    },
    onError: (error) => t.fail(String(error)),
    onUnproven: async (why) => void unproven.push(why),
    verbs: {
      async who() {
        carriedOut.push('who');
        return 7;
      },
      async wait(peer) {
        peer.note('waiting');
        await answered;
        return 7;
      },
    },
  });
  let closing: Promise<void> | undefined;
  const close = async () => {
    closing ??= Promise.resolve(control[Symbol.asyncDispose]());
    await closing;
  };
  t.teardown(close);
  const dial = () => {
    const socket = connect({ path: join(folder, 'socket'), allowHalfOpen: true });
    socket.on('error', () => {}); // the end says it
    t.teardown(() => socket.destroy());
    const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
    const next = async (): Promise<Record<string, unknown> | undefined> => {
      const { value } = await lines.next();
      return value === undefined ? undefined : JSON.parse(value);
    };
    const say = (line: string) => socket.write(`${line}\n`);
    return {
      say,
      next,
      hangUp: () => socket.end(),
      closed: new Promise((resolve) => socket.once('close', resolve)),
    };
  };
  return { folder, unproven, named, carriedOut, dial, clock, answer, close };
}

t.test('a word that is not the word for a proof proves nothing, with the file there', async (t) => {
  for (const [said, answers] of [
    [(answer: string) => `{"kind":"proven","answer":"${answer}"}`, [{ kind: 'end', code: 7 }]],
    [() => '{"kind":"answer","text":"proven"}', undefined],
    [() => '{"kind":"challenge"}', undefined],
    [() => 'proven', undefined],
  ] as const) {
    const { folder, unproven, dial } = await open(t);
    const { say, next } = dial();
    say(ASK);
    const name = String((await next())?.['name']);
    const path = join(folder, 'proofs', name);
    writeFileSync(path, proofContent(folder, name, ASK));
    chmodSync(path, 0o644);
    const secret = readFileSync(join(folder, 'host/secret'), 'utf8');
    const line = said(hostAnswer(folder, name, ASK, secret));
    say(line);
    const refused = [
      { kind: 'note', text: 'You did not prove who you are.' },
      { kind: 'end', code: 1 },
    ];
    for (const answer of answers ?? refused) t.strictSame(await next(), answer, line);
    t.strictSame(unproven, [], 'nobody claimed to have proven anything, or it holds');
  }
});

t.test('who is sent away and does not hang up is cut off', async (t) => {
  const { dial, clock } = await open(t);
  const { say, next, closed } = dial();
  say('nothing');
  t.strictSame(await next(), {
    kind: 'note',
    text: 'That is no question: not a message of version 1.',
  });
  t.strictSame(await next(), { kind: 'end', code: 2 });
  await clock.advance(10_000);
  say('still here');
  await closed;
  t.equal(await next(), undefined);
});

/** Asks, and proves to be that user: the daemon's own, or, where root is that, any. */
async function askProven(
  { folder, dial }: Awaited<ReturnType<typeof open>>,
  uid?: number,
  ask = ASK,
) {
  const dialled = dial();
  dialled.say(ask);
  const name = String((await dialled.next())?.['name']);
  const path = join(folder, 'proofs', name);
  writeFileSync(path, proofContent(folder, name, ask));
  chmodSync(path, 0o644);
  if (uid !== undefined) chownSync(path, uid, uid);
  const secret = readFileSync(join(folder, 'host/secret'), 'utf8');
  dialled.say(`{"kind":"proven","answer":"${hostAnswer(folder, name, ask, secret)}"}`);
  return dialled;
}

const ANSWERED = { kind: 'end', code: 7 };
const TOO_MUCH = { kind: 'note', text: 'You are asking too much at once.' };

/** Eight who have had their answer and do not hang up. */
async function holdEight(
  t: Test,
  hall: Awaited<ReturnType<typeof open>>,
  uids: readonly number[] = [],
) {
  const held: Awaited<ReturnType<typeof askProven>>[] = [];
  for (let count = 0; count < 8; count++) {
    const one = await askProven(hall, uids[count]);
    t.strictSame(await one.next(), ANSWERED);
    held.push(one);
  }
  return held;
}

t.test('who has been answered and does not hang up still has a connection', async (t) => {
  const hall = await open(t);
  const [first] = await holdEight(t, hall);
  t.strictSame(await (await askProven(hall)).next(), TOO_MUCH);
  t.equal(hall.named.length, 8, 'nor is the directory asked for who has too many');
  first?.hangUp();
  await first?.closed;
  await eventually(async () => {
    const again = await askProven(hall);
    return (await again.next())?.['code'] === 7 || undefined;
  });
});

t.test('who has been answered and does not hang up is cut off', async (t) => {
  const hall = await open(t);
  const held = await holdEight(t, hall);
  await hall.clock.advance(9_999);
  t.strictSame(await (await askProven(hall)).next(), TOO_MUCH);
  await hall.clock.advance(1);
  for (const { say, closed } of held) {
    say('still here');
    await closed;
  }
  await eventually(async () => {
    const again = await askProven(hall);
    return (await again.next())?.['code'] === 7 || undefined;
  });
});

t.test('who hangs up while the directory is asked for their name gets nothing done', async (t) => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const hall = await open(t, () => promise);
  const gone = await askProven(hall);
  await eventually(() => hall.named.length === 1 || undefined);
  gone.hangUp();
  await gone.closed;
  resolve('al');
  const next = await askProven(hall);
  t.strictSame(await next.next(), { kind: 'end', code: 7 });
  t.strictSame(hall.carriedOut, ['who'], 'for the second one');
});

t.test('users whom the host does not know are one', ONLY_ROOT, async (t) => {
  const hall = await open(t, async (uid) => (uid === 61_500 ? 'al' : undefined));
  await holdEight(
    t,
    hall,
    Array.from({ length: 8 }, (_, at) => 61_400 + at),
  );
  t.strictSame(await (await askProven(hall, 61_408)).next(), TOO_MUCH);
  t.strictSame(await (await askProven(hall, 61_500)).next(), ANSWERED, 'one whom it knows');
  t.strictSame(await (await askProven(hall)).next(), ANSWERED, 'the host, which has no name here');
});

/** Connections that have asked and prove nothing, each told its challenge. */
async function idle(t: Test, { dial }: Awaited<ReturnType<typeof open>>, count: number) {
  const all: ReturnType<typeof dial>[] = [];
  while (all.length < count) {
    const one = dial();
    one.say(ASK);
    t.equal((await one.next())?.['kind'], 'challenge');
    all.push(one);
  }
  return all;
}

t.test('who proves nothing keeps nobody out', async (t) => {
  const hall = await open(t);
  const [first, second] = await idle(t, hall, 64);
  t.strictSame(await (await askProven(hall)).next(), ANSWERED);
  t.equal(await first?.next(), undefined, 'the oldest is cut off');
  second?.say('{"kind":"proven"}');
  t.hasStrict(await second?.next(), { text: 'You did not prove who you are.' }, 'no other one is');
});

t.test('a conversation is not cut off for those who prove nothing', async (t) => {
  const hall = await open(t);
  const talking = await askProven(hall, undefined, WAIT);
  t.strictSame(await talking.next(), { kind: 'note', text: 'waiting' });
  const [first] = await idle(t, hall, 64);
  t.equal(await first?.next(), undefined);
  hall.answer();
  t.strictSame(await talking.next(), ANSWERED);
});

t.test('who has been answered keeps nobody out either', async (t) => {
  const hall = await open(t);
  const answered = await askProven(hall);
  t.strictSame(await answered.next(), ANSWERED);
  const [first] = await idle(t, hall, 64);
  answered.say('still here');
  await answered.closed;
  first?.say('{"kind":"proven"}');
  t.hasStrict(await first?.next(), { text: 'You did not prove who you are.' });
});

t.test('what others leave among the proofs goes within a minute, until the end', async (t) => {
  const { folder, clock, close } = await open(t);
  const proofs = join(folder, 'proofs');
  /** The sweep before is over: it has set the time of the next one. */
  const isWaiting = () => eventually(() => clock.pending === 1 || undefined);
  for (let round = 0; round < 3; round++) {
    await isWaiting();
    writeFileSync(join(proofs, 'left'), 'x');
    await clock.advance(59_999);
    t.strictSame(readdirSync(proofs), ['left']);
    await clock.advance(1);
    await isWaiting();
    t.strictSame(readdirSync(proofs), []);
  }
  await close();
  t.equal(clock.pending, 0);
});

t.test('no sweep follows where the daemon ends in the midst of one', async (t) => {
  const { clock, close } = await open(t);
  t.equal(clock.pending, 0, 'the first one is under way');
  await close();
  t.equal(clock.pending, 0);
});
