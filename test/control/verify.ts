import t from 'tap';
import { Fault } from '../../src/base/errors.ts';
import type { Peer } from '../../src/control/peer.ts';
import { openVerify } from '../../src/control/verify.ts';
import type { Verification, Verifications } from '../../src/matrix/crypto/verification.ts';
import { user } from '../support/ids.ts';

const ALICE = user('@alice:example.org');
const verification = (change: Partial<Verification> = {}): Verification => ({
  ...{ id: '1', user: ALICE, where: 'room', begunBy: 'them', state: 'compare' },
  ...{ emoji: [{ symbol: '🐶', name: 'Dog' }], decimals: [1111, 2222, 3333] },
  ...{ identity: '', why: '', ...change },
});

/** Verifications that go on as soon as somebody on the host has spoken. */
class Scripted implements Verifications {
  readonly all: Verification[];
  readonly said: string[] = [];

  constructor(...all: readonly Verification[]) {
    this.all = [...all];
  }

  list = () => this.all;

  async begin(who: Verification['user'], device?: string): Promise<Verification> {
    this.said.push(`begin ${who} ${device ?? ''}`.trim());
    if (who !== ALICE) throw new Fault('verification_failed', 'not in the policy');
    const begun = verification({ begunBy: 'us', state: 'waiting' });
    this.all.push(begun);
    setTimeout(() => this.#become({ state: 'compare' }), 10);
    return begun;
  }

  async confirm(id: string): Promise<Verification> {
    this.said.push(`confirm ${id}`);
    return this.#become({ state: 'done', identity: 'KEY' });
  }

  async mismatch(id: string): Promise<Verification> {
    this.said.push(`mismatch ${id}`);
    return this.#become({ state: 'cancelled', why: 'm.mismatched_sas' });
  }

  #become(change: Partial<Verification>): Verification {
    const next = verification(change);
    this.all.splice(0, this.all.length, next);
    return next;
  }
}

function peer(answer: string | undefined) {
  const notes: string[] = [];
  const printed: string[] = [];
  const it: Peer = {
    ...{ uid: 0, user: 'root', gone: new AbortController().signal },
    note: (text) => void notes.push(text),
    print: (text) => void printed.push(text),
    ask: async () => answer,
  };
  return { it, notes, printed };
}

t.test('yes confirms, and prints the line for the policy', async (t) => {
  const verifications = new Scripted(verification());
  const { it, printed } = peer('yes');
  t.equal(await openVerify(verifications)(it, {}), 0);
  t.strictSame(verifications.said, ['confirm 1']);
  t.strictSame(printed, [
    ...['🐶  Dog', '1111 2222 3333'],
    '- { id: "@alice:example.org", identity: "KEY" }',
  ]);
});

t.test('everything but yes is a no', async (t) => {
  for (const answer of ['no', '', 'yess', 'ja']) {
    const verifications = new Scripted(verification());
    t.equal(await openVerify(verifications)(peer(answer).it, {}), 1, answer);
    t.strictSame(verifications.said, ['mismatch 1']);
  }
});

t.test('without an answer it stays as it is', async (t) => {
  const verifications = new Scripted(verification());
  const { it, notes } = peer(undefined);
  t.equal(await openVerify(verifications)(it, {}), 1);
  t.strictSame(verifications.said, []);
  t.match(notes.at(-1), /Still under way/);
});

t.test('an account is asked, unless it has asked already', async (t) => {
  const fresh = new Scripted();
  t.equal(await openVerify(fresh)(peer('y').it, { account: ALICE, device: 'PHONE' }), 0);
  t.strictSame(fresh.said, ['begin @alice:example.org PHONE', 'confirm 1']);
  const underWay = new Scripted(verification());
  t.equal(await openVerify(underWay)(peer('y').it, { account: ALICE }), 0);
  t.strictSame(underWay.said, ['confirm 1']);
});

t.test('what cannot be is said', async (t) => {
  const verb = openVerify(new Scripted());
  for (const [fields, said] of [
    [{}, /Nobody asks/],
    [{ account: 'alice' }, /is not a Matrix account/],
    [{ account: '@eve:example.org' }, /not in the policy/],
  ] as const) {
    const { it, notes } = peer('yes');
    t.equal(await verb(it, fields), 1);
    t.match(notes[0], said);
  }
});

t.test('of several, one has to be named', async (t) => {
  const bob = verification({ id: '2', user: user('@bob:example.org') });
  const { it, printed } = peer('yes');
  t.equal(await openVerify(new Scripted(verification(), bob))(it, {}), 1);
  t.strictSame(printed, ['@alice:example.org', '@bob:example.org']);
});
