import fc from 'fast-check';
import t from 'tap';
import type { EntryBody } from '../../src/audit/body.ts';
import type { Entry } from '../../src/audit/entry.ts';
import { History, type Remembered } from '../../src/audit/history.ts';
import { renderBlocks } from '../../src/output/block.ts';
import { commandLine, isLong, renderCard, renderRemembered } from '../../src/output/card.ts';
import type { Decision, Missing } from '../../src/policy/decision.ts';
import { actorOf, closingEntry, requestEntry, startEntry } from '../../src/request/entries.ts';
import type {
  Closing,
  Ending,
  Gathered,
  Outcome,
  Progress,
  State,
} from '../../src/request/life.ts';
import type { Request } from '../../src/request/request.ts';
import { anyText, harmIn } from '../support/hostile-text.ts';
import { request, trusted } from '../support/requests.ts';

const REQUEST = request();
const ID = `request ${REQUEST.id}`;
const textOf = (state: State, of = REQUEST): string =>
  renderBlocks(renderCard(of, state, undefined)).text;

const ALLOW: Decision = { kind: 'allow', trace: [], despite: undefined };
const DENY: Decision = {
  kind: 'deny',
  because: 'role',
  trace: [{ check: 'role', holds: false, need: 'dba', have: 'ops' }],
};
const MISSING: readonly Missing[] = [
  { kind: 'step_up', factor: 'totp' },
  {
    kind: 'approvals',
    count: 1,
    quorum: { count: 1, roles: ['ops', 'dba'], stepUp: undefined },
  },
];
const PENDING: Decision = { kind: 'pending', missing: MISSING, trace: [] };
const NOTHING: Gathered = { factor: undefined, signOffs: [] };
const bob = { ...actorOf(trusted()), person: 'bob' };
const ALL: Gathered = {
  factor: 'totp',
  signOffs: [
    { actor: bob, factor: undefined, evidence: undefined },
    { actor: { ...bob, person: 'dan' }, factor: 'webauthn', evidence: undefined },
  ],
};
const closed = (closing: Closing): State => ({ kind: 'closed', closing, entry: 7 });
const progress = (...tail: readonly string[]): Progress => ({
  tail,
  lines: tail.length,
  bytes: 1,
});
const running = (change: Partial<State & { kind: 'running' }> = {}): State => ({
  ...{ kind: 'running', gathered: NOTHING, sinceAt: 0, progress: progress(), stopping: false },
  ...change,
});
const ending = (outcome: Outcome, change: Partial<Ending> = {}): Ending => ({
  ...{ outcome, ms: 12_345, progress: progress('one', 'two'), sha256: 'x', cut: undefined },
  ...change,
});
const ended = (outcome: Outcome, change: Partial<Ending> = {}): State => ({
  kind: 'ended',
  ending: ending(outcome, change),
  entry: 1284,
});

const PLAN = 'runs ["/opt/ops/deploy","web","1.2.3"] in sandbox, no network, at most 15 min';

