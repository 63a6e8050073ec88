/**
 * Every state of a request and everything that can happen in it: what follows, whole, or nothing. A pair
 * that is not in the table moves nothing, whatever the policy says.
 */
import t from 'tap';
import type { EntryBody } from '../../src/audit/body.ts';
import type { Decision } from '../../src/policy/decision.ts';
import type {
  Effect,
  Ending,
  Gathered,
  Happening,
  Next,
  SignOff,
  State,
} from '../../src/request/life.ts';
import { advance } from '../../src/request/machine.ts';
import type { Request } from '../../src/request/request.ts';
import { actorOf, type Name } from '../model/fixtures/scenarios.ts';
import { ASKED_AT, request } from '../support/requests.ts';

const ASKED = request();
const BY_HAND = request({ startWithinMs: 60_000 });
const NOW = ASKED_AT + 1000;
const { expiresAt } = ASKED.frozen;

const PENDING: Decision = {
  ...{ kind: 'pending', trace: [] },
  missing: [{ kind: 'step_up', factor: 'totp' }],
};
const ALLOW: Decision = { kind: 'allow', trace: [], despite: undefined };
const DENY: Decision = { kind: 'deny', because: 'freeze', trace: [] };

const signOff = (by: Name): SignOff => ({
  ...{ actor: actorOf(by), factor: undefined, evidence: undefined },
});
const GIVEN: Gathered = { factor: undefined, signOffs: [signOff('bob')] };
const PROGRESS = { tail: ['one'], lines: 1, bytes: 3 };
const ENDING: Ending = {
  ...{ outcome: { kind: 'exited', exit: 0 }, ms: 5, progress: PROGRESS },
  ...{ sha256: 'a'.repeat(64), cut: undefined },
};

const STATES = {
  new: { kind: 'new' },
  waiting: { kind: 'waiting', gathered: GIVEN, missing: [] },
  granted: { kind: 'granted', gathered: GIVEN, untilAt: expiresAt },
  checking: { kind: 'checking', gathered: GIVEN, isGranted: false, untilAt: expiresAt },
  intending: { kind: 'intending', gathered: GIVEN },
  running: {
    ...{ kind: 'running', gathered: GIVEN, sinceAt: NOW, progress: PROGRESS, stopping: false },
  },
  ending: { kind: 'ending', ending: ENDING },
  ended: { kind: 'ended', ending: ENDING, entry: 7 },
  closing: { kind: 'closing', closing: { kind: 'withdrawn' } },
  closed: { kind: 'closed', closing: { kind: 'withdrawn' }, entry: 7 },
} as const satisfies Record<State['kind'], State>;

const HAPPENINGS = {
  asked: { kind: 'asked' },
  resumed: { kind: 'resumed', gathered: GIVEN, grantedAt: undefined },
  'a proof': { kind: 'proven', factor: 'webauthn' },
  'a sign-off': { kind: 'signed_off', signOff: signOff('carol') },
  'a sign-off of the requester': { kind: 'signed_off', signOff: signOff('alice') },
  'a sign-off taken back': { kind: 'sign_off_withdrawn', actor: actorOf('bob') },
  'a sign-off taken back that was not given': {
    kind: 'sign_off_withdrawn',
    actor: actorOf('dave'),
  },
  'a denial': { kind: 'denied', actor: actorOf('bob'), reason: 'not now' },
  'cancelled by the requester': { kind: 'cancelled', actor: actorOf('alice') },
  'cancelled by somebody else': { kind: 'cancelled', actor: actorOf('bob') },
  'begun by the requester': { kind: 'begun', actor: actorOf('alice') },
  'begun by somebody else': { kind: 'begun', actor: actorOf('bob') },
  'a tick': { kind: 'ticked' },
  'a change': { kind: 'changed', what: 'all was frozen' },
  'nothing changed': { kind: 'checked', changes: [] },
  'something changed': { kind: 'checked', changes: ['a file is gone'] },
  recorded: { kind: 'recorded', entry: 9 },
  output: { kind: 'output', progress: PROGRESS },
  'the end': { kind: 'run_ended', ending: ENDING },
} as const satisfies Record<string, Happening>;
type Happened = keyof typeof HAPPENINGS;

