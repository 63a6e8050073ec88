import t, { type Test } from 'tap';
import type { Entry } from '../../src/audit/entry.ts';
import { verifyReceipts } from '../../src/stepup/receipts.ts';
import { Guardroom, tokenOf } from '../support/guardroom.ts';
import { person } from '../support/ids.ts';
import { SoftPasskey } from '../support/soft-passkey.ts';

const party = { id: 'localhost', origin: 'http://localhost:8480' };

/**
 * A log in which alice proved herself for two requests, bob signed the first off and denied the second,
 * and bob's second passkey was vouched for by his first.
 */
async function makeLog(): Promise<readonly Entry[]> {
  const room = new Guardroom(party);
  const alice = new SoftPasskey(party);
  const [bob, second] = [new SoftPasskey(party), new SoftPasskey(party)];
  await room.enrol('alice', alice);
  await room.enrol('bob', bob);
  const give = async (token: string, act: string, by: readonly SoftPasskey[]) => {
    let asked = await room.ceremonies.begin(token, { act, typed: '' });
    for (const passkey of by) {
      if (!asked.ok) throw new Error(asked.error);
      const { kind, options } = asked.value;
      const answer = kind === 'create' ? passkey.create(options) : passkey.get(options);
      const given = await room.ceremonies.finish(token, { answer, remark: '' });
      if (!given.ok) throw new Error(given.error);
      if (given.value.kind === 'done') return;
      asked = { ok: true, value: given.value };
    }
  };
  await give(tokenOf(room.links.issue(person('bob'), 'enrolment')), 'enrol', [second, bob]);
  for (const [target, act] of [
    ['db1', 'approve'],
    ['db2', 'deny'],
  ] as const) {
    await room.ask('db-failover', { target });
    await give(room.told('alice'), 'prove', [alice]);
    await give(room.told('bob'), act, [second]);
    await room.settle();
  }
  return room.ledger.written;
}

async function* each(entries: readonly Entry[]): AsyncIterable<Entry> {
  yield* entries;
}

const check = async (entries: readonly Entry[]) => verifyReceipts(each(entries));

/** The places of the entries of a type. */
const places = (log: readonly Entry[], type: Entry['type']): readonly number[] =>
  log.flatMap((entry, at) => (entry.type === type ? [at] : []));

/** The log with one entry changed, anywhere in it; what JSON can hold can be forged. */
function forge(log: readonly Entry[], at: number, change: (entry: never) => object): Entry[] {
  const copy = structuredClone(log[at]) as never; // to be made into whatever a forger likes
  return log.with(at, { ...(log[at] as Entry), ...change(copy) } as Entry);
}

const log = await makeLog();
const [enrolled = 0] = places(log, 'factor.enrolled').slice(-1);
const [stepup = 0, otherStepup = 0] = places(log, 'stepup');
const [approval = 0] = places(log, 'approval');
const [denial = 0] = places(log, 'denial');
const [request = 0] = places(log, 'request');

const isFound = async (
  t: Test,
  forged: readonly Entry[],
  at: number,
  why: RegExp,
): Promise<void> => {
  const { bad } = await check(forged);
  t.match(
    bad.find(({ seq }) => seq === at),
    { seq: at, why },
  );
};

t.test('every signature in an honest log holds', async (t) => {
  t.strictSame(await check(log), { checked: 5, bad: [] });
  t.equal(places(log, 'denial').length, 1);
});

t.test(
  'a request that was edited after it was signed is found, with all that rests on it',
  async (t) => {
    const forged = forge(log, request, ({ frozen }: { frozen: object }) => ({
      frozen: { ...frozen, argv: ['/opt/ops/bin/db-failover', '--to', 'evil'] },
    }));
    const { bad } = await check(forged);
    t.strictSame(
      bad.map(({ seq }) => seq),
      [request, stepup, approval, ...places(log, 'granted')],
    );
  },
);

