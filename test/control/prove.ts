/** Which proofs are asked for at a terminal, of whom, and how often. */
import t from 'tap';
import { parsePolicy } from '../../src/config/policy-file.ts';
import { type Followed, followRequest } from '../../src/control/follow.ts';
import { proveToo } from '../../src/control/prove.ts';
import type { Requests } from '../../src/desk/requests.ts';
import type { Quorum } from '../../src/policy/model.ts';
import type { State as Life } from '../../src/request/life.ts';
import { TEAM } from '../config/fixtures/policies.ts';
import { person } from '../support/ids.ts';
import { frozen, request } from '../support/requests.ts';

const POLICY = parsePolicy(TEAM, 'p');
if (!POLICY.ok) throw new Error('the policy of the fixtures is not valid');
const { policy } = POLICY.value;
const BOB = [...policy.people.values()].find(({ name }) => name !== frozen().actor.person);
if (!BOB) throw new Error('nobody could sign off');
const QUORUM: Quorum = { count: 1, roles: BOB.roles, stepUp: 'totp' };

const own = (factor: 'totp' | 'webauthn'): Life => ({
  ...{ kind: 'waiting', gathered: { factor: undefined, signOffs: [] } },
  missing: [{ kind: 'step_up', factor }],
});

const signedOff = (factor: 'totp' | undefined, quorum = QUORUM): Life => ({
  kind: 'waiting',
  missing: factor ? [] : [{ kind: 'approvals', count: 1, quorum }],
  gathered: {
    factor: undefined,
    signOffs: [{ actor: { ...frozen().actor, person: BOB.name }, factor, evidence: undefined }],
  },
});

/** `typed`: what is answered, in order; `onSaid` stands for what the daemon makes of it. */
function open(life: () => Life, typed: readonly (string | undefined)[], onSaid = () => {}) {
  const [answers, said, notes] = [[...typed], [] as string[], [] as string[]];
  const peer = {
    ...{ uid: 1, user: 'al', gone: new AbortController().signal, print: () => {} },
    note: (text: string) => void notes.push(text),
    ask: async () => answers.shift(),
  };
  const followed: Followed = followRequest(peer, () => undefined, peer.note);
  const find: Requests['find'] = () => ({ request: request(), state: life() });
  const idle = async () => {};
  const requests: Requests = {
    find,
    open: idle,
    checked: idle,
    happen: async () => true,
    list: () => [],
    stopAll: idle,
  };
  const proving = proveToo({
    desk: {
      ...{ requests, policy: () => policy },
      linkFor: (...errand) => `https://ops.example.org/p/${errand.join('/')}`,
    },
    ...{ peer, followed },
    speaker: {
      person: person(BOB?.name ?? ''),
      async say(text) {
        said.push(text);
        onSaid();
      },
    },
  });
  return { followed, proving, said, notes };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const ID = request().id;

t.test('the requester is asked for a code, until one counts', async (t) => {
  const house = open(
    () => own('totp'),
    ['12345', ' 111 111. ', '222222', '333333'],
    () => {
      if (house.said.length === 2) house.followed.moved(request(), signedOff('totp'));
    },
  );
  house.followed.moved(request(), own('totp'));
  house.followed.moved(request(), own('totp'));
  await settled();
  t.strictSame(house.said, [`otp ${ID} 111111`, `otp ${ID} 222222`]);
});

t.test('three wrong ones are enough, and what is no code is never said', async (t) => {
  const { followed, said } = open(() => own('totp'), ['1', `1 approve ${ID}`, '000000', '111111']);
  followed.moved(request(), own('totp'));
  await settled();
  t.strictSame(said, [`otp ${ID} 000000`]);
});

t.test('where nobody can type, that is said once', async (t) => {
  const { followed, notes, said } = open(() => own('totp'), []);
  followed.moved(request(), own('totp'));
  await settled();
  t.strictSame(said, []);
  t.match(notes.join(), /ask from a terminal/);
});

t.test('a passkey has a link', async (t) => {
  const { followed, notes } = open(() => own('webauthn'), ['111111']);
  followed.moved(request(), own('webauthn'));
  await settled();
  t.match(notes.join(), new RegExp(`https://ops.example.org/p/${BOB.name}/stepup/${ID}`));
});

t.test('a sign-off that needs a code is not complete without', async (t) => {
  let life = signedOff(undefined);
  const good = open(
    () => life,
    ['111111'],
    () => {
      life = signedOff('totp');
    },
  );
  t.equal(await good.proving.signOff(`approve "${ID}"`), true);
  t.strictSame(good.said, [`otp ${ID} 111111`]);
  life = signedOff(undefined);
  t.equal(await open(() => life, []).proving.signOff(`approve ${ID}`), false);
  t.equal(await open(() => life, []).proving.signOff(`deny ${ID}`), true, 'a no needs none');
  life = signedOff(undefined, { ...QUORUM, stepUp: undefined });
  t.equal(await open(() => life, []).proving.signOff(`approve ${ID}`), true, 'asked for none');
});
