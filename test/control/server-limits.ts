/** At the socket: what is not a proof, and how many may stand in line. */

import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';
import { makeControlFolder } from '../../src/control/folder.ts';
import { hostAnswer, proofContent } from '../../src/control/proof.ts';
import { openControl } from '../../src/control/server.ts';
import { openOwnFolder } from '../../src/demo/folder.ts';
import { eventually } from '../people/eventually.ts';
import { ManualClock } from '../support/manual-clock.ts';

const ASK = '{"v":1,"verb":"who","fields":{}}';

async function open(t: Test) {
  // Not below the checkout: the name of a socket that is dialled by hand has to be short.
  const place = await openOwnFolder('control');
  t.teardown(() => place[Symbol.asyncDispose]());
  const folder = await makeControlFolder(join(place.path, 'run'));
  const unproven: string[] = [];
  const clock = new ManualClock();
  const control = await openControl({
    ...{ folder, clock, userOf: async () => 'al' },
    onError: (error) => t.fail(String(error)),
    onUnproven: async (why) => void unproven.push(why),
    verbs: { who: async () => 7 },
  });
  t.teardown(() => control[Symbol.asyncDispose]());
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
  return { folder, unproven, dial, clock };
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

t.test('no more than sixty-four stand in line', async (t) => {
  const { dial } = await open(t);
  for (let count = 0; count < 64; count++) {
    const { say, next } = dial();
    say(ASK);
    t.equal((await next())?.['kind'], 'challenge');
  }
  t.equal(await dial().next(), undefined, 'who comes on top is sent away');
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

/** Asks, and proves to be the daemon's own user. */
async function askProven({ folder, dial }: Awaited<ReturnType<typeof open>>) {
  const dialled = dial();
  dialled.say(ASK);
  const name = String((await dialled.next())?.['name']);
  const path = join(folder, 'proofs', name);
  writeFileSync(path, proofContent(folder, name, ASK));
  chmodSync(path, 0o644);
  const secret = readFileSync(join(folder, 'host/secret'), 'utf8');
  dialled.say(`{"kind":"proven","answer":"${hostAnswer(folder, name, ASK, secret)}"}`);
  return dialled;
}

t.test('who has been answered and does not hang up still has a connection', async (t) => {
  const hall = await open(t);
  const answered: Awaited<ReturnType<typeof askProven>>[] = [];
  for (let count = 0; count < 8; count++) {
    const one = await askProven(hall);
    t.strictSame(await one.next(), { kind: 'end', code: 7 });
    answered.push(one);
  }
  await hall.clock.advance(10_000);
  const ninth = await askProven(hall);
  t.strictSame(await ninth.next(), { kind: 'note', text: 'You are asking too much at once.' });
  answered[0]?.hangUp();
  await answered[0]?.closed;
  await eventually(async () => {
    const again = await askProven(hall);
    return (await again.next())?.['code'] === 7 || undefined;
  });
});