t.test('an edited signature, nonce or statement of the browser is found', async (t) => {
  const flip = (text: string) =>
    `${text.slice(0, 20)}${text[20] === 'A' ? 'B' : 'A'}${text.slice(21)}`;
  for (const field of ['signature', 'nonce', 'clientData', 'authenticatorData'])
    for (const at of [stepup, approval, denial, enrolled]) {
      const forged = forge(log, at, ({ evidence }: { evidence: Record<string, string> }) => ({
        evidence: { ...evidence, [field]: flip(evidence[field] ?? '') },
      }));
      await isFound(t, forged, at, /./);
    }
});

t.test('what was granted on a proof that does not hold is found, too', async (t) => {
  const forged = forge(log, stepup, () => ({ evidence: undefined }));
  await isFound(t, forged, places(log, 'granted')[0] ?? 0, /no entry before it shows that/);
});

t.test('a receipt of another request, or of another person, is found', async (t) => {
  const { evidence } = log[otherStepup] as Entry & { type: 'stepup' };
  await isFound(
    t,
    forge(log, stepup, () => ({ evidence })),
    stepup,
    /challenge/,
  );
  await isFound(
    t,
    forge(log, stepup, () => ({ person: 'bob' })),
    stepup,
    /not asked for by bob/,
  );
  const actor = { person: 'carol' };
  await isFound(
    t,
    forge(log, approval, () => ({ actor })),
    approval,
    /carol had no such passkey/,
  );
  await isFound(
    t,
    forge(log, approval, () => ({ actor: { person: 'alice' } })),
    approval,
    /alice asked/,
  );
});

t.test('a no that was made into a yes is found', async (t) => {
  const { evidence, request: id, digest } = log[denial] as Entry & { type: 'denial' };
  const yes = {
    type: 'approval',
    request: id,
    digest,
    actor: { person: 'bob' },
    factor: 'webauthn',
    evidence,
  };
  await isFound(
    t,
    forge(log, denial, () => yes),
    denial,
    /challenge/,
  );
});

t.test('a receipt that is there twice is found', async (t) => {
  const copy = { ...(log[approval] as Entry), seq: log.length };
  await isFound(
    t,
    [...log, copy],
    log.length,
    new RegExp(`the receipt of entry ${approval} once more`),
  );
});

t.test('a receipt that is missing is found, and so is a request that rests on none', async (t) => {
  await isFound(
    t,
    forge(log, approval, () => ({ evidence: undefined })),
    approval,
    /is missing/,
  );
  const [granted = 0] = places(log, 'granted');
  await isFound(t, log.toSpliced(stepup, 1), granted, /no entry before it shows that/);
});

t.test('a passkey that was put in for another, or taken away, signs nothing', async (t) => {
  const { key } = new SoftPasskey(party);
  const [first = 0] = places(log, 'factor.enrolled');
  await isFound(
    t,
    forge(log, first, () => ({ key })),
    stepup,
    /signature/,
  );
  const removed = {
    ...(log[0] as Entry),
    type: 'factor.removed',
    person: 'alice',
    by: 'x',
  } as const;
  await isFound(t, log.toSpliced(stepup, 0, removed), stepup, /alice had no such passkey/);
  await isFound(
    t,
    forge(log, enrolled, () => ({ evidence: undefined })),
    approval,
    /no such passkey/,
  );
});

t.test('a receipt of another domain is found', async (t) => {
  await isFound(
    t,
    forge(log, places(log, 'factor.enrolled')[0] ?? 0, () => ({ rp: 'evil.example' })),
    stepup,
    /not made for evil/,
  );
});

t.test('an entry that is not made like one is named, and the rest is looked at', async (t) => {
  const forged = forge(log, approval, () => ({ actor: null, evidence: 7 }));
  t.strictSame((await check(forged)).bad, [
    { seq: approval, why: 'it is not made like an entry of its type' },
  ]);
});
