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
import { ManualClock } from '../support/manual-clock.ts';

const ASK = '{"v":1,"verb":"who","fields":{}}';

async function open(t: Test) {
  // Not below the checkout: the name of a socket that is dialled by hand has to be short.
  const place = await openOwnFolder('control');
  t.teardown(() => place[Symbol.asyncDispose]());
  const folder = await makeControlFolder(join(place.path, 'run'));
  const unproven: string[] = [];
  const control = await openControl({
    ...{ folder, clock: new ManualClock(), userOf: async () => 'al' },
    onError: (error) => t.fail(String(error)),
    onUnproven: async (why) => void unproven.push(why),
    verbs: { who: async () => 7 },
  });
  t.teardown(() => control[Symbol.asyncDispose]());
  const dial = () => {
    const socket = connect(join(folder, 'socket'));
    socket.on('error', () => {}); // the end says it
    t.teardown(() => socket.destroy());
    const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
    const next = async (): Promise<Record<string, unknown> | undefined> => {
      const { value } = await lines.next();
      return value === undefined ? undefined : JSON.parse(value);
    };
    const say = (line: string) => socket.write(`${line}\n`);
    return { say, next };
  };
  return { folder, unproven, dial };
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
    const secret = readFileSync(join(folder, 'host-secret'), 'utf8');
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
