/**
 * Who may do what on the page: every act by a link, and everything that can be wrong with it. What is
 * answered and what the log grew by are compared whole, and nothing starts.
 */
import t from 'tap';
import type { Errand } from '../../../src/desk/passkeys/links.ts';
import { LINK_MS } from '../../../src/desk/passkeys/links.ts';
import type { Happening } from '../../../src/request/life.ts';
import { Guardroom, tokenOf } from '../../support/guardroom.ts';
import { person } from '../../support/ids.ts';
import { type Lie, SoftPasskey } from '../../support/soft-passkey.ts';

const party = { id: 'localhost', origin: 'http://localhost:8480' };
const DEAD = 'This link was used, or it is too old. Nothing was done.';
const NOT_ACCEPTED =
  'That was not accepted, and nothing was done. Why is in the audit log. You can try again.';
const NOT_FOR_THAT = 'This link is not for that.';
const NO_PASSKEY =
  'You have no passkey here yet. In our direct room, type: enrol passkey. Then open this link again.';
const SPENT = 'the link was used, or is too old';

type Name = 'alice' | 'bob' | 'dave';

/** Alice asks for a failover, which takes a passkey of hers and the sign-off of bob or dave with one. */
async function open() {
  const room = new Guardroom(party);
  const passkeys = {
    ...{ alice: new SoftPasskey(party), bob: new SoftPasskey(party), dave: new SoftPasskey(party) },
  };
  for (const [name, passkey] of Object.entries(passkeys)) await room.enrol(name, passkey);
  const { request } = await room.ask('db-failover', { target: 'db2' });
  let before = room.ledger.written.length;
  const link = (name: string, errand: Errand) =>
    tokenOf(
      room.links.issue(person(name), errand, errand === 'enrolment' ? undefined : request.id),
    );
  const begin = async (token: string, act: string, typed = '') => {
    const begun = await room.ceremonies.begin(token, { act, typed });
    return begun.ok ? begun.value : begun.error;
  };
  const finish = async (token: string, answer: unknown, remark = '') => {
    const given = await room.ceremonies.finish(token, { answer, remark });
    await room.settle();
    if (!given.ok) return given.error;
    return given.value.kind === 'done' ? given.value.said : given.value.kind;
  };
  /** The whole way; resolves with what is said. */
  const give = async (token: string, act: string, by: Name, lie: Lie = {}) => {
    const asked = await begin(token, act);
    if (typeof asked === 'string') return asked;
    return finish(token, passkeys[by].get(asked.options, lie), 'not now');
  };
  const happen = (happening: Happening) => room.desk.requests.happen(request.id, happening);
  return {
    ...{ room, request, passkeys, link, begin, finish, give, happen },
    /** What the log grew by since this was asked last, without the direct rooms that were made. */
    grown() {
      const entries = room.ledger.written.slice(before).filter(({ type }) => type !== 'direct');
      before = room.ledger.written.length;
      return entries.map(({ v: _v, seq: _seq, ts: _ts, boot: _boot, ...body }) => body);
    },
  };
}
type Page = Awaited<ReturnType<typeof open>>;

const refused = (page: Page, name: Name, errand: Errand, why: string): object => ({
  ...{ type: 'passkey.refused', person: name, errand, why },
  ...(errand === 'enrolment' ? {} : { request: page.request.id }),
});

const ACTS = {
  stepup: ['prove'],
  approval: ['approve', 'deny'],
  enrolment: ['enrol'],
} as const satisfies Record<Errand, readonly string[]>;
const EVERY_ACT = [...Object.values(ACTS).flat(), '', 'constructor'];

for (const [errand, acts] of Object.entries(ACTS) as [Errand, readonly string[]][])
  t.test(`a link for ${errand} is for nothing else`, async (t) => {
    for (const act of EVERY_ACT.filter((one) => !acts.includes(one))) {
      const page = await open();
      t.equal(
        await page.begin(page.link(errand === 'stepup' ? 'alice' : 'bob', errand), act),
        NOT_FOR_THAT,
        act,
      );
      t.strictSame(page.grown(), [], act);
    }
  });

/** What makes a link worth nothing. */
const KILLS: Readonly<Record<string, (page: Page, token: string) => Promise<unknown>>> = {
  'it was used': (page, token) => page.give(token, 'approve', 'bob'),
  'it is too old': (page) => page.room.clock.advance(LINK_MS),
  'it was tried three times': async (page, token) => {
    for (let tries = 0; tries < 3; tries++)
      await page.give(token, 'approve', 'bob', { isUserVerified: false });
  },
  'the policy does not know its person any more': async (page) =>
    page.room.changePolicy('  bob: ', '  bobby: '),
};