/** Every state that a request can be in, and every way in which a run can end. */
const CARDS: Readonly<Record<string, readonly [State, string]>> = {
  'new': [{ kind: 'new' }, `… deploy web 1.2.3 · ${ID}`],
  'looked at again': [
    { kind: 'checking', gathered: NOTHING, isGranted: false, untilAt: 0 },
    `… deploy web 1.2.3 · ${ID}`,
  ],
  'about to run': [{ kind: 'intending', gathered: NOTHING }, `… deploy web 1.2.3 · ${ID}`],
  'about to be closed': [
    { kind: 'closing', closing: { kind: 'withdrawn' } },
    `… deploy web 1.2.3 · ${ID}`,
  ],
  refused: [
    closed({ kind: 'refused', decision: DENY }),
    `✗ deploy web 1.2.3 · ${ID}\nRefused. It is for dba; your roles are ops.\nentry 7`,
  ],
  denied: [
    closed({ kind: 'denied', by: 'bob', reason: 'not @room on a \x1b[1mFriday' }),
    `✗ deploy web 1.2.3 · ${ID}\nDenied by bob: not ＠room on a \\u{1b}[1mFriday\nentry 7`,
  ],
  'denied without a reason': [
    closed({ kind: 'denied', by: 'bob', reason: '' }),
    `✗ deploy web 1.2.3 · ${ID}\nDenied by bob.\nentry 7`,
  ],
  withdrawn: [closed({ kind: 'withdrawn' }), `✗ deploy web 1.2.3 · ${ID}\nWithdrawn.\nentry 7`],
  'too late': [
    closed({ kind: 'expired' }),
    `✗ deploy web 1.2.3 · ${ID}\nExpired: what was missing did not come in time.\nentry 7`,
  ],
  void: [
    closed({ kind: 'voided', changes: ['the program is another one', 'bob has left'] }),
    `✗ deploy web 1.2.3 · ${ID}\n` +
      'Void, because something changed: the program is another one; bob has left.\nentry 7',
  ],
  'waiting for everything': [
    { kind: 'waiting', gathered: NOTHING, missing: MISSING },
    `⏸ deploy web 1.2.3 · ${ID}\n${PLAN}\n` +
      'needs alice: a one-time code · 1 sign-off from ops or dba (not alice) · within 15 min',
  ],
  'waiting for the rest': [
    { kind: 'waiting', gathered: { ...NOTHING, factor: 'totp' }, missing: MISSING.slice(1) },
    `⏸ deploy web 1.2.3 · ${ID}\n${PLAN}\n` +
      'needs 1 sign-off from ops or dba (not alice) · within 15 min\n✓ alice: totp',
  ],
  granted: [
    { kind: 'granted', gathered: ALL, untilAt: 0 },
    `⏸ deploy web 1.2.3 · ${ID}\n${PLAN}\n` +
      '✓ alice: totp  ✓ bob: sign-off  ✓ dan: sign-off with webauthn → granted: ' +
      `alice may !start ${REQUEST.id}`,
  ],
  'running, with what was given for it': [
    running({ gathered: ALL }),
    `▶ deploy web 1.2.3 · ${ID}\n${PLAN}\n` +
      '✓ alice: totp  ✓ bob: sign-off  ✓ dan: sign-off with webauthn → running',
  ],
  'running, silent': [running(), `▶ deploy web 1.2.3 · ${ID}\n${PLAN}`],
  'running, with output': [
    running({ progress: progress('one', 'two') }),
    `▶ deploy web 1.2.3 · ${ID}\n${PLAN}\n│ one\n│ two`,
  ],
  'running, with more output than is shown': [
    running({ progress: { tail: ['two', 'three'], lines: 3, bytes: 9 } }),
    `▶ deploy web 1.2.3 · ${ID}\n${PLAN}\n… 1 line above\n│ two\n│ three`,
  ],
  'being stopped': [running({ stopping: true }), `▶ deploy web 1.2.3 · ${ID} · stopping\n${PLAN}`],
  'about to be ended': [
    { kind: 'ending', ending: ending({ kind: 'exited', exit: 0 }) },
    `▶ deploy web 1.2.3 · ${ID}\n${PLAN}\n│ one\n│ two`,
  ],
  'ended well': [
    ended({ kind: 'exited', exit: 0 }),
    `✓ deploy web 1.2.3 · ${ID}\nexit 0 · in 12.3 s · 2 lines · entry 1284\n│ one\n│ two`,
  ],
  'ended badly': [
    ended({ kind: 'exited', exit: 3 }, { progress: progress() }),
    `✗ deploy web 1.2.3 · ${ID}\nexit 3 · in 12.3 s · 0 lines · entry 1284`,
  ],
  'out of time': [
    ended({ kind: 'timed_out' }, { progress: progress('one') }),
    `✗ deploy web 1.2.3 · ${ID}\nstopped: out of time · in 12.3 s · 1 line · entry 1284\n│ one`,
  ],
  cancelled: [
    ended({ kind: 'cancelled', by: 'bob' }),
    `✗ deploy web 1.2.3 · ${ID}\ncancelled by bob · in 12.3 s · 2 lines · entry 1284\n│ one\n│ two`,
  ],
  'stopped with the daemon': [
    ended({ kind: 'stopped' }, { progress: progress() }),
    `✗ deploy web 1.2.3 · ${ID}\nstopped: the daemon was shut down · in 12.3 s · 0 lines · entry 1284`,
  ],
  'not started': [
    ended({ kind: 'not_started', reason: 'no \x1b[31mbwrap\n@room' }, { progress: progress() }),
    `✗ deploy web 1.2.3 · ${ID}\nnot started: no \\u{1b}[31mbwrap⏎＠room · entry 1284`,
  ],
  'of unknown outcome': [
    ended({ kind: 'unknown' }, { progress: progress() }),
    `✗ deploy web 1.2.3 · ${ID}\n` +
      'outcome unknown: the daemon was interrupted; look before you run it again · entry 1284',
  ],
  'capped, with all that was kept attached': [
    ended(
      { kind: 'exited', exit: 0 },
      { cut: 'limit', progress: { tail: ['last'], lines: 9000, bytes: 1 } },
    ),
    `✓ deploy web 1.2.3 · ${ID}\n` +
      'exit 0 · in 12.3 s · 9000 lines · full output attached · output cut at the limit · entry 1284\n' +
      '… 8999 lines above\n│ last',
  ],
};

