/** Receipts of passkeys in entries that were made up: each lie is named, with the entry it is in. */
import t from 'tap';
import type { EntryBody, Evidence } from '../../src/audit/body.ts';
import type { Entry } from '../../src/audit/entry.ts';
import { makeChallenge, type Purpose } from '../../src/stepup/challenge.ts';
import { verifyReceipts } from '../../src/stepup/receipts.ts';
import { request } from '../support/requests.ts';
import { SoftPasskey } from '../support/soft-passkey.ts';

const RP = 'example.org';
const ORIGIN = 'https://ops.example.org';
const ALICE = new SoftPasskey({ id: RP, origin: ORIGIN });
const BOB = new SoftPasskey({ id: RP, origin: ORIGIN });
const ASKED = request();
let nonces = 0;

/** Signed as a browser would on a page of that origin. */
function sign(by: SoftPasskey, purpose: Purpose, origin = ORIGIN, digest = ASKED.digest): Evidence {
  const nonce = Buffer.alloc(32, ++nonces);
  const challenge = Buffer.from(makeChallenge(purpose, nonce, digest)).toString('base64url');
  const { response } = by.get({ challenge }, { origin }) as {
    readonly response: Readonly<Record<string, string>>;
  };
  return {
    ...{ kind: 'webauthn', credential: by.id, nonce: nonce.toString('base64url') },
    clientData: response['clientDataJSON'] ?? '',
    authenticatorData: response['authenticatorData'] ?? '',
    signature: response['signature'] ?? '',
  };
}

const enrolled = (person: string, { id, key }: SoftPasskey, rp = RP): EntryBody => ({
  ...{ type: 'factor.enrolled', person, factor: 'webauthn', by: 'host', credential: id, key, rp },
});
const asked: EntryBody = {
  ...{ type: 'request', request: ASKED.id, digest: ASKED.digest, frozen: ASKED.frozen },
  ...{ thread: ASKED.thread, decision: 'pending' },
};
const proven = (evidence: Evidence, digest = ASKED.digest): EntryBody => ({
  ...{ type: 'stepup', request: ASKED.id, digest, person: 'alice', factor: 'webauthn', evidence },
});
const actor = { ...ASKED.frozen.actor, person: 'bob' };
const approved = (evidence: Evidence, digest = ASKED.digest): EntryBody => ({
  ...{ type: 'approval', request: ASKED.id, digest, actor, factor: 'webauthn', evidence },
});
const granted: EntryBody = {
  ...{ type: 'granted', request: ASKED.id, factor: 'webauthn', approvals: ['bob'] },
};
const PEOPLE = [enrolled('alice', ALICE), enrolled('bob', BOB), asked];

async function check(...bodies: readonly EntryBody[]) {
  async function* entries(): AsyncIterable<Entry> {
    for (const [seq, body] of bodies.entries())
      yield { v: 1, seq, ts: '2026-01-05T10:00:00.000Z', boot: 'b', ...body };
  }
  return verifyReceipts(entries());
}

t.test('what was signed for what it stands for is good', async (t) => {
  const proof = sign(ALICE, 'stepup');
  const report = await check(...PEOPLE, proven(proof), approved(sign(BOB, 'approval')), granted);
  t.strictSame(report, { checked: 2, bad: [] });
});

t.test('a signature is for the digest that its entry names', async (t) => {
  const other = '0'.repeat(64);
  const why = `it is for another request than ${ASKED.id}`;
  t.strictSame((await check(...PEOPLE, proven(sign(ALICE, 'stepup'), other))).bad, [
    { seq: 3, why },
  ]);
  t.strictSame((await check(...PEOPLE, approved(sign(BOB, 'approval'), other))).bad, [
    { seq: 3, why },
  ]);
});

t.test('a signature is for a request that was asked for before', async (t) => {
  const [alice, bob] = PEOPLE;
  if (!alice || !bob) throw new Error('they are there');
  const why = `no entry before it asks for ${ASKED.id}`;
  t.strictSame((await check(alice, bob, proven(sign(ALICE, 'stepup')), asked)).bad, [
    { seq: 2, why },
  ]);
});