const at = (now: number, decision: Decision = PENDING) => ({ now, decide: () => decision });
const record = (...entries: readonly EntryBody[]): Effect => ({ kind: 'record', entries });
const show = (final: boolean): Effect => ({ kind: 'show', final });

const heard = (decision: 'allow' | 'deny' | 'pending', more: object): EntryBody =>
  ({
    ...{ type: 'request', request: ASKED.id, digest: ASKED.digest, frozen: ASKED.frozen },
    ...{ thread: ASKED.thread, decision, ...more },
  }) as EntryBody;
const closing = (state: State & { readonly kind: 'closing' }, more: object): Next => ({
  state,
  effects: [
    record({ type: 'closed', request: ASKED.id, how: state.closing.kind, ...more } as EntryBody),
  ],
});
const START: EntryBody = {
  ...{ type: 'start', request: ASKED.id, digest: ASKED.digest, argv: ASKED.frozen.argv },
};
const GRANTED: EntryBody = { type: 'granted', request: ASKED.id, approvals: ['bob'] };

const denied = closing(
  { kind: 'closing', closing: { kind: 'denied', by: 'bob', reason: 'not now' } },
  { by: 'bob', because: 'not now' },
);
const withdrawn = closing({ kind: 'closing', closing: { kind: 'withdrawn' } }, {});
const expired = closing({ kind: 'closing', closing: { kind: 'expired' } }, {});
const voided = (change: string): Next =>
  closing(
    { kind: 'closing', closing: { kind: 'voided', changes: [change] } },
    { changes: [change] },
  );
const refused = closing(
  { kind: 'closing', closing: { kind: 'refused', decision: DENY } },
  { because: 'freeze' },
);
const waiting = (gathered: Gathered): State => ({
  ...{ kind: 'waiting', gathered, missing: PENDING.kind === 'pending' ? PENDING.missing : [] },
});
const takenBack: Next = {
  state: { kind: 'waiting', gathered: { ...GIVEN, signOffs: [] }, missing: [] },
  effects: [record({ type: 'approval.withdrawn', request: ASKED.id, actor: actorOf('bob') })],
};
const stopped = (by: Name): Next => ({
  state: { ...STATES.running, stopping: true },
  effects: [
    { kind: 'stop', by },
    record({ type: 'cancel', request: ASKED.id, actor: actorOf(by) }),
  ],
});

