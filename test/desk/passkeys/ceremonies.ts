/** Proofs, sign-offs and denials with a passkey of software; in a real browser: test/chromium. */
import t from 'tap';
import { ORDERS } from '../../../src/desk/orders/table.ts';
import type { Asked } from '../../../src/desk/passkeys/proof.ts';
import { Guardroom, tokenOf } from '../../support/guardroom.ts';
import { person } from '../../support/ids.ts';
import { type Lie, SoftPasskey } from '../../support/soft-passkey.ts';

const party = { id: 'localhost', origin: 'http://localhost:8480' };

/** Alice, bob and carol have passkeys. */
async function open() {
  const room = new Guardroom(party);
  const passkeys = {
    alice: new SoftPasskey(party),
    bob: new SoftPasskey(party),
    carol: new SoftPasskey(party),
  };
  for (const [name, passkey] of Object.entries(passkeys)) await room.enrol(name, passkey);
  const begin = async (token: string, act: string): Promise<Asked> => {
    const asked = await room.ceremonies.begin(token, { act, typed: '' });
    if (!asked.ok) throw new Error(asked.error);
    return asked.value;
  };
  /** Begins and answers; resolves with what is said. */
  const give = async (token: string, act: string, by: SoftPasskey, lie: Lie = {}) => {
    const asked = await begin(token, act);
    const answer = by.get(asked.options, lie);
    const given = await room.ceremonies.finish(token, { answer, remark: 'no' });
    await room.settle();
    if (!given.ok) return given.error;
    return given.value.kind === 'done' ? given.value.said : given.value.kind;
  };
  return { room, ...passkeys, begin, give };
}

const REFUSED = /^That was not accepted, and nothing was done/;

t.test('a request runs once its requester is proven and a peer has signed', async (t) => {
  const { room, alice, bob, give } = await open();
  const { request } = await room.ask('db-failover', { target: 'db2' });
  t.match(
    await give(room.told('alice'), 'prove', alice),
    /^✓ You proved that it was you\. It still/,
  );
  t.match(await give(room.told('bob'), 'approve', bob), /It is running\.$/);
  const [stepup, approval] = room.ledger.written.filter(
    (e) => e.type === 'stepup' || e.type === 'approval',
  );
  const { digest } = request;
  t.hasStrict(stepup, {
    person: 'alice',
    digest,
    factor: 'webauthn',
    evidence: { kind: 'webauthn' },
  });
  t.hasStrict(approval, { actor: { person: 'bob', device: '' }, digest, factor: 'webauthn' });
});

t.test('whatever is not the right passkey for the right thing is refused', async (t) => {
  const { room, alice, bob, carol, give } = await open();
  await room.ask('db-failover', { target: 'db2' });
  const link = () =>
    tokenOf(room.links.issue(person('bob'), 'approval', room.desk.requests.list()[0]?.request.id));
  t.match(await give(link(), 'approve', carol), REFUSED, "another person's");
  t.match(await give(link(), 'approve', alice), REFUSED, "the requester's");
  for (const lie of [
    { origin: 'http://localhost:9999' },
    { origin: 'https://evil.example' },
    { rpId: 'evil.example' },
    { isUserVerified: false },
    { challenge: Buffer.alloc(32).toString('base64url') },
  ])
    t.match(await give(link(), 'approve', bob, lie), REFUSED, JSON.stringify(lie));
  t.notOk(room.ledger.types.includes('approval'));
  t.equal(room.ledger.types.filter((type) => type === 'passkey.refused').length, 7);
});

t.test('a link is for its errand only', async (t) => {
  const { room } = await open();
  await room.ask('db-failover', { target: 'db2' });
  for (const [name, act] of [
    ['bob', 'prove'],
    ['bob', 'enrol'],
    ['alice', 'approve'],
    ['alice', 'deny'],
    ['alice', ''],
  ] as const) {
    const begun = await room.ceremonies.begin(room.told(name), { act, typed: '' });
    t.notOk(begun.ok, `${name}: ${act}`);
  }
});

t.test('a question takes one answer, and a wrong one is one', async (t) => {
  const { room, bob, begin } = await open();
  await room.ask('deploy', { service: 'web' });
  const token = room.told('bob');
  const { options } = await begin(token, 'approve');
  const wrong = bob.get(options, { isUserVerified: false });
  t.notOk((await room.ceremonies.finish(token, { answer: wrong, remark: '' })).ok);
  t.notOk((await room.ceremonies.finish(token, { answer: bob.get(options), remark: '' })).ok);
  t.notOk(room.ledger.types.includes('approval'));
});

