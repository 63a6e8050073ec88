/** Whose voice it is that comes from a terminal of the host, and when it is nobody's. */
import t from 'tap';
import { openSpeaker } from '../../src/control/speak.ts';
import { newLocalEvent } from '../../src/control/terminals.ts';
import type { Policy } from '../../src/policy/model.ts';
import type { Trusted } from '../../src/trust/judge.ts';
import { housePolicy } from '../desk/fixtures/house-policy.ts';
import { event, person } from '../support/ids.ts';
import { atTerminal } from './fixtures/peer.ts';

const THREAD = event('$thread');
const BOB = person('bob');

const naming = (user: string | undefined): Policy => {
  const policy = housePolicy();
  const people = [...policy.people].map(
    ([name, one]) =>
      [name, { ...one, localUsers: name === BOB && user !== undefined ? [user] : [] }] as const,
  );
  return { ...policy, people: new Map(people) };
};

function open(user: string | undefined) {
  const heard: Trusted[] = [];
  const state = { policy: naming('bo') };
  const { peer, notes } = atTerminal({ uid: 1001, user });
  const obey = async (by: Trusted) => void heard.push(by);
  const speaker = openSpeaker({ desk: { policy: () => state.policy }, obey }, peer, THREAD);
  return { speaker, heard, notes, state };
}

t.test('a user whom the policy names speaks as that person', async (t) => {
  const { speaker, heard, notes } = open('bo');
  t.equal(speaker?.person, BOB);
  const asked = newLocalEvent();
  await speaker?.say('status web', asked);
  t.strictSame(heard, [
    {
      ...{ kind: 'trusted', person: BOB, account: 'local:bo', device: 'uid-1001', pinned: true },
      ...{ identity: '', room: 'local', roomId: 'local', isDirect: true, event: asked },
      ...{ thread: THREAD, session: undefined, index: undefined, text: 'status web' },
    },
  ]);
  t.strictSame(notes, []);
});

t.test('a user whom the policy does not name is nobody', async (t) => {
  t.equal(open('eve').speaker, undefined);
  t.equal(open('bob').speaker, undefined, 'nor by the name of a person');
});

t.test('a user without a name is nobody in the policy', async (t) => {
  t.equal(open(undefined).speaker, undefined);
});

t.test('who is not named any more is not heard any more', async (t) => {
  for (const now of [undefined, 'other']) {
    const { speaker, heard, notes, state } = open('bo');
    state.policy = naming(now);
    await speaker?.say('status web');
    t.strictSame(heard, []);
    t.strictSame(notes, ['The policy does not name you any more.']);
  }
});