/** What moves while something is missing. */
const MOVES: Readonly<Record<State['kind'], Partial<Record<Happened, Next>>>> = {
  new: {
    asked: {
      state: waiting({ factor: undefined, signOffs: [] }),
      effects: [record(heard('pending', { missing: ['totp'] }))],
    },
    resumed: { state: waiting(GIVEN), effects: [show(false)] },
  },
  waiting: {
    'a proof': { state: waiting({ ...GIVEN, factor: 'webauthn' }), effects: [show(false)] },
    'a sign-off': {
      state: {
        ...STATES.waiting,
        gathered: { ...GIVEN, signOffs: [signOff('bob'), signOff('carol')] },
      },
      effects: [
        record({
          ...{ type: 'approval', request: ASKED.id, digest: ASKED.digest, actor: actorOf('carol') },
        }),
      ],
    },
    'a sign-off taken back': takenBack,
    'a denial': denied,
    'cancelled by the requester': withdrawn,
    'a change': voided('all was frozen'),
    recorded: { state: waiting(GIVEN), effects: [show(false)] },
  },
  granted: {
    'a sign-off taken back': takenBack,
    'a denial': denied,
    'cancelled by the requester': withdrawn,
    'begun by the requester': {
      state: { ...STATES.checking, isGranted: true },
      effects: [{ kind: 'check' }],
    },
    'a change': voided('all was frozen'),
    recorded: { state: STATES.granted, effects: [show(false)] },
  },
  checking: {
    'nothing changed': { state: waiting(GIVEN), effects: [show(false)] },
    'something changed': voided('a file is gone'),
    'a sign-off taken back': takenBack,
    'a denial': denied,
    'cancelled by the requester': withdrawn,
    'a change': voided('all was frozen'),
  },
  intending: {
    recorded: {
      state: {
        ...{ kind: 'running', gathered: GIVEN, sinceAt: NOW, stopping: false },
        progress: { tail: [], lines: 0, bytes: 0 },
      },
      effects: [{ kind: 'run' }],
    },
  },
  running: {
    'cancelled by the requester': stopped('alice'),
    'cancelled by somebody else': stopped('bob'),
    output: { state: STATES.running, effects: [show(false)] },
    'the end': {
      state: STATES.ending,
      effects: [
        record({
          ...{ type: 'end', request: ASKED.id, outcome: 'exited', exit: 0, ms: 5 },
          ...{ bytes: 3, lines: 1, sha256: 'a'.repeat(64) },
        }),
      ],
    },
  },
  ending: { recorded: { state: { ...STATES.ended, entry: 9 }, effects: [show(true)] } },
  ended: {},
  closing: { recorded: { state: { ...STATES.closed, entry: 9 }, effects: [show(true)] } },
  closed: {},
};

for (const [kind, state] of Object.entries(STATES))
  t.test(`${kind}: what moves it, and nothing else`, async (t) => {
    const moves = MOVES[state.kind];
    for (const [name, happening] of Object.entries(HAPPENINGS)) {
      const next = advance(ASKED, state, happening, at(NOW));
      t.strictSame(next, moves[name as Happened] ?? { state, effects: [] }, name);
    }
  });

t.test(
  'past its time, a request ends with anything that happens to it before its start',
  async (t) => {
    for (const state of [STATES.waiting, STATES.granted, STATES.checking])
      for (const [name, happening] of Object.entries(HAPPENINGS)) {
        t.strictSame(advance(ASKED, state, happening, at(expiresAt)), expired, name);
        const last = advance(ASKED, state, { kind: 'ticked' }, at(expiresAt - 1));
        t.strictSame(last, { state, effects: [] }, 'the last moment is inside');
      }
  },
);

t.test('what is denied when it is asked for is on record, and closed', async (t) => {
  t.strictSame(advance(ASKED, STATES.new, HAPPENINGS.asked, at(NOW, DENY)), {
    state: { kind: 'closing', closing: { kind: 'refused', decision: DENY } },
    effects: [record(heard('deny', { because: 'freeze' }))],
  });
});

t.test('what is allowed at once starts, with its entry and its intent in one', async (t) => {
  t.strictSame(advance(ASKED, STATES.new, HAPPENINGS.asked, at(NOW, ALLOW)), {
    state: { kind: 'intending', gathered: { factor: undefined, signOffs: [] } },
    effects: [record(heard('allow', {}), START)],
  });
});

const advanceTo = (
  state: State,
  happening: Happening,
  decision: Decision,
  asked: Request = ASKED,
  now = NOW,
): Next => advance(asked, state, happening, at(now, decision));

t.test('what is allowed while it waits is looked at again, or waits to be started', async (t) => {
  const { recorded } = HAPPENINGS;
  t.strictSame(advanceTo(STATES.waiting, recorded, ALLOW), {
    ...{ state: STATES.checking, effects: [{ kind: 'check' }] },
  });
  t.strictSame(advanceTo(STATES.waiting, recorded, ALLOW, BY_HAND), {
    state: { kind: 'granted', gathered: GIVEN, untilAt: NOW + 60_000 },
    effects: [record({ type: 'granted', request: BY_HAND.id, approvals: ['bob'] })],
  });
  t.strictSame(advanceTo(STATES.waiting, recorded, DENY), refused);
});