for (const [why, kill] of Object.entries(KILLS))
  t.test(`a link is dead when ${why}`, async (t) => {
    const page = await open();
    const token = page.link('bob', 'approval');
    await kill(page, token);
    page.grown();
    for (const act of ['approve', 'deny', 'enrol']) t.equal(await page.begin(token, act), DEAD);
    t.equal(await page.finish(token, {}), DEAD);
    t.strictSame(page.grown(), [refused(page, 'bob', 'approval', SPENT)], 'on record once');
    t.strictSame(page.room.sandbox.runs, []);
  });

t.test('in its last moment, and after two wrong answers, a link is alive', async (t) => {
  const page = await open();
  const token = page.link('bob', 'approval');
  for (let tries = 0; tries < 2; tries++)
    t.equal(await page.give(token, 'approve', 'bob', { isUserVerified: false }), NOT_ACCEPTED);
  await page.room.clock.advance(LINK_MS - 1);
  t.equal(
    await page.give(token, 'approve', 'bob'),
    '✓ You signed it off. It still needs alice: a passkey.',
  );
});

t.test('a link that nobody was given is not on record', async (t) => {
  const page = await open();
  t.equal(await page.begin('A'.repeat(43), 'approve'), DEAD);
  t.equal(await page.finish('A'.repeat(43), {}), DEAD);
  t.strictSame(page.grown(), []);
});

interface Wrong {
  readonly name: Name;
  readonly errand: Errand;
  readonly says: string;
  readonly before: (page: Page) => Promise<unknown>;
}

const alreadyGranted = async (page: Page): Promise<void> => {
  await page.give(page.link('alice', 'stepup'), 'prove', 'alice');
  await page.give(page.link('bob', 'approval'), 'approve', 'bob');
};

/** Where the link is good, and its person cannot do what it is for. */
const WRONGS: Readonly<Record<string, Wrong>> = {
  'the requester': {
    ...{ name: 'alice', errand: 'approval', says: 'Your own request needs somebody else.' },
    before: async () => {},
  },
  'somebody who has lost the role': {
    ...{ name: 'bob', errand: 'approval' },
    says: 'The policy does not ask for your sign-off on it.',
    before: async (page) =>
      page.room.changePolicy('bob: { roles: [ops, dba]', 'bob: { roles: [ops]'),
  },
  'somebody whom the policy does not pin any more': {
    ...{ name: 'bob', errand: 'approval' },
    says: 'Your identity is not pinned in the policy, so your sign-off would not count.',
    before: async (page) =>
      page.room.changePolicy(
        `"@bob:example.org", identity: "${'BOB/KEY/'.padEnd(43, 'A')}"`,
        '"@bob:example.org"',
      ),
  },
  'somebody for what was withdrawn': {
    ...{ name: 'bob', errand: 'approval', says: 'That request is not open any more.' },
    async before(page) {
      await page.happen({ kind: 'cancelled', actor: page.request.frozen.actor });
      await page.room.settle();
    },
  },
  'the requester for what was withdrawn': {
    ...{ name: 'alice', errand: 'stepup', says: 'That request is not open any more.' },
    async before(page) {
      await page.happen({ kind: 'cancelled', actor: page.request.frozen.actor });
      await page.room.settle();
    },
  },
  'somebody for what runs': {
    ...{ name: 'dave', errand: 'approval', says: 'It does not wait for sign-offs any more.' },
    before: alreadyGranted,
  },
  'the requester for what runs': {
    ...{ name: 'alice', errand: 'stepup', says: 'It waits for no proof any more.' },
    before: alreadyGranted,
  },
};

for (const [who, { name, errand, says, before }] of Object.entries(WRONGS))
  t.test(`${errand} is not begun by ${who}`, async (t) => {
    const page = await open();
    const token = page.link(name, errand);
    await before(page);
    page.grown();
    const started = page.room.sandbox.runs.length;
    for (const act of ACTS[errand]) t.equal(await page.begin(token, act), says, act);
    t.strictSame(page.grown(), []);
    t.equal(page.room.sandbox.runs.length, started);
  });

for (const [who, { name, errand, says, before }] of Object.entries(WRONGS))
  t.test(`${errand} that was begun does nothing any more for ${who}`, async (t) => {
    for (const act of ACTS[errand]) {
      const page = await open();
      const token = page.link(name, errand);
      const asked = await page.begin(token, act);
      if (typeof asked === 'string') {
        t.equal(asked, says, 'it could never be begun');
        continue;
      }
      await before(page);
      page.grown();
      const answer = page.passkeys[name].get(asked.options);
      t.equal(await page.finish(token, answer), says, act);
      t.strictSame(page.grown(), [], act);
    }
  });