t.test('nothing is begun by a link while it is being used', async (t) => {
  const { room, bob, begin } = await open();
  await room.ask('deploy', { service: 'web' });
  const token = room.told('bob');
  const answer = bob.get((await begin(token, 'approve')).options);
  const using = room.ceremonies.finish(token, { answer, remark: '' });
  const meanwhile = await room.ceremonies.begin(token, { act: 'deny', typed: '' });
  t.match(meanwhile, { ok: false, error: /under way/ });
  t.ok((await using).ok);
});

t.test('two answers at once are one', async (t) => {
  const { room, bob, begin } = await open();
  await room.ask('deploy', { service: 'web' });
  const token = room.told('bob');
  const answer = bob.get((await begin(token, 'approve')).options);
  const both = await Promise.all([
    room.ceremonies.finish(token, { answer, remark: '' }),
    room.ceremonies.finish(token, { answer, remark: '' }),
  ]);
  t.equal(both.filter(({ ok }) => ok).length, 1);
  t.equal(room.ledger.types.filter((type) => type === 'approval').length, 1);
});

t.test(
  'who may not approve any more cannot, though the link was good when it was sent',
  async (t) => {
    const { room, bob, begin } = await open();
    await room.ask('deploy', { service: 'web' });
    const token = room.told('bob');
    const answer = bob.get((await begin(token, 'approve')).options);
    room.changePolicy('bob: { roles: [ops, dba]', 'bob: { roles: [ops]');
    const given = await room.ceremonies.finish(token, { answer, remark: '' });
    t.hasStrict(given, {
      ok: true,
      value: { said: 'The policy does not ask for your sign-off on it.' },
    });
    t.notOk(room.ledger.types.includes('approval'));
  },
);

t.test('a passkey that was taken away between question and answer does not count', async (t) => {
  const { room, bob, begin } = await open();
  await room.ask('deploy', { service: 'web' });
  const token = room.told('bob');
  const answer = bob.get((await begin(token, 'approve')).options);
  await room.ledger.append({ type: 'factor.removed', person: 'bob', by: 'alice' });
  const given = await room.ceremonies.finish(token, { answer, remark: '' });
  t.match(!given.ok && given.error, REFUSED);
});

t.test('an answer that comes when the request is over does nothing, and says so', async (t) => {
  const { room, bob, begin } = await open();
  const { request } = await room.ask('deploy', { service: 'web' });
  const token = room.told('bob');
  const answer = bob.get((await begin(token, 'approve')).options);
  await room.desk.requests.happen(request.id, { kind: 'cancelled', actor: request.frozen.actor });
  await room.settle();
  const given = await room.ceremonies.finish(token, { answer, remark: '' });
  t.hasStrict(given.ok && given.value, {
    kind: 'done',
    said: 'That request is not open any more.',
  });
});

t.test('a dead link that is tried is on record once, a made-up one never', async (t) => {
  const { room, bob, give } = await open();
  await room.ask('db-failover', { target: 'db2' });
  const token = room.told('bob');
  await give(token, 'approve', bob);
  const before = room.ledger.written.length;
  for (const tried of [token, token, 'A'.repeat(43)])
    t.notOk((await room.ceremonies.begin(tried, { act: 'approve', typed: '' })).ok);
  t.strictSame(room.ledger.types.slice(before), ['passkey.refused']);
});

t.test('whoever comes late gets another link by asking for it', async (t) => {
  const { room } = await open();
  const { request } = await room.ask('db-failover', { target: 'db2' });
  const first = { alice: room.told('alice'), bob: room.told('bob') };
  await ORDERS.start(room.desk, room.by('alice'), { id: request.id });
  await ORDERS.approve(room.desk, room.by('bob'), { id: request.id });
  await room.settle();
  for (const name of ['alice', 'bob'] as const) {
    t.not(room.told(name), first[name]);
    t.equal(room.ceremonies.look(room.told(name)).kind, 'request');
  }
});

t.test('on a full disk nothing is begun but a denial', async (t) => {
  const { room, bob, give } = await open();
  await room.ask('db-failover', { target: 'db2' });
  room.hasRoom = false;
  const before = room.ledger.written.length;
  for (const [token, act] of [
    [room.told('alice'), 'prove'],
    [room.told('bob'), 'approve'],
  ] as const) {
    const begun = await room.ceremonies.begin(token, { act, typed: '' });
    t.match(begun, {
      ok: false,
      error: /^The disk of the host is full, so this could not be recorded and was not done/,
    });
  }
  t.equal(room.ledger.written.length, before);
  t.match(await give(room.told('bob'), 'deny', bob), /^✓ You denied it\./);
});