t.test('what is as it was frozen starts, and what is not does not', async (t) => {
  const unchanged = HAPPENINGS['nothing changed'];
  t.strictSame(advanceTo(STATES.checking, unchanged, ALLOW), {
    state: { kind: 'intending', gathered: GIVEN },
    effects: [record(GRANTED, START)],
  });
  t.strictSame(
    advanceTo({ ...STATES.checking, isGranted: true }, unchanged, ALLOW),
    { state: { kind: 'intending', gathered: GIVEN }, effects: [record(START)] },
    'what was granted is not granted twice',
  );
  t.strictSame(advanceTo(STATES.checking, unchanged, DENY), refused);
  t.strictSame(
    advanceTo(STATES.checking, HAPPENINGS['something changed'], ALLOW),
    voided('a file is gone'),
  );
  t.strictSame(advanceTo(STATES.checking, unchanged, ALLOW, ASKED, expiresAt), expired);
});

t.test('a start says what it uses up, and opens a review where nobody signed off', async (t) => {
  const unchanged = HAPPENINGS['nothing changed'];
  const granted = { ...STATES.checking, isGranted: true };
  t.strictSame(advanceTo(granted, unchanged, { ...ALLOW, allowance: 'ALLO-W0' }).effects, [
    record({ ...START, allowance: 'ALLO-W0' } as EntryBody),
  ]);
  const urgent = request({ urgent: 'it burns' });
  t.strictSame(advanceTo(granted, unchanged, ALLOW, urgent).effects, [
    record({ ...START, request: urgent.id, digest: urgent.digest } as EntryBody, {
      type: 'review.opened',
      request: urgent.id,
      person: 'alice',
    }),
  ]);
});

t.test('an allowance is given, and nothing runs', async (t) => {
  const allowance = request({ kind: 'allowance', allowance: { times: 2, forMs: 1000 } });
  const next = advanceTo(STATES.checking, HAPPENINGS['nothing changed'], ALLOW, allowance);
  t.equal(next.state.kind, 'ending');
  t.strictSame(next.effects, [
    record(
      { type: 'granted', request: allowance.id, approvals: ['bob'] },
      {
        ...{ type: 'end', request: allowance.id, outcome: 'given' },
        ...{ ms: 0, bytes: 0, lines: 0, sha256: '' },
      },
    ),
  ]);
});

t.test('a restart gives nobody more time, whether it waits or is granted', async (t) => {
  const resumed = (grantedAt?: number): Happening => ({
    ...{ kind: 'resumed', gathered: GIVEN, grantedAt },
  });
  const granted: Next = {
    state: { kind: 'granted', gathered: GIVEN, untilAt: NOW + 60_000 },
    effects: [show(false)],
  };
  const after = (now: number, happening: Happening, asked = ASKED) =>
    advanceTo(STATES.new, happening, PENDING, asked, now);
  t.strictSame(after(NOW + 59_999, resumed(NOW), BY_HAND), granted);
  t.equal(after(NOW + 60_000, resumed(NOW), BY_HAND).state.kind, 'closing');
  t.strictSame(after(expiresAt - 1, resumed()), { state: waiting(GIVEN), effects: [show(false)] });
  t.strictSame(after(expiresAt, resumed()), expired);
  t.strictSame(
    after(expiresAt - 1, resumed(NOW)),
    { state: waiting(GIVEN), effects: [show(false)] },
    'what starts by itself is never granted for later',
  );
});

t.test('what is being stopped is not stopped twice', async (t) => {
  const stopping = { ...STATES.running, stopping: true };
  const again = advanceTo(stopping, HAPPENINGS['cancelled by somebody else'], PENDING);
  t.strictSame(again, { state: stopping, effects: [] });
});