t.test('whoever has no passkey is not asked for one', async (t) => {
  const page = await open();
  await page.room.ledger.append({ type: 'factor.removed', person: 'bob', by: 'alice' });
  page.grown();
  for (const act of ['approve', 'deny'])
    t.equal(await page.begin(page.link('bob', 'approval'), act), NO_PASSKEY);
  t.strictSame(page.grown(), []);
});

t.test('the passkey of somebody else signs nothing', async (t) => {
  for (const [name, errand, act, by] of [
    ['alice', 'stepup', 'prove', 'bob'],
    ['bob', 'approval', 'approve', 'alice'],
    ['bob', 'approval', 'approve', 'dave'],
    ['bob', 'approval', 'deny', 'dave'],
  ] as const) {
    const page = await open();
    t.equal(await page.give(page.link(name, errand), act, by), NOT_ACCEPTED);
    const why = 'that passkey is not one of this person';
    t.strictSame(page.grown(), [refused(page, name, errand, why)], `${act} by ${by}`);
  }
});

t.test('an answer to no question counts for nothing', async (t) => {
  const page = await open();
  const token = page.link('bob', 'approval');
  const why = 'an answer to no question, or a second one to the same';
  t.equal(await page.finish(token, {}), NOT_ACCEPTED);
  t.strictSame(page.grown(), [refused(page, 'bob', 'approval', why)]);
  const asked = await page.begin(token, 'approve');
  if (typeof asked === 'string') throw new Error(asked);
  const right = page.passkeys.bob.get(asked.options);
  t.equal(await page.finish(token, page.passkeys.dave.get(asked.options)), NOT_ACCEPTED);
  t.equal(await page.finish(token, right), NOT_ACCEPTED, 'a wrong answer is the one');
  t.strictSame(page.grown(), [
    refused(page, 'bob', 'approval', 'that passkey is not one of this person'),
    refused(page, 'bob', 'approval', why),
  ]);
});

t.test('an answer for one act is none for the other', async (t) => {
  for (const [first, second] of [
    ['deny', 'approve'],
    ['approve', 'deny'],
  ] as const) {
    const page = await open();
    const token = page.link('bob', 'approval');
    const asked = await page.begin(token, first);
    if (typeof asked === 'string') throw new Error(asked);
    await page.begin(token, second);
    t.equal(await page.finish(token, page.passkeys.bob.get(asked.options)), NOT_ACCEPTED);
    t.strictSame(
      page.grown().map(({ type }) => type),
      ['passkey.refused'],
    );
  }
});

t.test('no two questions are the same', async (t) => {
  const page = await open();
  const challenges = new Set<string>();
  for (let count = 0; count < 8; count++) {
    const asked = await page.begin(page.link('bob', 'approval'), 'approve');
    if (typeof asked === 'string') throw new Error(asked);
    challenges.add((asked.options as { readonly challenge: string }).challenge);
  }
  t.equal(challenges.size, 8);
});

t.test('a signature counts for the digest that it was made over', async (t) => {
  const page = await open();
  const token = page.link('bob', 'approval');
  const asked = await page.begin(token, 'approve');
  if (typeof asked === 'string') throw new Error(asked);
  const { requests } = page.room.desk;
  const find = requests.find;
  t.intercept(requests, 'find', {
    value(id: Parameters<typeof find>[0]) {
      const alive = find(id);
      return alive && { ...alive, request: { ...alive.request, digest: '0'.repeat(64) } };
    },
  });
  t.equal(await page.finish(token, page.passkeys.bob.get(asked.options)), NOT_ACCEPTED);
  const why = 'another request has its name now';
  t.strictSame(page.grown(), [refused(page, 'bob', 'approval', why)]);
});

const evidenceOf = (entry: object): Record<string, unknown> =>
  'evidence' in entry ? { ...(entry.evidence as object) } : {};

for (const [act, name, errand, entry] of [
  ['prove', 'alice', 'stepup', { type: 'stepup', person: 'alice', factor: 'webauthn' }],
  [
    'approve',
    'bob',
    'approval',
    {
      ...{ type: 'approval', factor: 'webauthn' },
      actor: { person: 'bob', account: '', device: '', identity: '', pinned: true },
    },
  ],
  ['deny', 'bob', 'approval', { type: 'denial', person: 'bob' }],
] as const)
  t.test(`what is proven by ${act} is on record, with its evidence`, async (t) => {
    const page = await open();
    const token = page.link(name, errand);
    const asked = await page.begin(token, act);
    if (typeof asked === 'string') throw new Error(asked);
    const answer = page.passkeys[name].get(asked.options);
    await page.finish(token, answer, `not now ${'x'.repeat(600)}`);
    const [first = {}, ...more] = page.grown();
    const { nonce, ...evidence } = evidenceOf(first);
    t.match(String(nonce), /^[\w-]{43}$/);
    const { response } = answer as { readonly response: Record<string, string> };
    t.strictSame(evidence, {
      ...{ kind: 'webauthn', credential: page.passkeys[name].id },
      clientData: response['clientDataJSON'],
      authenticatorData: response['authenticatorData'],
      signature: response['signature'],
    });
    const { id, digest } = page.request;
    t.strictSame({ ...first, evidence: 0 }, { ...entry, request: id, digest, evidence: 0 });
    t.strictSame(
      more,
      act === 'deny'
        ? [
            {
              ...{ type: 'closed', request: id, how: 'denied', by: 'bob' },
              because: `not now ${'x'.repeat(492)}`,
            },
          ]
        : [],
    );
  });