t.test('a page of the relying party is one, and one that only ends like it is not', async (t) => {
  for (const [origin, isGood] of [
    ['https://example.org', true],
    ['https://a.b.example.org', true],
    ['https://evilexample.org', false],
    ['https://example.org.evil.test', false],
    ['https://evil.test', false],
    ['null', false],
  ] as const) {
    const { bad } = await check(...PEOPLE, proven(sign(ALICE, 'stepup', origin)));
    const why = `it was not made for ${RP}`;
    t.strictSame(bad, isGood ? [] : [{ seq: 3, why }], origin);
  }
});

t.test('what a browser does not write is made for nobody', async (t) => {
  for (const text of ['null', '1', '{}', '{"origin":1}']) {
    const clientData = Buffer.from(text).toString('base64url');
    const { bad } = await check(
      ...PEOPLE,
      proven({ ...sign(ALICE, 'stepup'), clientData } as Evidence),
    );
    t.strictSame(bad, [{ seq: 3, why: `it was not made for ${RP}` }], text);
  }
});

t.test('a passkey is enrolled with all that makes it one', async (t) => {
  for (const field of ['credential', 'key', 'rp'] as const) {
    const { [field]: _left, ...rest } = enrolled('alice', ALICE) as Record<string, unknown>;
    const { bad } = await check(rest as unknown as EntryBody);
    t.strictSame(bad, [{ seq: 0, why: 'the passkey is not in it' }], field);
  }
});

t.test('a passkey that another one is to vouch for counts when it has', async (t) => {
  const later = new SoftPasskey({ id: RP, origin: ORIGIN });
  const claimed = { ...enrolled('alice', later), by: 'webauthn' } as EntryBody;
  const { bad } = await check(...PEOPLE, claimed, proven(sign(later, 'stepup')));
  t.strictSame(bad, [
    { seq: 3, why: 'the signature of the passkey is missing' },
    { seq: 4, why: 'alice had no such passkey' },
  ]);
});

t.test('a passkey is its person’s, and no longer than they have it', async (t) => {
  t.strictSame((await check(...PEOPLE, proven(sign(BOB, 'stepup')))).bad, [
    { seq: 3, why: 'alice had no such passkey' },
  ]);
  const removed: EntryBody = { type: 'factor.removed', person: 'alice', by: 'bob' };
  t.strictSame((await check(...PEOPLE, removed, proven(sign(ALICE, 'stepup')))).bad, [
    { seq: 4, why: 'alice had no such passkey' },
  ]);
  const others: EntryBody = { type: 'factor.removed', person: 'bob', by: 'alice' };
  t.strictSame((await check(...PEOPLE, others, proven(sign(ALICE, 'stepup')))).bad, []);
});

t.test('who asked proves it, and others sign it off', async (t) => {
  const proof = { ...proven(sign(BOB, 'stepup')), person: 'bob' } as EntryBody;
  t.strictSame((await check(...PEOPLE, proof)).bad, [
    { seq: 3, why: `${ASKED.id} was not asked for by bob` },
  ]);
  const own = { ...approved(sign(ALICE, 'approval')), actor: ASKED.frozen.actor } as EntryBody;
  t.strictSame((await check(...PEOPLE, own)).bad, [{ seq: 3, why: 'alice asked for it' }]);
});

t.test('a receipt counts once, whatever it is given for again', async (t) => {
  const proof = sign(ALICE, 'stepup');
  t.strictSame((await check(...PEOPLE, proven(proof), proven(proof))).bad, [
    { seq: 4, why: 'it is the receipt of entry 3 once more' },
  ]);
});

t.test('what was granted on a passkey rests on a proof that holds', async (t) => {
  const why = 'it says that a passkey was used, and no entry before it shows that';
  t.strictSame((await check(...PEOPLE, granted)).bad, [{ seq: 3, why }]);
  t.strictSame(
    (await check(...PEOPLE, proven(sign(ALICE, 'approval')), granted)).bad.map(({ seq }) => seq),
    [3, 4],
    'one for another purpose is none',
  );
  const withCode = { ...granted, factor: 'totp' } as EntryBody;
  t.strictSame((await check(...PEOPLE, withCode)).bad, [], 'of codes there is no receipt');
});

t.test('a request has the digest of what was asked for', async (t) => {
  const [alice, bob] = PEOPLE;
  if (!alice || !bob) throw new Error('they are there');
  const claimed = { ...asked, digest: '0'.repeat(64) } as EntryBody;
  t.strictSame((await check(alice, bob, claimed)).bad, [
    { seq: 2, why: 'its digest is not that of what was asked for' },
  ]);
});