for (const [name, [state, text]] of Object.entries(CARDS))
  t.test(`the card of a request that is ${name}`, async (t) => t.equal(textOf(state), text));

t.test('an allowance and break-glass say what they are', async (t) => {
  const titleOf = (of: Request) => textOf({ kind: 'new' }, of).split(' · ')[0];
  const allowance = { times: 5, forMs: 2 * 3_600_000 };
  t.equal(
    titleOf(request({ kind: 'allowance', values: { service: 'web' }, allowance })),
    '… allow deploy service=web 5 times within 2 h',
  );
  const urgent = request({ urgent: 'the site\nis down @room' });
  t.equal(titleOf(urgent), '… deploy web 1.2.3 (break-glass)');
  t.match(textOf(running(), urgent), /\nbecause the site⏎is down ＠room$/);
  const given = textOf(ended({ kind: 'given' }, { progress: progress() }));
  t.equal(given, `✓ deploy web 1.2.3 · ${ID}\nallowed · entry 1284`);
});

t.test('the sandbox is told: whom it reaches, where it writes, how long it may take', async (t) => {
  const sandbox = {
    read: ['/etc/x'],
    write: ['/srv/a', '/srv/b'],
    network: [{ host: 'deploy.internal', port: 443 }],
  };
  t.match(
    textOf(running(), request({ sandbox })),
    / in sandbox, network deploy\.internal:443, writes \/srv\/a, \/srv\/b, at most 15 min$/,
  );
});

t.test('the last lines are shown, up to thirty of them', async (t) => {
  const tail = Array.from({ length: 40 }, (_, i) => `line ${i}`);
  const shown = textOf(running({ progress: { tail, lines: 500, bytes: 1 } })).split('\n');
  t.strictSame(shown.slice(2), ['… 470 lines above', ...tail.slice(10).map((each) => `│ ${each}`)]);
  t.ok(isLong({ tail, lines: 500, bytes: 1 }));
  t.ok(isLong(progress(...tail)));
  t.notOk(isLong(progress(...tail.slice(10))));
  t.notOk(isLong(progress()));
});

t.test('of one line without end, the end is shown, and all of it attached', async (t) => {
  const long = progress(`start${'x'.repeat(100_000)}end`);
  const text = textOf(running({ progress: long }));
  t.match(text, /\n│ x+end$/);
  t.notMatch(text, /start/);
  t.ok(isLong(long));
});