t.test('what comes too late is not said to have counted', async (t) => {
  for (const [act, kind] of [
    ['deny', 'denied'],
    ['approve', 'signed_off'],
  ] as const) {
    const page = await open();
    const { requests } = page.room.desk;
    const happen = requests.happen;
    t.intercept(requests, 'happen', {
      async value(...given: Parameters<typeof happen>) {
        if (given[1].kind === kind)
          await happen(given[0], { kind: 'cancelled', actor: page.request.frozen.actor });
        return happen(...given);
      },
    });
    const said = await page.give(page.link('bob', 'approval'), act, 'bob');
    const entry = page.room.ledger.written.length - 1;
    t.equal(
      said,
      `It was too late for that. alice withdrew it. Nothing was run. It stands in the log as entry ${entry}.`,
    );
    t.strictSame(
      page.grown().map(({ type }) => type),
      act === 'deny' ? ['denial', 'closed'] : ['closed'],
    );
  }
});

t.test('what is typed to enrol and does not count is on record', async (t) => {
  const page = await open();
  await page.room.ledger.append({ type: 'factor.removed', person: 'bob', by: 'alice' });
  page.grown();
  for (const [typed, says] of [
    ['', 'Your first passkey needs a one-time code or a ticket.'],
    ['000000', 'You have no one-time codes yet. Set them up: !enrol in our direct room.'],
    [
      'NOSUCHTICKETATALL0000000',
      'That is neither a one-time code nor a ticket of yours that is still good.',
    ],
  ] as const) {
    t.equal(await page.begin(page.link('bob', 'enrolment'), 'enrol', typed), says);
    t.strictSame(page.grown(), [refused(page, 'bob', 'enrolment', `enrolling: ${says}`)]);
  }
  t.equal(page.room.desk.standing.passkeysOf('bob').length, 0);
});

t.test('what the holder of a link is shown ends with what its person may know', async (t) => {
  const page = await open();
  const [bobs, alices] = [page.link('bob', 'approval'), page.link('alice', 'stepup')];
  const said = (token: string) => {
    const sight = page.room.ceremonies.look(token);
    return sight.kind === 'told' ? sight.said : sight.kind;
  };
  t.strictSame([said(bobs), said(alices)], ['request', 'request']);
  t.equal(said(page.link('alice', 'approval')), 'Your own request needs somebody else.');
  await page.give(page.link('bob', 'approval'), 'approve', 'bob');
  t.equal(said(bobs), '✓ Your passkey was accepted. It still needs alice: a passkey.');
  t.equal(said(page.link('dave', 'approval')), 'request', 'another one is asked still');
  await page.give(page.link('alice', 'stepup'), 'prove', 'alice');
  t.equal(said(alices), 'It is running.');
  page.room.changePolicy('  bob: ', '  bobby: ');
  t.equal(said(bobs), 'unknown');
  t.equal(said(page.link('bob', 'enrolment')), 'unknown');
});

t.test('a proof that was given is not asked for again, a weaker one is', async (t) => {
  const page = await open();
  const look = (name: Name, errand: Errand) => page.room.ceremonies.look(page.link(name, errand));
  await page.happen({ kind: 'proven', factor: 'totp' });
  t.equal(look('alice', 'stepup').kind, 'request');
  await page.give(page.link('alice', 'stepup'), 'prove', 'alice');
  const sight = look('alice', 'stepup');
  t.equal(
    sight.kind === 'told' && sight.said,
    '✓ Your passkey was accepted. It still needs 1 sign-off from dba with a passkey (not alice).',
  );
  const actor = { ...page.request.frozen.actor, person: 'bob' };
  const signOff = { actor, factor: undefined, evidence: undefined };
  await page.happen({ kind: 'signed_off', signOff });
  t.equal(look('bob', 'approval').kind, 'request', 'a sign-off without a passkey is not one with');
});
