/** A few single steps, for reading; every life that there is: test/model/exhaustive.ts. */
import t from 'tap';
import type { Decision } from '../../src/policy/decision.ts';
import type { Happening, State } from '../../src/request/life.ts';
import { advance } from '../../src/request/machine.ts';
import { actorOf, type Name } from '../model/fixtures/scenarios.ts';
import { ASKED_AT, request } from '../support/requests.ts';

const PENDING: Decision = { kind: 'pending', missing: [], trace: [] };
const ALLOW: Decision = { kind: 'allow', trace: [], despite: undefined };
const at = (now: number, decision: Decision = PENDING) => ({ now, decide: () => decision });

const signOff = (by: Name, factor: 'totp' | 'webauthn' | undefined): Happening => ({
  kind: 'signed_off',
  signOff: { actor: actorOf(by), factor, evidence: undefined },
});
const waiting = (...signOffs: (readonly [Name, 'totp' | undefined])[]): State => ({
  kind: 'waiting',
  gathered: {
    factor: undefined,
    signOffs: signOffs.map(([by, factor]) => ({ actor: actorOf(by), factor, evidence: undefined })),
  },
  missing: [],
});

t.test('a sign-off', async (t) => {
  for (const [given, happening, holds, sentence] of [
    [[], signOff('bob', undefined), [['bob', undefined]], 'is recorded before it counts'],
    [
      [['bob', undefined]],
      signOff('bob', 'totp'),
      [['bob', 'totp']],
      'gives way to a stronger one',
    ],
    [[['bob', 'totp']], signOff('bob', undefined), undefined, 'does not give way to a weaker one'],
    [[], signOff('alice', undefined), undefined, 'of the requester is none'],
  ] as const) {
    const before = waiting(...given);
    const { state, effects } = advance(request(), before, happening, at(ASKED_AT));
    if (holds === undefined) {
      t.equal(state, before, sentence);
      continue;
    }
    const kept = state.kind === 'waiting' ? state.gathered.signOffs : [];
    t.strictSame(
      kept.map(({ actor, factor }) => [actor.person, factor]),
      holds,
      sentence,
    );
    t.hasStrict(effects, [{ kind: 'record', entries: [{ type: 'approval' }] }], sentence);
  }
});

t.test('an answer to the check that comes after the time is up starts nothing', async (t) => {
  const { expiresAt } = request().frozen;
  const gathered = { factor: undefined, signOffs: [] };
  const state = { kind: 'checking', gathered, isGranted: false, untilAt: expiresAt } as const;
  const checked = { kind: 'checked', changes: [] } as const;
  t.hasStrict(advance(request(), state, checked, at(expiresAt - 1, ALLOW)).state, {
    kind: 'intending',
  });
  t.hasStrict(advance(request(), state, checked, at(expiresAt, ALLOW)).state, {
    kind: 'closing',
    closing: { kind: 'expired' },
  });
});

t.test('what is taken up after its time is closed, whatever was given', async (t) => {
  const { expiresAt } = request().frozen;
  const gathered = { factor: undefined, signOffs: [] };
  const resumed = { kind: 'resumed', gathered, grantedAt: undefined } as const;
  t.hasStrict(advance(request(), { kind: 'new' }, resumed, at(expiresAt, ALLOW)).state, {
    closing: { kind: 'expired' },
  });
});