t.test(
  'whatever a person types and an action prints, the card fits into a message and says what counts',
  async (t) => {
    const nasty = ["'", '"', '<', '&', '\\', '世', '👍', 'é'].map((c) => c.repeat(4000));
    for (const value of nasty) {
      const wild = request({
        values: { a: value, b: value },
        argv: ['/x', value, value, value],
      });
      const tail = Array.from({ length: 40 }, () => value.slice(0, 400));
      const { text, html } = renderBlocks(
        renderCard(
          wild,
          ended({ kind: 'exited', exit: 0 }, { progress: progress(...tail) }),
          undefined,
        ),
      );
      t.match(text, /\nexit 0 · in 12\.3 s · 40 lines · full output attached · entry 1284\n/);
      t.notMatch(text, /a message does not hold it/);
      const live = renderBlocks(
        renderCard(wild, running({ progress: progress(...tail) }), undefined),
      );
      t.notMatch(live.text, /a message does not hold it/);
      t.match(live.text, / in sandbox, no network/);
      t.ok(text.isWellFormed() && html.isWellFormed());
      t.ok(JSON.stringify([text, html]).length < 24_000);
    }
  },
);

t.test('arguments that are too long to show say how much is missing', async (t) => {
  const long = request({ argv: ['/x', 'y'.repeat(20_000), 'the end'] });
  t.match(textOf(running(), long), /\["\/x","y+ \[…\d{5} characters left out…\] y+","the end"\]/);
});

t.test('nothing that a person types does harm in a card', async (t) => {
  fc.assert(
    fc.property(anyText, anyText, (a, b) => {
      const wild = request({
        values: { a: a.toWellFormed(), b: b.toWellFormed() },
        argv: ['/x', a.toWellFormed(), b.toWellFormed()],
      });
      const harm = harmIn(textOf(running(), wild), '\n') ?? harmIn(commandLine(wild.frozen), '');
      if (harm !== undefined) throw new Error(harm);
    }),
    { numRuns: 1000 },
  );
  t.pass();
});

function remembered(decision: Decision, ...more: readonly EntryBody[]): Remembered {
  const history = new History();
  for (const [seq, body] of [requestEntry(REQUEST, decision), ...more].entries())
    history.note({ v: 1, seq: seq + 40, ts: 't', boot: 'b', ...body } as Entry);
  const found = history.find(REQUEST.id);
  if (!found) throw new Error('forgotten');
  return found;
}
const end = (change: Partial<EntryBody & { type: 'end' }>): EntryBody => ({
  ...{ type: 'end', request: REQUEST.id, outcome: 'exited' },
  ...change,
});

t.test('what an earlier life of the daemon did not get to say is said from the log', async (t) => {
  const said = (of: Remembered): string => renderBlocks(renderRemembered(of)).text;
  const title = `deploy web 1.2.3 · ${ID}`;
  const started = startEntry(REQUEST);
  const lost = 'the output was lost when I was restarted · entry 42';
  t.equal(said(remembered(ALLOW, started, end({ exit: 0 }))), `✓ ${title}\nexit 0 · ${lost}`);
  t.equal(said(remembered(ALLOW, started, end({ exit: 2 }))), `✗ ${title}\nexit 2 · ${lost}`);
  t.equal(
    said(remembered(ALLOW, started, end({ outcome: 'unknown' }))),
    `✗ ${title}\noutcome unknown: the daemon was interrupted; look before you run it again · ${lost}`,
  );
  for (const outcome of ['timed_out', 'cancelled', 'stopped', 'not_started'] as const)
    t.match(said(remembered(ALLOW, started, end({ outcome }))), /^✗ .*\n.* · the output was lost/);
  t.equal(said(remembered(DENY)), `✗ ${title}\nNot run: refused (role) · entry 40`);
  t.equal(
    said(remembered(PENDING, closingEntry(REQUEST, { kind: 'expired' }))),
    `✗ ${title}\nNot run: expired · entry 41`,
  );
});
